/* SPDX-License-Identifier: MIT */
/* `count`: pure integer arithmetic, the plainest CPU work. */
#include "cobench/task.h"
#include "tasks/lib/count.h"

static int count_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    *state = (void *)(uintptr_t)&how->values[0]; /* the values outlive `close` */
    return 0;
}

static int count_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    (void)worker, (void)job, (void)reply, (void)err;
    const struct cobench_value *size = state;
    *result = count_upto((uint64_t)size->number);
    return 0;
}

static const struct cobench_param count_params[] = {
    {.key = "size",
     .type = COBENCH_PARAM_INT,
     .fallback = "25000000",
     .min = 0,
     .max = INT64_C(4000000000),
     .about = "integers looked at, from 0 on"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "count",
    .about = "count the integers that pass a divisibility and a bit test",
    .default_jobs = 8,
    .params = count_params,
    .open = count_open,
    .run = count_run,
};
