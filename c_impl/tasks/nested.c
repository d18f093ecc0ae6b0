/* SPDX-License-Identifier: MIT */
/* nested: each job of the first half waits for one of the second half, as a job does that submits another to its own pool and waits for
 * it. All of the first half are in the queue before any of the second: a pool of fewer workers than that half has jobs has nobody
 * left to run what all of them wait for. */
#include <stdlib.h>

#include "cobench/task.h"
#include "tasks/lib/needs.h"
#include "tasks/lib/steps.h"

static int nested_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    return needs_open(how, sizeof(struct needs), 1, (uint64_t)how->values[0].number, state);
}

static int nested_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                          struct cobench_error *err)
{
    const struct needs *needs = state;
    const uint64_t half = needs->jobs / 2;
    (void)err;
    *(uint64_t *)worker = half + job;
    needs_ask(worker, job < half, ask);
    return 0;
}

static const struct cobench_param params[] = {STEPS_PARAM("1000"), {.key = NULL}};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_JOBS,
    .name = "nested",
    .about = "each job of the first half waits for one of the second: a pool inside a pool",
    .default_jobs = 16,
    .params = params,
    .open = nested_open,
    .close = free,
    .worker_open = needs_worker_open,
    .worker_close = needs_worker_close,
    .request = nested_request,
    .run = needs_run,
};
