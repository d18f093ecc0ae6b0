/* SPDX-License-Identifier: MIT */
/* The tests of host_loop.c on the loop that waits by io_uring. */
#define LOOP_PLUGIN "plugins/uring.so"
#include "tests/unit/host_loop.c"
