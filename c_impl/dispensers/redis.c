/* SPDX-License-Identifier: MIT */
/*
 * redis: the jobs lie in lists of a Redis server, by the keys and messages of docs/interfaces.md. What a worker has taken stays in a
 * list of its own until it has answered, so that no job is lost with it; a worker's answer and the next job are one exchange. This
 * is the worker's side, and the beginning and end of both; redis_feed.c is the manager's.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "dispensers/redis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "host/error.h"
#include "host/run.h"
#include "host/shared_state.h"

#define MESSAGE_MAX (UINT64_C(512) << 20) /* of a server as it comes (proto-max-bulk-len) */
#define GONE_S      3 /* a worker of another host leaves a queue without a clock after so many seconds */

struct taker {
    struct redis *redis;
    struct redis_link link;
    unsigned worker;
    char taken[KEY_SIZE], done[KEY_SIZE], jobs[KEY_SIZE];
    redisReply *held;             /* the message that is being worked on; NULL: none */
    struct message_reader reader; /* of it */
    struct message answer;        /* to it; length 0: nothing to answer */
    int rc;                       /* not 0: there is no memory for it */
    int64_t clock_offset;         /* from this host's clock to the manager's */
};

/* -- keys ------------------------------------------------------------------------------------------------------------- */

const char *redis_key(const struct redis *r, const char *name, char out[KEY_SIZE])
{
    snprintf(out, KEY_SIZE, "%.40s%.16s", r->prefix, name);
    return out;
}

const char *redis_taken_key(const struct redis *r, unsigned worker, char out[KEY_SIZE])
{
    snprintf(out, KEY_SIZE, "%.40staken:%u", r->prefix, worker);
    return out;
}

int redis_publish(struct redis *r, struct cobench_error *err)
{
    int64_t offset = 0, noise = 0;
    char key[KEY_SIZE], clock[64];
    const int rc = link_clock(&r->link, &offset, &noise, err);
    if (rc)
        return rc;
    snprintf(clock, sizeof clock, "%lld %lld", (long long)offset, (long long)noise);
    redisAppendCommand(r->link.redis, "SET %s %s EX %d", redis_key(r, "clock", key), clock, KEYS_S);
    return link_replies(&r->link, 1, err);
}

/* Removes all keys, by a connection of its own: also while the feeder is in the middle of something. */
static void redis_abandon(void *state)
{
    struct redis *r = state;
    struct redis_link link = {.url = r->how->service};
    struct cobench_error ignored; /* a server that has gone has no keys */
    char key[KEY_SIZE];
    unsigned owed = 3;
    if (r->how->queue || link_open(&link, &ignored))
        return;
    (void)redisSetTimeout(link.redis, (struct timeval){.tv_sec = 1}); /* who ends us does not wait longer */
    redisAppendCommand(link.redis, "DEL %s", redis_key(r, "jobs", key));
    redisAppendCommand(link.redis, "DEL %s", redis_key(r, "done", key));
    redisAppendCommand(link.redis, "DEL %s", redis_key(r, "clock", key));
    for (unsigned i = 0; i < r->how->workers; i++, owed++)
        redisAppendCommand(link.redis, "DEL %s", redis_taken_key(r, i, key));
    (void)link_replies(&link, owed, &ignored);
    link_close(&link);
}

/* -- the beginning and the end ---------------------------------------------------------------------------------------- */

static void redis_free(struct redis *r)
{
    link_close(&r->link);
    if (r->wake >= 0)
        close(r->wake);
    if (r->over)
        munmap(r->over, sizeof *r->over);
    free(r->lost);
    free(r);
}

static int prefix_make(struct redis *r, struct cobench_error *err)
{
    uint64_t token;
    if (r->how->queue)
        snprintf(r->prefix, sizeof r->prefix, "%.40s", r->how->queue);
    else if (getrandom(&token, sizeof token, 0) == (ssize_t)sizeof token)
        snprintf(r->prefix, sizeof r->prefix, "cobench:%016llx:", (unsigned long long)token);
    else
        return error_fill(err, -errno, "no random numbers: %s", strerror(errno));
    return 0;
}

