/* SPDX-License-Identifier: MIT */
/* What one call of a user's function takes, found out before anything is planned. */
#ifndef HOST_PROBE_H
#define HOST_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "cobench/task.h"

struct probe {
    bool known; /* false: it did not come to an end within ten seconds, or not well */
    /* Of the second of two calls, its threads and children included, without what others had its CPU meanwhile. Of one that
     * waited for nothing the same. */
    int64_t wall_ns, cpu_ns;
    char error[448];  /* what went wrong in a call of a function; empty: nothing is known to have */
    char reason[320]; /* why the task does not open, which is when its Python module is imported; empty: it does */
};

/* Opens the task in a process of its own and calls it twice there. */
struct probe probe_task(const struct cobench_task *task);

#endif
