/* SPDX-License-Identifier: MIT */
/* incr: a counter of a cache, one up. What it comes to depends on who else counts; the result is which counter it was. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tasks/lib/keys.h"

static const struct keys_kind kind = {"incr", "INCR",
                                      "for k = 0, ARGV[1] - 1 do redis.call('SET', ARGV[2] .. k, 0, 'EX', 86400) end"};

static int incr_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    return keys_open(&kind, (uint64_t)how->values[0].number, 1, state);
}

static int incr_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                    struct cobench_error *err)
{
    const struct keys *keys = state;
    (void)worker;
    if (reply->length == 0 || reply->body[0] < '1' || reply->body[0] > '9') {
        snprintf(err->type, sizeof err->type, "BadCount");
        snprintf(err->message, sizeof err->message, "counted up to '%.*s'",
                 (int)(reply->length < 99 ? reply->length : 99), reply->length ? (const char *)reply->body : "");
        return -EPROTO;
    }
    *result = job % keys->count;
    return 0;
}

static const struct cobench_param params[] = {KEYS_PARAM, {.key = NULL}};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_CACHE,
    .name = "incr",
    .about = "count one up in a cache",
    .default_jobs = 50,
    .params = params,
    .open = incr_open,
    .close = free,
    .prepare = keys_prepare,
    .worker_open = keys_worker_open,
    .worker_close = keys_worker_close,
    .request = keys_request,
    .run = incr_run,
};
