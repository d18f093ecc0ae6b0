/* SPDX-License-Identifier: MIT */
/* fetch: an HTTP request and the CRC-32 of what comes back. The host waits; this says for what, and looks at it. */
#include <errno.h>
#include <stdlib.h>

#include "cobench/task.h"
#include "lib/reply.h"
#include "lib/url.h"

enum { URL, SIZE, DELAY, CHECK }; /* rows of params */

struct fetch {
    struct url url;
    enum reply_look look;
    uint64_t size;
};

static int fetch_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct fetch *fetch = malloc(sizeof *fetch);

    if (!fetch)
        return -ENOMEM;
    const int rc = url_fill(&fetch->url, how, URL, err);
    if (rc) {
        free(fetch);
        return rc;
    }
    fetch->look = reply_resolve(&how->values[CHECK], &how->values[URL]);
    fetch->size = (uint64_t)how->values[SIZE].number;
    *state = fetch;
    return 0;
}

static void fetch_close(void *state) { free(state); }

static int fetch_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                         struct cobench_error *err)
{
    const struct fetch *fetch = state;

    (void)worker;
    ask->ask = COBENCH_ASK_URL;
    return url_write(&fetch->url, job, ask->url, err);
}

static int fetch_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    const struct fetch *fetch = state;

    (void)worker;
    (void)job;
    return reply_check(fetch->look, fetch->size, reply, result, err);
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
    {.key = NULL},
};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_URL,
    .name = "fetch",
    .about = "fetch a URL and take the body's CRC-32",
    .default_jobs = 50,
    .params = params,
    .open = fetch_open,
    .close = fetch_close,
    .request = fetch_request,
    .run = fetch_run,
};
