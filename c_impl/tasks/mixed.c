/* SPDX-License-Identifier: MIT */
/* mixed: `fetch`, then `count` of a given size: the knob between IO and CPU. */
#include <errno.h>
#include <stdlib.h>

#include "cobench/task.h"
#include "tasks/lib/count.h"
#include "tasks/lib/web.h"

enum { COUNT = WEB_ROWS }; /* the row of params behind those of lib/web.h */

struct mixed {
    struct web web; /* first, for web_request */
    uint64_t count;
};

static int mixed_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct mixed *mixed = malloc(sizeof *mixed);

    if (!mixed)
        return -ENOMEM;
    mixed->count = (uint64_t)how->values[COUNT].number;
    const int rc = web_open(&mixed->web, how, err);
    if (rc)
        free(mixed);
    else
        *state = mixed;
    return rc;
}

static void mixed_close(void *state) { free(state); }

static int mixed_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    const struct mixed *mixed = state;
    uint64_t fetched;

    (void)worker;
    (void)job;
    const int rc = web_verdict(&mixed->web, reply, &fetched, err);
    if (!rc)
        *result = (count_upto(mixed->count) << 32) + fetched;
    return rc;
}

static const struct cobench_param params[] = {
    WEB_PARAMS,
    [COUNT] = COUNT_PARAM,
    {.key = NULL},
};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_MIXED,
    .asks = COBENCH_ASK_URL,
    .name = "mixed",
    .about = "fetch a URL, then count: the knob between IO and CPU",
    .default_jobs = 50,
    .params = params,
    .open = mixed_open,
    .close = mixed_close,
    .request = web_request,
    .run = mixed_run,
};
