/* SPDX-License-Identifier: MIT */
/* The check of a reply; the counterpart in Python is py_impl/tasks/lib/web.py. */
#include "reply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum reply_look reply_resolve(const struct cobench_value *check, const struct cobench_value *url)
{
    const enum reply_look look = (enum reply_look)check->number;

    if (look != REPLY_AUTO)
        return look;
    /* Where the server was told the length, it can be held to it. */
    return strstr(url->text, "{size}") ? REPLY_CRC : REPLY_STATUS;
}

int reply_check(enum reply_look look, uint64_t size, const struct cobench_reply *reply, uint64_t *result,
                struct cobench_error *err)
{
    if (reply->status != 200) {
        snprintf(err->type, sizeof err->type, "HttpStatus");
        snprintf(err->message, sizeof err->message, "status %d where 200 was expected", reply->status);
        return -EPROTO;
    }
    if (look == REPLY_STATUS) {
        *result = (uint64_t)reply->status;
        return 0;
    }
    if (reply->length != size) {
        snprintf(err->type, sizeof err->type, "BadLength");
        snprintf(err->message, sizeof err->message, "body of %zu bytes where %" PRIu64 " were expected", reply->length,
                 size);
        return -EPROTO;
    }
    *result = look == REPLY_CRC ? crc32_z(0, reply->body, reply->length) : reply->length;
    return 0;
}
