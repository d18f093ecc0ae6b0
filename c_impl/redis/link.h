/* SPDX-License-Identifier: MIT */
/*
 * A connection to a Redis server, on hiredis: opened by URL, made again when it breaks, with the server's complaints as errors.
 * Commands are appended (redisAppendCommand on link->redis) and their replies read in order. One thread uses a link.
 */
#ifndef REDIS_LINK_H
#define REDIS_LINK_H

#include <hiredis/hiredis.h>
#include <stdatomic.h>
#include <stdint.h>

#include "cobench/task.h"

struct redis_link {
    redisContext *redis; /* NULL: broken, or not open */
    const char *url;     /* unix://[[USER]:PASSWORD@]PATH or redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] */
    const _Atomic uint32_t *over; /* not 0: nobody seeks a lost server any more; NULL: never */
};

/* 0; -EINVAL: no URL of a server. */
int link_check(const char *url, struct cobench_error *err);

/* Connects to a server that answers. 0; -EINVAL: no such URL; -ENOSYS: nobody answers there. */
int link_open(struct redis_link *link, struct cobench_error *err);
void link_close(struct redis_link *link);

/* The next reply, which freeReplyObject takes (also NULL). 0; -ECONNRESET: the connection broke, and is to be made again by
 * link_again; -ENOBUFS: the server is at its maxmemory; -EPROTO: it complains of anything else. */
int link_reply(struct redis_link *link, redisReply **out, struct cobench_error *err);
/* So many replies of which only the errors count. */
int link_replies(struct redis_link *link, unsigned count, struct cobench_error *err);

/* Seeks the server for up to ten seconds. 0, with nothing of what was appended before; -ETIMEDOUT: it did not come back. */
int link_again(struct redis_link *link, struct cobench_error *err);

/* The server's TIME less CLOCK_MONOTONIC in ns, by the shortest of eight exchanges, and how far that may be wrong. */
int link_clock(struct redis_link *link, int64_t *offset, int64_t *noise, struct cobench_error *err);

#endif