static int redis_open(const struct dispenser_options *how, void **state, struct cobench_error *err)
{
    if (!how->service)
        return error_fill(err, -EINVAL, "dispenser redis: no server was given (--service redis=URL)");
    const uint64_t message = how->chunk * (how->payload + sizeof(uint64_t) + sizeof(uint32_t));
    if (message >= MESSAGE_MAX)
        return error_fill(err, -EFBIG,
                          "dispenser redis: messages of %llu bytes: a Redis server takes less than 512 MiB",
                          (unsigned long long)message);
    struct redis *r = calloc(1, sizeof *r);
    if (!r)
        return error_fill(err, -ENOMEM, "out of memory");
    void *shared = mmap(NULL, sizeof *r->over, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    r->how = how;
    r->over = shared == MAP_FAILED ? NULL : shared;
    r->lost = calloc(how->workers, sizeof *r->lost);
    r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    r->link = (struct redis_link){.url = how->service, .over = r->over};
    int rc = !r->over || !r->lost || r->wake < 0 ? error_fill(err, -ENOMEM, "out of memory or descriptors") : 0;
    if (rc == 0)
        rc = prefix_make(r, err);
    if (rc == 0 && !how->queue)
        rc = link_open(&r->link, err);
    if (rc == 0 && !how->queue)
        rc = redis_publish(r, err);
    if (rc)
        redis_free(r);
    else
        *state = r;
    return rc;
}

static void redis_close(void *state)
{
    redis_abandon(state);
    redis_free(state);
}

/* A worker that died is settled before this returns: the one that takes its place uses the same list. */
static void redis_lost(void *state, unsigned worker)
{
    struct redis *r = state;
    const uint64_t one = 1;
    if (worker == DISPENSER_EVERYONE) {
        atomic_store(&r->ended, 1);
        (void)!write(r->wake, &one, sizeof one); /* full, it is readable as well */
        return;
    }
    atomic_store(&r->lost[worker], 1);
    while (atomic_load(&r->lost[worker]) && !atomic_load(&r->fed))
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS); /* cannot fail */
}

/* -- workers on other hosts ------------------------------------------------------------------------------------------- */

static const char *redis_queue(void *state)
{
    const struct redis *r = state;
    return r->prefix;
}

/* One of them has said that it is up: 0, or why it is not. */
static int greeting_read(const redisReply *reply, struct cobench_error *err)
{
    struct message_reader reader;
    uint32_t worker;
    if (message_open_done(&reader, reply->str, (size_t)reply->len, &worker) || reader.left > 0)
        return error_fill(err, -EBADMSG, "a worker that is not up yet answers");
    if (reader.at == reader.end)
        return 0;
    return error_fill(err, -ECHILD, "worker %u: %.*s", worker, (int)(reader.end - reader.at), reader.at);
}

static int redis_gather(void *state, struct cobench_error *err)
{
    struct redis *r = state;
    char key[KEY_SIZE];
    redisReply *reply;
    redisAppendCommand(r->link.redis, "BLPOP %s 0.1", redis_key(r, "done", key));
    int rc = link_reply(&r->link, &reply, err);
    if (rc == 0 && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        rc = greeting_read(reply->element[1], err);
        r->greeted++;
    }
    freeReplyObject(reply);
    return rc ? rc : r->greeted == r->how->workers;
}

/* -- the worker ------------------------------------------------------------------------------------------------------- */

/* By how much this host's clock is behind the manager's, where that is more than the noise of both. */
static int taker_clock(struct taker *t, struct cobench_error *err)
{
    redisReply *reply;
    char key[KEY_SIZE];
    int64_t own = 0, noise = 0;
    int rc = link_clock(&t->link, &own, &noise, err);
    if (rc)
        return rc;
    redisAppendCommand(t->link.redis, "GET %s", redis_key(t->redis, "clock", key));
    rc = link_reply(&t->link, &reply, err);
    if (rc)
        return rc;
    long long offset = 0, manager_noise = 0;
    if (reply->type != REDIS_REPLY_STRING || sscanf(reply->str, "%lld %lld", &offset, &manager_noise) != 2)
        rc = error_fill(err, -ENOENT, "the Redis server has no queue '%.60s'", t->redis->prefix);
    t->clock_offset = own - offset;
    if (llabs(t->clock_offset) <= noise + manager_noise)
        t->clock_offset = 0;
    freeReplyObject(reply);
    return rc;
}

