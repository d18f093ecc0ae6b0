/* SPDX-License-Identifier: MIT */
/* Work of a known size that no compiler can shorten: rounds of SplitMix64, each on the last one's outcome. The counterpart in Python is
 * py_impl/tasks/lib/steps.py. */
#ifndef TASKS_LIB_STEPS_H
#define TASKS_LIB_STEPS_H

#include "cobench/task.h"

/* The row of the parameter. */
#define STEPS_PARAM(standard)                                                                         \
    {                                                                                                 \
        .key = "steps", .type = COBENCH_PARAM_INT, .fallback = standard, .min = 0, .max = 1000000000, \
        .about = "rounds of SplitMix64 that each job computes, a few ns each in C"                    \
    }

/* What becomes of `value` after so many. */
uint64_t steps_take(uint64_t value, uint64_t steps);

#endif
