/* SPDX-License-Identifier: MIT */
/* A connection to a Redis server. */
#include "dispensers/redis_link.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/num.h"
#include "host/error.h"

#define PORT        6379
#define PATIENCE_NS (10 * NS_PER_S) /* until a server that was lost is given up, and one that does not answer is lost */

static const struct timeval connect_time = {.tv_sec = 1}, /* and of the first reply */
    reply_time = {.tv_sec = PATIENCE_NS / NS_PER_S};

/* A URL as it may be said: what stands behind a user and a password. */
static const char *server_of(const char *url)
{
    const char *at = strrchr(url, '@');
    return at ? at + 1 : url;
}

/* USER:PASSWORD@ of a URL is the first that the server is told. Returns how many commands that is. */
static unsigned append_login(const struct redis_link *link)
{
    const char *start = strstr(link->url, "://"), *at = strrchr(link->url, '@');
    const char *user = start ? start + 3 : link->url, *colon = at ? memchr(user, ':', (size_t)(at - user)) : NULL;
    if (!colon)
        return 0;
    if (colon == user)
        redisAppendCommand(link->redis, "AUTH %b", colon + 1, (size_t)(at - colon - 1));
    else
        redisAppendCommand(link->redis, "AUTH %b %b", user, (size_t)(colon - user), colon + 1,
                           (size_t)(at - colon - 1));
    return 1;
}

/* HOST[:PORT][/] of a URL. */
static int address_parse(const char *url, char *host, size_t size, int *port, struct cobench_error *err)
{
    const char *at = strncmp(url, "redis://", 8) == 0 ? server_of(url + 8) : "";
    const size_t span = strcspn(at, "/"), length = span && strchr(at, ':') ? strcspn(at, ":") : span;
    char digits[8] = "";
    int64_t number = PORT;
    if (length < span)
        snprintf(digits, sizeof digits, "%.*s", (int)(span - length - 1), at + length + 1);
    if (length == 0 || length >= size || (at[span] && at[span + 1]) ||
        (digits[0] && num_parse_i64(digits, 1, 65535, &number)))
        return error_fill(err, -EINVAL,
                          "'%.120s' is no server: unix://PATH or redis://[[USER]:PASSWORD@]HOST[:PORT], without a "
                          "database",
                          server_of(url));
    snprintf(host, size, "%.*s", (int)length, at);
    *port = (int)number;
    return 0;
}

/* One attempt: connected, and the server answers. */
static int link_try(struct redis_link *link, struct cobench_error *err)
{
    char host[256];
    int port = 0, rc = 0;
    if (strncmp(link->url, "unix://", 7) == 0) {
        link->redis = redisConnectUnixWithTimeout(server_of(link->url + 7), connect_time);
    } else {
        rc = address_parse(link->url, host, sizeof host, &port, err);
        if (rc)
            return rc;
        link->redis = redisConnectWithTimeout(host, port, connect_time);
    }
    if (!link->redis)
        return error_fill(err, -ENOMEM, "out of memory");
    if (link->redis->err || redisSetTimeout(link->redis, connect_time) != REDIS_OK) {
        error_fill(err, 0, "%s", link->redis->errstr);
        link_close(link);
        return -ECONNRESET;
    }
    const unsigned login = append_login(link);
    redisAppendCommand(link->redis, "PING");
    rc = link_replies(link, login + 1, err);
    if (rc == 0)
        (void)redisSetTimeout(link->redis, reply_time); /* as above: it does not fail */
    return rc;
}

int link_open(struct redis_link *link, struct cobench_error *err)
{
    struct cobench_error why = {.message = ""};
    const int rc = link_try(link, &why);
    if (rc == 0)
        return 0;
    link_close(link);
    if (rc != -ECONNRESET) {
        *err = why;
        return rc;
    }
    return error_fill(err, -ENOSYS, "no Redis server answers at %.120s: %.100s", server_of(link->url), why.message);
}

void link_close(struct redis_link *link)
{
    if (link->redis)
        redisFree(link->redis);
    link->redis = NULL;
}

/* What a server says that cannot do it. While it loads its file, it is as good as away. */
static int complaint(const struct redis_link *link, const char *text, struct cobench_error *err)
{
    if (strncmp(text, "LOADING", 7) == 0)
        return error_fill(err, -ECONNRESET, "%.100s", text);
    const bool full = strncmp(text, "OOM", 3) == 0;
    snprintf(err->type, sizeof err->type, full ? "BrokerFull" : "BrokerError");
    return error_fill(err, full ? -ENOBUFS : -EPROTO, "%s at %.100s says: %.150s",
                      full ? "Redis is full (maxmemory): the server" : "the Redis server", server_of(link->url), text);
}

int link_reply(struct redis_link *link, redisReply **out, struct cobench_error *err)
{
    void *reply = NULL;
    *out = NULL;
    if (!link->redis || redisGetReply(link->redis, &reply) != REDIS_OK) {
        error_fill(err, 0, "%s", link->redis ? link->redis->errstr : "the connection was lost");
        link_close(link);
        return -ECONNRESET;
    }
    *out = reply;
    if ((*out)->type != REDIS_REPLY_ERROR)
        return 0;
    const int rc = complaint(link, (*out)->str, err);
    freeReplyObject(*out);
    *out = NULL;
    if (rc == -ECONNRESET)
        link_close(link);
    return rc;
}

int link_replies(struct redis_link *link, unsigned count, struct cobench_error *err)
{
    int rc = 0;
    for (; rc == 0 && count > 0; count--) {
        redisReply *reply;
        rc = link_reply(link, &reply, err);
        freeReplyObject(reply);
    }
    return rc;
}

int link_again(struct redis_link *link, struct cobench_error *err)
{
    const int64_t until = clock_now_ns() + PATIENCE_NS;
    int rc;
    do {
        link_close(link);
        rc = link_try(link, err);
        if (rc != -ECONNRESET)
            return rc;
        (void)clock_sleep_until(clock_now_ns() + 20 * NS_PER_MS); /* cannot fail */
    } while (clock_now_ns() < until && !(link->over && atomic_load(link->over)));
    struct cobench_error why = *err;
    snprintf(err->type, sizeof err->type, "BrokerLost");
    return error_fill(err, -ETIMEDOUT, "the Redis server at %.100s was lost and did not come back within %d s: %.100s",
                      server_of(link->url), (int)(PATIENCE_NS / NS_PER_S), why.message);
}

/* One of the two numbers that TIME says. */
static int64_t time_part(const redisReply *reply, size_t i)
{
    int64_t number = 0;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[i]->type == REDIS_REPLY_STRING)
        (void)num_parse_i64(reply->element[i]->str, 0, INT64_MAX / NS_PER_S, &number); /* else 0: seen as noise */
    return number;
}

int link_clock(struct redis_link *link, int64_t *offset, int64_t *noise, struct cobench_error *err)
{
    *noise = INT64_MAX;
    for (int i = 0; i < 8; i++) {
        redisReply *reply;
        const int64_t before = clock_now_ns();
        redisAppendCommand(link->redis, "TIME");
        const int rc = link_reply(link, &reply, err);
        if (rc)
            return rc;
        const int64_t half = (clock_now_ns() - before) / 2;
        if (half + NS_PER_US < *noise) { /* TIME is cut to whole microseconds */
            *noise = half + NS_PER_US;
            *offset = time_part(reply, 0) * NS_PER_S + time_part(reply, 1) * NS_PER_US - before - half;
        }
        freeReplyObject(reply);
    }
    return 0;
}
