/* SPDX-License-Identifier: MIT */
/* Asks several times, so that the tests can see what a host makes of it: prepares by two URLs, those of jobs 1000 and 1001; then every
 * job asks for its own, waits a millisecond, and asks for that of the job before it (job 0 for its own alone). Jobs that have `fails`
 * as their number fail at their second step. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cobench/task.h"
#include "tasks/lib/url.h"

enum { URL, FAILS };

struct steps {
    struct url url;
    uint64_t fails, *sums; /* by job */
};

static int steps_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct steps *steps = calloc(1, sizeof *steps);
    if (!steps || !(steps->sums = calloc(how->jobs, sizeof *steps->sums)))
        abort();
    steps->fails = (uint64_t)how->values[FAILS].number;
    *state = steps;
    return url_fill(&steps->url, how, URL, err);
}

static void steps_close(void *state)
{
    free(((struct steps *)state)->sums);
    free(state);
}

static int steps_prepare(void *state, unsigned step, struct cobench_request *ask, struct cobench_error *err)
{
    struct steps *steps = state;
    if (step == 2)
        return 0;
    ask->ask = COBENCH_ASK_URL;
    return url_write(&steps->url, 1000 + step, ask->url, err);
}

static int steps_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                         struct cobench_error *err)
{
    struct steps *steps = state;
    (void)worker;
    ask->ask = COBENCH_ASK_URL;
    return url_write(&steps->url, job, ask->url, err);
}

static int steps_more(void *state, void *worker, uint64_t job, unsigned step, const struct cobench_reply *reply,
                      struct cobench_request *ask, struct cobench_error *err)
{
    struct steps *steps = state;
    (void)worker;
    if (job > 0 && step == 0 && reply) {
        steps->sums[job] = reply->body[0];
        ask->ask = COBENCH_ASK_DELAY;
        ask->delay_ns = 1000000;
    } else if (job > 0 && step == 1) {
        if (reply || job == steps->fails) {
            snprintf(err->type, sizeof err->type, "Planted");
            return -EPROTO;
        }
        ask->ask = COBENCH_ASK_URL;
        return url_write(&steps->url, job - 1, ask->url, err);
    }
    return 0;
}

static int steps_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    struct steps *steps = state;
    (void)worker, (void)err;
    if (!reply)
        return -EINVAL;
    *result = steps->sums[job] * 1000 + reply->body[0];
    return 0;
}

static const struct cobench_param steps_params[] = {
    [URL] = {.key = "url", .type = COBENCH_PARAM_URL, .about = "where to ask"},
    [FAILS] = {.key = "fails",
               .type = COBENCH_PARAM_INT,
               .fallback = "0",
               .min = 0,
               .max = 1000,
               .about = "the job; 0: none"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_URL,
    .name = "steps",
    .about = "a task that asks several times, for tests",
    .default_jobs = 4,
    .params = steps_params,
    .open = steps_open,
    .close = steps_close,
    .prepare = steps_prepare,
    .request = steps_request,
    .more = steps_more,
    .run = steps_run,
};
