/* SPDX-License-Identifier: MIT */
/* Computes, and if it is told to, under one lock for all, as an extension with a global lock does: its jobs are begun side by side and done one
 * after the other. Job i's result is i, whatever was computed, so that the Python counterpart need not. */
#include <pthread.h>

#include "cobench/task.h"
#include "common/slots.h"

static int locked_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    *state = (void *)(uintptr_t)how->values; /* outlive `close` */
    return 0;
}

static int locked_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                      struct cobench_error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    const struct cobench_value *steps = state, *locks = steps + 1;
    uint64_t x = job;
    (void)worker, (void)reply, (void)err;
    if (locks->number)
        pthread_mutex_lock(&lock);
    for (int64_t i = 0; i < steps->number; i++)
        x = splitmix64(x);
    if (locks->number)
        pthread_mutex_unlock(&lock);
    __asm__ volatile("" : : "r"(x)); /* it counts as used */
    *result = job;
    return 0;
}

static const struct cobench_param locked_params[] = {
    {.key = "steps",
     .type = COBENCH_PARAM_INT,
     .fallback = "1000000",
     .min = 0,
     .max = 1000000000,
     .about = "how much one job computes"},
    {.key = "locks", .type = COBENCH_PARAM_INT, .fallback = "1", .min = 0, .max = 1, .about = "1: one job at a time"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "locked",
    .about = "a task that lets one job go on at a time, for tests",
    .default_jobs = 8,
    .params = locked_params,
    .open = locked_open,
    .run = locked_run,
};
