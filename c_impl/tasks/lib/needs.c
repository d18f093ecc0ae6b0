/* SPDX-License-Identifier: MIT */
#include "tasks/lib/needs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tasks/lib/steps.h"

int needs_open(const struct cobench_open *how, size_t size, size_t most, uint64_t steps, void **state)
{
    struct needs *needs = calloc(1, size);
    if (!needs)
        return -ENOMEM;
    *needs = (struct needs){.jobs = how->jobs, .steps = steps, .most = most};
    *state = needs;
    return 0;
}

int needs_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    const struct needs *needs = state;
    (void)flags, (void)err;
    *worker = calloc(needs->most + 1, sizeof(uint64_t)); /* calloc of nothing may give NULL */
    return *worker ? 0 : -ENOMEM;
}

void needs_worker_close(void *state, void *worker)
{
    (void)state;
    free(worker);
}

void needs_ask(void *worker, size_t count, struct cobench_request *ask)
{
    if (count == 0)
        return;
    ask->ask = COBENCH_ASK_JOBS;
    ask->jobs = worker;
    ask->job_count = count;
}

uint64_t needs_sum(uint64_t job, const struct cobench_reply *reply)
{
    uint64_t sum = job, result;
    for (size_t at = 0; reply && at < reply->length; at += sizeof result) {
        memcpy(&result, reply->body + at, sizeof result);
        sum += result;
    }
    return sum;
}

int needs_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
              struct cobench_error *err)
{
    const struct needs *needs = state;
    (void)worker, (void)err;
    *result = steps_take(needs_sum(job, reply), needs->steps);
    return 0;
}
