/* SPDX-License-Identifier: MIT */
/* mixed: `fetch`, then `count` of a given size: the knob between IO and CPU. */
#include <errno.h>
#include <stdlib.h>

#include "cobench/task.h"
#include "lib/count.h"
#include "lib/reply.h"
#include "lib/url.h"

enum { URL, SIZE, DELAY, CHECK, COUNT }; /* rows of params */

struct mixed {
    struct url url;
    enum reply_look look;
    uint64_t size, count;
};

static int mixed_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct mixed *mixed = malloc(sizeof *mixed);

    if (!mixed)
        return -ENOMEM;
    const int rc = url_fill(&mixed->url, how, URL, err);
    if (rc) {
        free(mixed);
        return rc;
    }
    mixed->look = reply_resolve(&how->values[CHECK], &how->values[URL]);
    mixed->size = (uint64_t)how->values[SIZE].number;
    mixed->count = (uint64_t)how->values[COUNT].number;
    *state = mixed;
    return 0;
}

static void mixed_close(void *state) { free(state); }

static int mixed_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                         struct cobench_error *err)
{
    const struct mixed *mixed = state;

    (void)worker;
    ask->ask = COBENCH_ASK_URL;
    return url_write(&mixed->url, job, ask->url, err);
}

static int mixed_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    const struct mixed *mixed = state;
    uint64_t fetched;

    (void)worker;
    (void)job;
    const int rc = reply_check(mixed->look, mixed->size, reply, &fetched, err);
    if (!rc)
        *result = (count_upto(mixed->count) << 32) + fetched;
    return rc;
}

static const struct cobench_param params[] = {
    [URL] = {.key = "url", .type = COBENCH_PARAM_URL, .about = "where to ask; {job}, {size} and {delay} are filled in"},
    [SIZE] = {.key = "size",
              .type = COBENCH_PARAM_INT,
              .fallback = "1024",
              .max = 16777216,
              .about = "length of the body in bytes"},
    [DELAY] = {.key = "delay",
               .type = COBENCH_PARAM_INT,
               .fallback = "150",
               .max = 3600000,
               .about = "how long the answer takes, in milliseconds"},
    [CHECK] = {.key = "check",
               .type = COBENCH_PARAM_CHOICE,
               .fallback = "auto",
               .choices = REPLY_CHOICES,
               .about = "what of the answer is checked; auto is crc where the url has {size}, else status"},
    [COUNT] = {.key = "count",
               .type = COBENCH_PARAM_INT,
               .fallback = "200000",
               .max = 4000000000,
               .about = "integers counted after each answer"},
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
    .request = mixed_request,
    .run = mixed_run,
};