static void taker_close(void *taker)
{
    struct taker *t = taker;
    freeReplyObject(t->held);
    message_free(&t->answer);
    link_close(&t->link);
    free(t);
}

/* A worker of another host says that it is there. */
static int taker_greet(struct taker *t, struct cobench_error *err)
{
    struct message hello = {0};
    int rc = taker_clock(t, err);
    if (rc == 0 && message_begin_done(&hello, t->worker))
        rc = error_fill(err, -ENOMEM, "out of memory");
    if (rc == 0) {
        redisAppendCommand(t->link.redis, "RPUSH %s %b", t->done, hello.bytes, hello.length);
        rc = link_replies(&t->link, 1, err);
    }
    message_free(&hello);
    return rc;
}

static int taker_open(void *state, unsigned worker, void **taker, struct cobench_error *err)
{
    struct redis *r = state;
    struct taker *t = calloc(1, sizeof *t);
    if (!t)
        return error_fill(err, -ENOMEM, "out of memory");
    *t = (struct taker){.redis = r, .link = {.url = r->how->service, .over = r->over}, .worker = worker};
    redis_taken_key(r, worker, t->taken);
    redis_key(r, "done", t->done);
    redis_key(r, "jobs", t->jobs);
    int rc = link_open(&t->link, err);
    if (rc == 0 && r->how->queue)
        rc = taker_greet(t, err);
    if (rc)
        taker_close(t);
    else
        *taker = t;
    return rc;
}

/* Takes a message in: what was held is over. */
static int taker_hold(struct taker *t, redisReply *reply, struct cobench_error *err)
{
    freeReplyObject(t->held);
    t->held = reply;
    return message_open_jobs(&t->reader, reply->str, (size_t)reply->len)
               ? error_fill(err, -EBADMSG, "what came out of the queue is no message of jobs")
               : 0;
}

/* The answer, if there is one, and the next message: one write, one reply each. 1: there was none within a second. */
static int taker_exchange(struct taker *t, struct cobench_error *err)
{
    redisReply *reply;
    const bool answers = t->answer.length > 0;
    if (!t->link.redis)
        return -ECONNRESET;
    if (answers) {
        redisAppendCommand(t->link.redis, "RPUSH %s %b", t->done, t->answer.bytes, t->answer.length);
        redisAppendCommand(t->link.redis, "LPOP %s", t->taken);
    }
    redisAppendCommand(t->link.redis, "BLMOVE %s %s LEFT RIGHT 1", t->jobs, t->taken);
    int rc = link_replies(&t->link, answers ? 2 : 0, err);
    if (rc)
        return rc;
    t->answer.length = 0;
    rc = link_reply(&t->link, &reply, err);
    if (rc)
        return rc;
    if (reply->type == REDIS_REPLY_STRING)
        return taker_hold(t, reply, err);
    freeReplyObject(reply);
    return 1;
}

/* Once the server is there again: it may have given us a job that we never saw. Then that is the next one; 1: it has not. */
static int taker_recover(struct taker *t, struct cobench_error *err)
{
    redisReply *reply;
    int rc = link_again(&t->link, err);
    if (rc)
        return rc;
    redisAppendCommand(t->link.redis, "LINDEX %s 0", t->taken);
    rc = link_reply(&t->link, &reply, err);
    if (rc)
        return rc;
    const bool same = t->held && reply->type == REDIS_REPLY_STRING && reply->len == t->held->len &&
                      memcmp(reply->str, t->held->str, (size_t)reply->len) == 0;
    if (same || reply->type != REDIS_REPLY_STRING) {
        freeReplyObject(reply);
        return 1;
    }
    if (t->answer.length > 0) { /* told once more, if it had been told */
        redisAppendCommand(t->link.redis, "RPUSH %s %b", t->done, t->answer.bytes, t->answer.length);
        rc = link_replies(&t->link, 1, err);
    }
    t->answer.length = 0;
    if (rc == 0)
        return taker_hold(t, reply, err);
    freeReplyObject(reply);
    return rc;
}

