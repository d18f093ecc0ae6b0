/* SPDX-License-Identifier: MIT */
/*
 * The transport for commands of a Redis server, on hiredis. Each client has a connection, a mux one for each request in
 * flight; all are opened, and have answered a PING, before the gate. A connection that breaks costs the job that had it, as nobody
 * knows whether its command was done; the next one opens it again. py_impl/transport/cache.py takes the same steps.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "host/error.h"
#include "host/transport.h"
#include "redis/link.h"

#define DIGITS 24 /* of a 64-bit number, with its sign and the NUL */

/* -- a connection ------------------------------------------------------------------------------------------------------- */

/* `link` is zeroed but for its URL, or closed. On a loop it does not block, from when it is open. */
static int connection_open(struct redis_link *link, const struct transport_options *options, bool blocks,
                           struct cobench_error *err)
{
    const struct timeval patience = {.tv_sec = options->timeout_ns / NS_PER_S,
                                     .tv_usec = options->timeout_ns % NS_PER_S / NS_PER_US};
    const int rc = link_open(link, err);
    if (rc) {
        snprintf(err->type, sizeof err->type, "%s", rc == -ENOSYS ? "ConnectionRefused" : "ErrorReply");
        return rc == -EPROTO || rc == -ENOBUFS ? -ENOSYS : rc; /* it does not take us */
    }
    atomic_fetch_add_explicit(options->connections, 1, memory_order_relaxed);
    if (blocks)
        return redisSetTimeout(link->redis, patience) == REDIS_OK
                   ? 0
                   : error_named(err, -EIO, "Transport", "%s", link->redis->errstr);
    link->redis->flags &= ~REDIS_BLOCK;
    return fcntl(link->redis->fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : -errno;
}

static int command_append(struct redis_link *link, const struct cobench_request *ask, struct cobench_error *err)
{
    int count = 0;
    while (ask->words[count])
        count++;
    if (redisAppendCommandArgv(link->redis, count, (const char **)ask->words, NULL) == REDIS_OK)
        return 0;
    return error_named(err, -ENOMEM, "Transport", "out of memory for a command");
}

/* Why hiredis gave a connection up, right behind it. */
static int connection_error(const struct redis_link *link, struct cobench_error *err)
{
    const bool closed = link->redis->err == REDIS_ERR_EOF || errno == ECONNRESET || errno == EPIPE;
    if (closed)
        return error_named(err, -ECONNRESET, "ConnectionClosed", "the Redis server closed the connection");
    return error_named(err, -EPROTO, link->redis->err == REDIS_ERR_PROTOCOL ? "BadReply" : "Transport", "%s",
                       link->redis->errstr);
}

/* 0 with *reply filled in, which stands on `raw` and `digits`; or the error that the server answers with. */
static int reply_read(const redisReply *raw, char digits[static DIGITS], struct cobench_reply *reply,
                      struct cobench_error *err)
{
    *reply = (struct cobench_reply){.status = raw->type != REDIS_REPLY_NIL};
    switch (raw->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
        reply->length = (size_t)raw->len;
        reply->body = raw->len > 0 ? (const unsigned char *)raw->str : NULL;
        return 0;
    case REDIS_REPLY_INTEGER:
        reply->length = (size_t)snprintf(digits, DIGITS, "%lld", raw->integer);
        reply->body = (const unsigned char *)digits;
        return 0;
    case REDIS_REPLY_NIL:
        return 0;
    case REDIS_REPLY_ERROR:
        return error_named(err, -EPROTO, "ErrorReply", "%s", raw->str);
    default:
        return error_named(err, -EPROTO, "BadReply", "neither a string nor an integer nor nil");
    }
}

/* -- once a process ----------------------------------------------------------------------------------------------------- */

#define TEXT(number)    #number
#define DOTTED(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)

static const char *cache_describe(void) { return "hiredis/" DOTTED(HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH); }

static int cache_open(const struct transport_options *options, void **state, struct cobench_error *err)
{
    const int rc = link_check(options->service, err);
    struct transport_options *copy = rc ? NULL : malloc(sizeof *copy);
    if (!copy)
        return rc ? rc : -ENOMEM;
    *copy = *options;
    *state = copy;
    return 0;
}

/* -- blocking ----------------------------------------------------------------------------------------------------------- */

struct client {
    const struct transport_options *options;
    struct redis_link link;
    redisReply *raw; /* the last one; or NULL */
    char digits[DIGITS];
};

static void client_close(void *arg)
{
    struct client *client = arg;
    if (client->raw)
        freeReplyObject(client->raw);
    link_close(&client->link);
    free(client);
}

static int client_open(void *state, void **out, struct cobench_error *err)
{
    const struct transport_options *options = state;
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return -ENOMEM;
    client->options = options;
    client->link.url = options->service;
    const int rc = connection_open(&client->link, options, true, err);
    if (rc)
        client_close(client);
    else
        *out = client;
    return rc;
}

/* Sends what is appended and reads until its reply is there. A read that has to wait ends at the socket's own time-out. */
static int raw_get(struct client *client, struct cobench_error *err)
{
    redisContext *redis = client->link.redis;
    const int64_t deadline = clock_now_ns() + client->options->timeout_ns;
    void *raw = NULL;
    int written = 0, ok = REDIS_OK;
    while (ok == REDIS_OK && !written)
        ok = redisBufferWrite(redis, &written);
    while (ok == REDIS_OK && !raw && clock_now_ns() < deadline) {
        ok = redisBufferRead(redis);
        if (ok == REDIS_OK)
            ok = redisGetReplyFromReader(redis, &raw);
    }
    client->raw = raw;
    if (raw)
        return 0;
    const int rc = clock_now_ns() >= deadline
                       ? error_named(err, -ETIMEDOUT, "Timeout", "no complete answer of the Redis server")
                       : connection_error(&client->link, err);
    link_close(&client->link);
    return rc;
}

static int client_get(void *arg, const struct cobench_request *ask, struct cobench_reply *reply,
                      struct cobench_error *err)
{
    struct client *client = arg;
    int rc = 0;
    if (client->raw)
        freeReplyObject(client->raw);
    client->raw = NULL;
    if (!client->link.redis)
        rc = connection_open(&client->link, client->options, true, err);
    rc = rc ? rc : command_append(&client->link, ask, err);
    rc = rc ? rc : raw_get(client, err);
    return rc ? rc : reply_read(client->raw, client->digits, reply, err);
}

/* -- on a loop ---------------------------------------------------------------------------------------------------------- */

struct mux;

/* A connection, with its request or in the stack of idle ones. */
struct exchange {
    struct mux *mux;
    struct redis_link link;
    struct loop_timer timer;
    transport_done_fn done; /* NULL: idle */
    void *arg;
    struct exchange *next;
};

struct mux {
    const struct transport_options *options;
    struct loop *loop;
    const struct loop_ops *ops;
    struct exchange *exchanges, *idle;
    unsigned count;
};

static void exchange_ready(void *arg, int fd, unsigned events);

static int exchange_watch(struct exchange *x, unsigned events)
{
    return x->mux->ops->watch(x->mux->loop, x->link.redis->fd, events, exchange_ready, x);
}

static int exchange_open(struct exchange *x, struct cobench_error *err)
{
    const int rc = connection_open(&x->link, x->mux->options, false, err);
    return rc ? rc : exchange_watch(x, LOOP_READ);
}

static void exchange_drop(struct exchange *x)
{
    if (x->link.redis)
        (void)exchange_watch(x, 0); /* its descriptor is about to be closed */
    link_close(&x->link);
}

/* Ends the request, which `raw` answers, or NULL with rc and err. Idle before its owner hears of it, as that may ask again. */
static void exchange_end(struct exchange *x, redisReply *raw, int rc, struct cobench_error *err)
{
    const transport_done_fn done = x->done;
    struct cobench_reply reply;
    char digits[DIGITS];
    x->mux->ops->timer_cancel(x->mux->loop, &x->timer);
    x->done = NULL;
    x->next = x->mux->idle;
    x->mux->idle = x;
    if (raw)
        rc = reply_read(raw, digits, &reply, err);
    done(x->arg, rc ? NULL : &reply, rc, err);
    if (raw)
        freeReplyObject(raw);
}

/* Its connection is of no use any more. */
static void exchange_fail(struct exchange *x, int rc, struct cobench_error *err)
{
    exchange_drop(x);
    if (x->done) /* else the server closed a connection that nobody uses: the next request opens it again */
        exchange_end(x, NULL, rc, err);
}

static void exchange_late(void *arg)
{
    struct cobench_error err = {.line = 0};
    exchange_fail(arg, error_named(&err, -ETIMEDOUT, "Timeout", "no complete answer of the Redis server"), &err);
}

/* Sends what the socket takes; where that is not all, it is watched until it takes more. */
static int exchange_send(struct exchange *x, bool watched)
{
    int written = 0;
    if (redisBufferWrite(x->link.redis, &written) != REDIS_OK)
        return -EIO;
    return watched == !written ? 0 : exchange_watch(x, written ? LOOP_READ : LOOP_READ | LOOP_WRITE);
}

static void exchange_ready(void *arg, int fd, unsigned events)
{
    struct exchange *x = arg;
    struct cobench_error err = {.line = 0};
    void *raw = NULL;
    (void)fd;
    bool ok = !(events & LOOP_WRITE) || exchange_send(x, true) == 0;
    if (ok && (events & ~LOOP_WRITE))
        ok = redisBufferRead(x->link.redis) == REDIS_OK && redisGetReplyFromReader(x->link.redis, &raw) == REDIS_OK;
    if (!ok)
        exchange_fail(x, connection_error(&x->link, &err), &err);
    else if (raw && x->done)
        exchange_end(x, raw, 0, &err);
    else if (raw)
        freeReplyObject(raw); /* nobody has asked */
}

static void mux_close(void *arg)
{
    struct mux *mux = arg;
    for (unsigned i = 0; mux->exchanges && i < mux->count; i++) {
        mux->ops->timer_cancel(mux->loop, &mux->exchanges[i].timer);
        exchange_drop(&mux->exchanges[i]);
    }
    free(mux->exchanges);
    free(mux);
}

static int mux_open(void *state, struct loop *loop, const struct loop_ops *ops, unsigned in_flight, void **out,
                    struct cobench_error *err)
{
    const struct transport_options *options = state;
    struct mux *mux = calloc(1, sizeof *mux);
    if (!mux)
        return -ENOMEM;
    *mux = (struct mux){.options = options, .loop = loop, .ops = ops, .count = in_flight};
    mux->exchanges = calloc(in_flight, sizeof *mux->exchanges);
    int rc = mux->exchanges ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < in_flight; i++) {
        struct exchange *x = &mux->exchanges[i];
        *x = (struct exchange){.mux = mux, .link = {.url = options->service}, .next = mux->idle};
        x->timer = (struct loop_timer){.fire = exchange_late, .arg = x};
        mux->idle = x;
        rc = exchange_open(x, err);
    }
    if (rc)
        mux_close(mux);
    else
        *out = mux;
    return rc;
}

static int mux_get(void *arg, const struct cobench_request *ask, transport_done_fn done, void *done_arg,
                   struct cobench_error *err)
{
    struct mux *mux = arg;
    struct exchange *x = mux->idle;
    if (!x)
        return error_named(err, -EBUSY, "Transport", "more requests in flight than were asked for");
    int rc = x->link.redis ? 0 : exchange_open(x, err); /* again: the loop stands still meanwhile */
    rc = rc ? rc : command_append(&x->link, ask, err);
    if (rc == 0 && exchange_send(x, false))
        rc = connection_error(&x->link, err);
    rc = rc ? rc : mux->ops->timer_set(mux->loop, &x->timer, clock_now_ns() + mux->options->timeout_ns);
    if (rc) {
        exchange_drop(x);
        return rc;
    }
    mux->idle = x->next;
    x->done = done;
    x->arg = done_arg;
    return 0;
}

const struct transport cobench_transport = {
    .version = TRANSPORT_VERSION,
    .name = "hiredis",
    .describe = cache_describe,
    .open = cache_open,
    .close = free,
    .client_open = client_open,
    .client_get = client_get,
    .client_close = client_close,
    .mux_open = mux_open,
    .mux_get = mux_get,
    .mux_close = mux_close,
};
