/* SPDX-License-Identifier: MIT */
/* A job that waits and computes nothing: `wait`, and tasks that do something else meanwhile. */
#ifndef TASKS_LIB_DELAY_H
#define TASKS_LIB_DELAY_H

#include "cobench/task.h"

/* The row of the parameter, in milliseconds. */
#define DELAY_PARAM(standard)                                                                      \
    {                                                                                              \
        .key = "delay", .type = COBENCH_PARAM_INT, .fallback = standard, .min = 0, .max = 3600000, \
        .about = "how long each job waits, in milliseconds"                                        \
    }

/* Asks the host to wait as long as the parameter says. */
void delay_ask(const struct cobench_value *delay, struct cobench_request *ask);

/* A task's `run`: the result is the job's number. */
int delay_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
              struct cobench_error *err);

#endif