/* Whether nobody will give us a job any more: told in memory, or, of a manager on another host, seen in its keys. */
static bool taker_forsaken(struct taker *t, unsigned seconds)
{
    redisReply *reply;
    struct cobench_error ignored; /* a connection that broke shows at the next exchange */
    char key[KEY_SIZE];
    if (!t->redis->how->queue)
        return atomic_load(t->redis->over) != 0;
    redisAppendCommand(t->link.redis, "EXISTS %s", redis_key(t->redis, "clock", key));
    if (link_reply(&t->link, &reply, &ignored))
        return false;
    const bool gone = reply->type == REDIS_REPLY_INTEGER && reply->integer == 0 && seconds >= GONE_S;
    freeReplyObject(reply);
    return gone;
}

/* The next message, however long that takes. 0 with one held; 1: there will be none. */
static int taker_fetch(struct taker *t, struct cobench_error *err)
{
    int rc = taker_exchange(t, err);
    for (unsigned seconds = 1; rc == 1 || rc == -ECONNRESET; seconds++) {
        if (rc == 1 && taker_forsaken(t, seconds))
            return 1;
        if (rc == -ECONNRESET)
            rc = taker_recover(t, err);
        if (rc == 1)
            rc = taker_exchange(t, err);
    }
    return rc < 0 && !t->redis->how->queue && atomic_load(t->redis->over) ? 1 : rc; /* nobody waits for us any more */
}

/* A worker that cannot go on tells the feeder so, which waits for its answer. */
static int taker_fail(struct taker *t, int rc)
{
    atomic_store(t->redis->over, 1);
    return rc;
}

static int taker_take(void *taker, uint64_t *job, struct cobench_error *err)
{
    struct taker *t = taker;
    struct message_part part;
    if (t->rc)
        return taker_fail(t, error_fill(err, t->rc, "out of memory for an answer"));
    if (t->reader.left == 0) {
        const int rc = taker_fetch(t, err);
        if (rc || t->reader.left == 0) /* a message of no jobs: the end */
            return rc < 0 ? taker_fail(t, rc) : 0;
    }
    if (message_next_job(&t->reader, &part) < 0 || part.job >= t->redis->how->jobs ||
        part.length != t->redis->how->payload)
        return taker_fail(t, error_fill(err, -EBADMSG, "a job came with other bytes than its task's (%llu)",
                                        (unsigned long long)t->redis->how->payload));
    *job = part.job;
    return 1;
}

/* What is told of a job: workers of this host share its slots. */
static int answer_add(struct taker *t, uint64_t job)
{
    static const struct slot shared = {.runs = 0};
    const struct dispenser_options *how = t->redis->how;
    struct cobench_error error;
    if (!how->queue)
        return message_add_done(&t->answer, job, &shared, NULL, 0);
    struct slot slot = how->slots[0];
    how->slots[0] = (struct slot){.runs = 0};
    slot.start_ns += t->clock_offset;
    slot.end_ns += t->clock_offset;
    slot.replied_ns += slot.replied_ns > 0 ? t->clock_offset : 0;
    if (slot.state != SLOT_FAILED)
        return message_add_done(&t->answer, job, &slot, NULL, 0);
    shared_state_take_failure(how->run->shared, &error);
    return message_add_failure(&t->answer, job, &slot, error.type, error.line, error.message);
}

static void taker_done(void *taker, uint64_t job)
{
    struct taker *t = taker;
    if (t->rc == 0 && t->answer.length == 0)
        t->rc = message_begin_done(&t->answer, t->worker);
    if (t->rc == 0)
        t->rc = answer_add(t, job);
}

const struct dispenser_kind cobench_dispenser = {
    .version = DISPENSER_VERSION,
    .name = "redis",
    .redelivers = true,
    .open = redis_open,
    .close = redis_close,
    .abandon = redis_abandon,
    .queue = redis_queue,
    .gather = redis_gather,
    .worker_open = taker_open,
    .worker_close = taker_close,
    .take = taker_take,
    .done = taker_done,
    .feed = redis_feed,
    .lost = redis_lost,
};
