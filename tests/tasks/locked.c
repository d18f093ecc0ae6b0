/* SPDX-License-Identifier: MIT */
/* Computes, and does wrong what a task that computes can do wrong, if it is told to: `locks`, under one lock for all, as an
 * extension with a global lock does, so that its jobs are begun side by side and done one after the other; `hot`, the
 * same, but its workers burn their CPU at the lock's cache line until it is their turn; `sleep`, with so many
 * milliseconds of sleep in each job. Job i's result is i, whatever was computed, so that the Python counterpart need not. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

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
    static atomic_flag line = ATOMIC_FLAG_INIT;
    const struct cobench_value *steps = state, *locks = steps + 1, *hot = steps + 2, *sleep_ms = steps + 3;
    const struct timespec pause = {.tv_sec = sleep_ms->number / 1000, .tv_nsec = sleep_ms->number % 1000 * 1000000};
    uint64_t x = job;
    (void)worker, (void)reply, (void)err;
    if (locks->number)
        pthread_mutex_lock(&lock);
    while (hot->number && atomic_flag_test_and_set(&line)) {
    }
    for (int64_t i = 0; i < steps->number; i++)
        x = splitmix64(x);
    if (hot->number)
        atomic_flag_clear(&line);
    (void)nanosleep(&pause, NULL);
    if (locks->number)
        pthread_mutex_unlock(&lock);
    __asm__ volatile("" : : "r"(x)); /* it counts as used */
    *result = job;
    return 0;
}

static const struct cobench_param locked_params[] = {
    {.key = "steps", .type = COBENCH_PARAM_INT, .fallback = "1000000", .min = 0, .max = 1000000000, .about = "steps"},
    {.key = "locks", .type = COBENCH_PARAM_INT, .fallback = "1", .min = 0, .max = 1, .about = "1: one job at a time"},
    {.key = "hot", .type = COBENCH_PARAM_INT, .fallback = "0", .min = 0, .max = 1, .about = "1: the others spin"},
    {.key = "sleep", .type = COBENCH_PARAM_INT, .fallback = "0", .min = 0, .max = 1000, .about = "milliseconds a job"},
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
