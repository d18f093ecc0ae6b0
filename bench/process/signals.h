/* SPDX-License-Identifier: MIT */
/*
 * SIGINT, SIGTERM and SIGHUP: the first asks the driver to stop where it is and report what it has, the second ends it
 * at once (the supervisor then ends everything it started).
 */
#ifndef BENCH_PROCESS_SIGNALS_H
#define BENCH_PROCESS_SIGNALS_H

#include <stdint.h>

#include "bench/util/error.h"

/* Installs the handlers and ignores SIGPIPE and SIGXFSZ (their errnos say as much). From
 * here on the signals are blocked but while signals_wait waits. */
int signals_install(struct error *err);
/* The signal that asked to stop, or 0. */
int signals_asked(void);
/* Lets signals through from here on, so that a second one ends the driver. */
void signals_release(void);
/* Waits until `fd` can be read, at most `wait_ns` (negative: for ever). 0, -EAGAIN, or -EINTR when asked to stop. */
int signals_wait(int fd, int64_t wait_ns);

#endif
