/* SPDX-License-Identifier: MIT */
/*
 * pipeline: producers and consumers. Job j is item j / stages in stage j mod stages. A stage takes its items one by one and in order,
 * each when the stage before is done with it, and where it would be too far ahead of the stage behind waits until that has caught
 * up: what a bounded queue between the two does. The middle stage is the slowest, which no pipeline outruns.
 */
#include <errno.h>
#include <stdlib.h>

#include "cobench/task.h"
#include "tasks/lib/needs.h"
#include "tasks/lib/steps.h"

enum { STAGES, BOUND, DELAY, STEPS };

struct pipeline {
    struct needs needs;
    uint64_t stages, bound;
    int64_t delay_ns;
    uint64_t *sums; /* by job, from when what it needs is there until it has waited its delay */
};

static void pipeline_close(void *state)
{
    free(((struct pipeline *)state)->sums);
    free(state);
}

static int pipeline_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    const int rc = needs_open(how, sizeof(struct pipeline), 3, (uint64_t)how->values[STEPS].number, state);
    if (rc)
        return rc;
    struct pipeline *p = *state;
    p->stages = (uint64_t)how->values[STAGES].number;
    p->bound = (uint64_t)how->values[BOUND].number;
    p->delay_ns = how->values[DELAY].number * 1000;
    p->sums = calloc(how->jobs, sizeof *p->sums);
    if (p->sums)
        return 0;
    pipeline_close(p);
    return -ENOMEM;
}

/* What its stage takes. */
static void delay_ask(const struct pipeline *p, uint64_t job, struct cobench_request *ask)
{
    const int64_t ns = job % p->stages == p->stages / 2 ? p->delay_ns : p->delay_ns / 2;
    if (ns > 0) {
        ask->ask = COBENCH_ASK_DELAY;
        ask->delay_ns = ns;
    }
}

static int pipeline_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                            struct cobench_error *err)
{
    struct pipeline *p = state;
    uint64_t *jobs = worker;
    const uint64_t item = job / p->stages, stage = job % p->stages;
    size_t count = 0;
    (void)err;
    if (stage > 0)
        jobs[count++] = job - 1;
    if (item > 0)
        jobs[count++] = job - p->stages;
    if (stage + 1 < p->stages && item >= p->bound)
        jobs[count++] = (item - p->bound) * p->stages + stage + 1;
    p->sums[job] = job;
    needs_ask(jobs, count, ask);
    if (count == 0)
        delay_ask(p, job, ask);
    return 0;
}

static int pipeline_more(void *state, void *worker, uint64_t job, unsigned step, const struct cobench_reply *reply,
                         struct cobench_request *ask, struct cobench_error *err)
{
    struct pipeline *p = state;
    (void)worker, (void)step, (void)err;
    if (reply) {
        p->sums[job] = needs_sum(job, reply);
        delay_ask(p, job, ask);
    }
    return 0;
}

static int pipeline_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                        struct cobench_error *err)
{
    const struct pipeline *p = state;
    (void)worker, (void)reply, (void)err;
    *result = steps_take(p->sums[job], p->needs.steps);
    return 0;
}

static const struct cobench_param params[] = {
    [STAGES] = {.key = "stages",
                .type = COBENCH_PARAM_INT,
                .fallback = "3",
                .min = 1,
                .max = 1000,
                .about = "how many stages each item passes; job j is item j / stages in stage j mod stages"},
    [BOUND] = {.key = "bound",
               .type = COBENCH_PARAM_INT,
               .fallback = "16",
               .min = 1,
               .max = 1000000,
               .about = "how many items a stage has begun, at most, that the next one has not done"},
    [DELAY] = {.key = "delay",
               .type = COBENCH_PARAM_INT,
               .fallback = "2000",
               .min = 0,
               .max = 3600000000,
               .about = "how long a job of the middle stage waits, in microseconds; of the others half of it"},
    [STEPS] = STEPS_PARAM("1000"),
    {.key = NULL},
};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_JOBS,
    .name = "pipeline",
    .about = "items through stages in order, a bounded number between two of them: producers and consumers",
    .default_jobs = 300,
    .params = params,
    .open = pipeline_open,
    .close = pipeline_close,
    .worker_open = needs_worker_open,
    .worker_close = needs_worker_close,
    .request = pipeline_request,
    .more = pipeline_more,
    .run = pipeline_run,
};
