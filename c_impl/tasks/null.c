/* SPDX-License-Identifier: MIT */
/* `null`: no work at all. */
#include "cobench/task.h"

static int null_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                    struct cobench_error *err)
{
    (void)state, (void)worker, (void)reply, (void)err;
    *result = job;
    return 0;
}

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_NONE,
    .asks = COBENCH_ASK_NOTHING,
    .name = "null",
    .about = "nothing: what is left is the model's own cost",
    .default_jobs = 8,
    .run = null_run,
};
