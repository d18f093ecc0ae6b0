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

static size_t null_payload(const struct cobench_open *how) { return (size_t)how->values[0].number; }

static const struct cobench_param null_params[] = {
    {.key = "payload",
     .type = COBENCH_PARAM_INT,
     .fallback = "0",
     .max = COBENCH_PAYLOAD_MAX,
     .about = "bytes that a job's message carries besides its number"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_NONE,
    .asks = COBENCH_ASK_NOTHING,
    .name = "null",
    .about = "nothing: what is left is the model's own cost",
    .default_jobs = 8,
    .params = null_params,
    .payload = null_payload,
    .run = null_run,
};
