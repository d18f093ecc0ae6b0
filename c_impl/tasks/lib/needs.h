/* SPDX-License-Identifier: MIT */
/*
 * What tasks share whose jobs need the results of other jobs. A job's own result is made from theirs, so that one that ran too
 * early has a wrong one: `steps` rounds of SplitMix64 on the sum of its number and of what it needs. The counterpart in Python is
 * py_impl/tasks/lib/needs.py.
 */
#ifndef TASKS_LIB_NEEDS_H
#define TASKS_LIB_NEEDS_H

#include "cobench/task.h"

/* A task's state, or what it begins with. */
struct needs {
    uint64_t jobs, steps;
    size_t most; /* as many as one job can need */
};

/* A state of `size` bytes, all zero behind its beginning; -ENOMEM. free() it. */
int needs_open(const struct cobench_open *how, size_t size, size_t most, uint64_t steps, void **state);

/* A task's functions of these names. A worker is room for the numbers of `most` jobs. */
int needs_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err);
void needs_worker_close(void *state, void *worker);
int needs_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
              struct cobench_error *err);

/* Asks for the first `count` of them; for nothing where that is 0. */
void needs_ask(void *worker, size_t count, struct cobench_request *ask);

/* The job's number and the results in the reply, if there is one, modulo 2^64. */
uint64_t needs_sum(uint64_t job, const struct cobench_reply *reply);

#endif
