/* SPDX-License-Identifier: MIT */
/* `wait`: asks for a delay and computes nothing. The host does the waiting. */
#include "cobench/task.h"
#include "tasks/lib/delay.h"

static int wait_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    *state = (void *)(uintptr_t)&how->values[0]; /* the values outlive `close` */
    return 0;
}

static int wait_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    (void)worker, (void)job, (void)err;
    delay_ask(state, ask);
    return 0;
}

static const struct cobench_param wait_params[] = {
    DELAY_PARAM("150"),
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
    .run = delay_run,
};
