/* SPDX-License-Identifier: MIT */
/* A connection to a Redis server. */
#define _GNU_SOURCE /* memrchr */
#include "redis/link.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/num.h"
#include "host/error.h"

#define PORT        6379
#define PATIENCE_NS (10 * NS_PER_S) /* until a server that was lost is given up */

/* For a connection and for any reply: the longest that is waited for at the server is a second. */
static const struct timeval answer_time = {.tv_sec = 5};

/* What a URL says. */
struct address {
    char user[128], password[256], host[256]; /* empty: none */
    const char *path; /* what stands behind these two, in the URL: a path, or the host and so on */
    int64_t port, database;
};

/* So much of a URL, with %XX as the byte that it stands for. False: it does not fit. */
static bool part_copy(char *out, size_t size, const char *from, size_t length)
{
    size_t at = 0;
    for (size_t i = 0; i < length && at + 1 < size; i++) {
        const char digits[] = {i + 2 < length ? from[i + 1] : '\0', i + 2 < length ? from[i + 2] : '\0', '\0'};
        char *end;
        const long byte = strtol(digits, &end, 16);
        const bool coded = from[i] == '%' && end == digits + 2;
        out[at++] = coded ? (char)byte : from[i];
        i += coded ? 2 : 0;
    }
    out[at] = '\0';
    return length < size;
}

static bool number_copy(int64_t *out, int64_t min, int64_t max, const char *from, size_t length)
{
    char digits[16];
    return length == 0 || (part_copy(digits, sizeof digits, from, length) && num_parse_i64(digits, min, max, out) == 0);
}

static bool address_parse(const char *url, struct address *out)
{
    const bool is_unix = strncmp(url, "unix://", 7) == 0;
    *out = (struct address){.port = PORT};
    if (!is_unix && strncmp(url, "redis://", 8) != 0)
        return false;
    const char *at = url + (is_unix ? 7 : 8), *end = at + strcspn(at, "/");
    const char *host = memrchr(at, '@', (size_t)(end - at));
    const char *colon = host ? memchr(at, ':', (size_t)(host - at)) : NULL;
    if (host && (!colon || !part_copy(out->user, sizeof out->user, at, (size_t)(colon - at)) ||
                 !part_copy(out->password, sizeof out->password, colon + 1, (size_t)(host - colon - 1))))
        return false;
    out->path = host ? host + 1 : at;
    if (is_unix)
        return true;
    const size_t length = strcspn(out->path, ":/");
    at = out->path + length;
    return length > 0 && part_copy(out->host, sizeof out->host, out->path, length) &&
           (*at != ':' || number_copy(&out->port, 1, 65535, at + 1, (size_t)(end - at) - 1)) &&
           (*end == '\0' || number_copy(&out->database, 0, 1000000, end + 1, strlen(end + 1)));
}

/* A URL as it may be shown: what stands behind a user and a password. */
static const char *shown(const struct redis_link *link)
{
    struct address address;
    return address_parse(link->url, &address) && address.password[0] ? address.path : link->url;
}

int link_check(const char *url, struct cobench_error *err)
{
    struct address address;
    if (address_parse(url, &address))
        return 0;
    return error_fill(err, -EINVAL,
                      "--service: this is no URL of a Redis server (unix://[[USER]:PASSWORD@]PATH or "
                      "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE])");
}

/* Asks as whom it is to be served, and for which database. */
static int greet(struct redis_link *link, const struct address *address, struct cobench_error *err)
{
    unsigned owed = 1;
    if (address->password[0] && address->user[0])
        redisAppendCommand(link->redis, "AUTH %s %s", address->user, address->password);
    else if (address->password[0])
        redisAppendCommand(link->redis, "AUTH %s", address->password);
    owed += address->password[0] != '\0';
    if (address->database > 0)
        redisAppendCommand(link->redis, "SELECT %d", (int)address->database);
    owed += address->database > 0;
    redisAppendCommand(link->redis, "PING");
    return link_replies(link, owed, err);
}

/* One attempt: connected, and the server answers. */
static int link_try(struct redis_link *link, struct cobench_error *err)
{
    struct address address;
    const int rc = link_check(link->url, err);
    if (rc)
        return rc;
    (void)address_parse(link->url, &address);
    link->redis = address.host[0] ? redisConnectWithTimeout(address.host, (int)address.port, answer_time)
                                  : redisConnectUnixWithTimeout(address.path, answer_time);
    if (!link->redis)
        return error_fill(err, -ENOMEM, "out of memory");
    if (link->redis->err || redisSetTimeout(link->redis, answer_time) != REDIS_OK) {
        error_fill(err, 0, "%s", link->redis->errstr);
        link_close(link);
        return -ECONNRESET;
    }
    return greet(link, &address, err);
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
    return error_fill(err, -ENOSYS, "no Redis server answers at %.120s: %.100s", shown(link), why.message);
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
    return error_named(err, full ? -ENOBUFS : -EPROTO, full ? "BrokerFull" : "BrokerError", "%s at %.100s says: %.150s",
                       full ? "Redis is full (maxmemory): the server" : "the Redis server", shown(link), text);
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
    return error_named(err, -ETIMEDOUT, "BrokerLost",
                       "the Redis server at %.100s was lost and did not come back within %d s: %.100s", shown(link),
                       (int)(PATIENCE_NS / NS_PER_S), why.message);
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
