/* SPDX-License-Identifier: MIT */
/* The kernel of `count`, shared with `mixed` and `lookup`. Pure; any thread. */
#ifndef TASKS_LIB_COUNT_H
#define TASKS_LIB_COUNT_H

#include <stdint.h>

#include "cobench/task.h"

/* Of a task that counts when it has its answer. */
#define COUNT_PARAM                                                                         \
    {                                                                                       \
        .key = "count", .type = COBENCH_PARAM_INT, .fallback = "200000", .max = 4000000000, \
        .about = "integers counted after each answer"                                       \
    }

/* How many k of 0..size-1 are divisible by 2, 3 or 5 and have ((k ^ 0x42) & 3) == 3. */
uint64_t count_upto(uint64_t size);

#endif
