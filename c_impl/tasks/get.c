/* SPDX-License-Identifier: MIT */
/* get: one value of a cache by its key, and the CRC-32 of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "tasks/lib/keys.h"

/* The value of key k is so many letters, beginning with the k-th. */
static const struct keys_kind kind = {
    "get", "GET",
    "local s = string.rep('abcdefghijklmnopqrstuvwxyz', ARGV[3] / 26 + 2) "
    "for k = 0, ARGV[1] - 1 do "
    "redis.call('SET', ARGV[2] .. k, s:sub(k % 26 + 1, k % 26 + ARGV[3]), 'EX', 86400) end"};

static int get_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    return keys_open(&kind, (uint64_t)how->values[0].number, (size_t)how->values[1].number, state);
}

static int get_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                   struct cobench_error *err)
{
    const struct keys *keys = state;
    (void)worker, (void)job;
    if (reply->status == 0) {
        snprintf(err->type, sizeof err->type, "NoSuchKey");
        snprintf(err->message, sizeof err->message, "the key is gone");
        return -ENOENT;
    }
    if (reply->length != keys->size) {
        snprintf(err->type, sizeof err->type, "BadLength");
        snprintf(err->message, sizeof err->message, "value of %zu bytes where %zu were expected", reply->length,
                 keys->size);
        return -EPROTO;
    }
    *result = crc32_z(0, reply->body, reply->length);
    return 0;
}

static const struct cobench_param params[] = {
    KEYS_PARAM,
    {"size", COBENCH_PARAM_INT, .fallback = "64", .min = 1, .max = 1048576, .about = "length of a value in bytes"},
    {.key = NULL}};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_CACHE,
    .name = "get",
    .about = "get a value from a cache by its key and take its CRC-32",
    .default_jobs = 50,
    .params = params,
    .open = get_open,
    .close = free,
    .prepare = keys_prepare,
    .worker_open = keys_worker_open,
    .worker_close = keys_worker_close,
    .request = keys_request,
    .run = get_run,
};
