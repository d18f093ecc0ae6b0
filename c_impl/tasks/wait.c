/* SPDX-License-Identifier: MIT */
/* `wait`: asks for a delay and computes nothing. The host does the waiting. */
#include "cobench/task.h"

#define NS_PER_MS INT64_C(1000000)

static int wait_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    *state = (void *)(uintptr_t)&how->values[0]; /* the values outlive `close` */
    return 0;
}

static int wait_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    (void)worker, (void)job, (void)err;
    const struct cobench_value *delay = state;
    ask->ask = COBENCH_ASK_DELAY;
    ask->delay_ns = delay->number * NS_PER_MS;
    return 0;
}

static int wait_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                    struct cobench_error *err)
{
    (void)state, (void)worker, (void)reply, (void)err;
    *result = job;
    return 0;
}

static const struct cobench_param wait_params[] = {
    {.key = "delay", .type = COBENCH_PARAM_INT, .fallback = "150", .min = 0, .max = 3600000,
     .about = "how long each job waits, in milliseconds"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_DELAY,
    .name = "wait",
    .about = "wait for a delay, compute nothing",
    .default_jobs = 50,
    .params = wait_params,
    .open = wait_open,
    .request = wait_request,
    .run = wait_run,
};
