/* SPDX-License-Identifier: MIT */
/* fetch: an HTTP request and the CRC-32 of what comes back. The host waits; this says for what, and looks at it. */
#include <errno.h>
#include <stdlib.h>

#include "cobench/task.h"
#include "tasks/lib/web.h"

static int fetch_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct web *web = malloc(sizeof *web);

    if (!web)
        return -ENOMEM;
    const int rc = web_open(web, how, err);
    if (rc)
        free(web);
    else
        *state = web;
    return rc;
}

static void fetch_close(void *state) { free(state); }

static int fetch_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    (void)worker;
    (void)job;
    return web_verdict(state, reply, result, err);
}

static const struct cobench_param params[] = {WEB_PARAMS, {.key = NULL}};

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
    .request = web_request,
    .run = fetch_run,
};
