/* SPDX-License-Identifier: MIT */
/*
 * The manager's side of the dispenser redis. It keeps a window of jobs in the server, so that a million of them need no more memory
 * there than a thousand, and takes what the workers have answered many at a time. It knows of each job whether it has been answered
 * for, and finds those that are with nobody any more: their worker died, or the server came back without its lists.
 */
#include "dispensers/redis.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "host/children.h"
#include "host/error.h"
#include "host/run.h"
#include "host/shared_state.h"

#define BATCH        128u                 /* messages in one RPUSH */
#define TAKE         1023                 /* answers that are taken besides the one waited for */
#define WINDOW       256u                 /* messages in the server for each worker */
#define WINDOW_BYTES (UINT64_C(32) << 20) /* and of all of them */
#define NAP_NS       (300 * NS_PER_US)    /* so long answers gather while workers have enough to do */
#define POLL_NS      (100 * NS_PER_MS)    /* the longest wait for an answer, until it looks for workers that died */
#define DEATHS_MAX   3u                   /* a job that so many workers did not survive is given up */
#define NOBODY       UINT_MAX             /* in the place of a worker that died */

struct death {
    uint64_t job;
    unsigned count;
};

/* What a worker had taken when it was last seen. */
struct sight {
    uint64_t job; /* the first of the message; UINT64_MAX: nothing */
    int64_t since_ns;
};

struct feeder {
    struct redis *redis;
    const struct dispenser_options *how;
    struct message batch[BATCH];
    uint64_t window;                 /* jobs that may be out at once */
    uint64_t next;                   /* the first that was never handed out */
    uint64_t out;                    /* handed out, and not answered for */
    uint64_t lowest;                 /* all before it are answered for */
    uint64_t answered;               /* how many are */
    uint8_t *is_answered, *is_known; /* a bit for each job; the latter only within feeder_reconcile */
    uint64_t *again;                 /* jobs to be handed out once more */
    size_t again_count, again_capacity;
    struct death *deaths;
    size_t death_count;
    struct sight *sights; /* of each worker */
    int64_t due_ns;       /* when `next` is due; 0: not asked yet */
    int64_t sweep_ns;     /* when to look at the sights again */
    unsigned owed;        /* replies of RPUSH that are still to be read */
};

static bool bit_is(const uint8_t *bits, uint64_t i) { return bits[i / 8] >> (i % 8) & 1; }

static void bit_set(uint8_t *bits, uint64_t i) { bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << (i % 8)); }

static uint32_t state_of(const struct feeder *f, uint64_t job)
{
    return __atomic_load_n(&f->how->slots[job].state, __ATOMIC_ACQUIRE);
}

static int no_memory(struct cobench_error *err) { return error_fill(err, -ENOMEM, "out of memory for the feeder"); }

/* -- what is told ----------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 5, 6))) static void feeder_note(struct feeder *f, uint64_t job, int32_t worker,
                                                              const char *type, const char *format, ...)
{
    struct cobench_error error;
    va_list list;
    error_clear(&error);
    snprintf(error.type, sizeof error.type, "%s", type);
    va_start(list, format);
    vsnprintf(error.message, sizeof error.message, format, list);
    va_end(list);
    run_failed(f->how->run, job, worker, -ECHILD, &error);
}

static void feeder_answered(struct feeder *f, uint64_t job)
{
    bit_set(f->is_answered, job);
    f->answered++;
    f->out--;
    while (f->lowest < f->how->jobs && bit_is(f->is_answered, f->lowest))
        f->lowest++;
}

/* -- handing out ------------------------------------------------------------------------------------------------------ */

static int again_add(struct feeder *f, uint64_t job, struct cobench_error *err)
{
    if (f->again_count == f->again_capacity) {
        const size_t capacity = f->again_capacity * 2 + 64;
        uint64_t *grown = realloc(f->again, capacity * sizeof *grown);
        if (!grown)
            return no_memory(err);
        f->again = grown;
        f->again_capacity = capacity;
    }
    f->again[f->again_count++] = job;
    return 0;
}

/* Whether the next job may be handed out now. */
static bool feeder_is_due(struct feeder *f)
{
    if (f->next == f->how->jobs || f->out >= f->window)
        return false;
    if (f->due_ns == 0)
        f->due_ns = dispenser_due(f->how, f->next);
    return f->due_ns == 0 || f->due_ns <= clock_now_ns();
}

/* One message: a job that comes again by itself, as it may be what its worker died of; else up to a chunk of new ones. 1: there is
 * nothing to hand out now. */
static int message_fill(struct feeder *f, struct message *m)
{
    int rc = message_begin_jobs(m);
    unsigned count = 0;
    while (rc == 0 && f->again_count > 0) {
        const uint64_t job = f->again[--f->again_count];
        if (!bit_is(f->is_answered, job)) /* by the worker that had stalled */
            return message_add_job(m, job, NULL, f->how->payload);
    }
    for (; rc == 0 && count < f->how->chunk && feeder_is_due(f); count++) {
        rc = message_add_job(m, f->next++, NULL, f->how->payload);
        f->due_ns = 0;
        f->out++;
    }
    return rc ? rc : count == 0;
}

/* Appends what can be handed out; goes out with the next wait for answers. */
static int feeder_hand_out(struct feeder *f, struct cobench_error *err)
{
    const char *words[BATCH + 2] = {"RPUSH"};
    size_t lengths[BATCH + 2] = {5};
    char key[KEY_SIZE];
    int count = 0, rc = 0;
    words[1] = redis_key(f->redis, "jobs", key);
    lengths[1] = strlen(key);
    for (; (unsigned)count < BATCH; count++) {
        rc = message_fill(f, &f->batch[count]);
        if (rc)
            break;
        words[count + 2] = (const char *)f->batch[count].bytes;
        lengths[count + 2] = f->batch[count].length;
    }
    if (rc < 0)
        return no_memory(err);
    if (count == 0)
        return 0;
    f->owed++;
    return redisAppendCommandArgv(f->redis->link.redis, count + 2, words, lengths) == REDIS_OK ? 0 : no_memory(err);
}

/* -- answers ---------------------------------------------------------------------------------------------------------- */

/* Of a worker of another host: its slot becomes ours. False: it has been told before. No job starts before the gate has opened,
 * whatever two clocks compared say. */
static bool slot_copy(struct feeder *f, const struct message_part *part)
{
    struct slot *slot = &f->how->slots[part->job];
    const struct slot before = *slot;
    const int64_t gate_ns = f->how->run->shared->gate_ns, said_ns = part->slot.start_ns;
    const int64_t start_ns = said_ns < gate_ns ? gate_ns : said_ns;
    if (before.runs > 0 && before.worker == part->slot.worker && before.start_ns == start_ns)
        return false;
    *slot = part->slot;
    slot->start_ns = start_ns;
    slot->runs += before.runs;
    slot->due_ns = before.due_ns;
    shared_state_ended(f->how->run->shared, 1, slot->end_ns);
    if (slot->state == SLOT_FAILED)
        run_failed_there(f->how->run, part->job, slot->worker, -EIO, part);
    return true;
}

/* A job that is told of twice was done twice, unless a worker said it once more because the connection broke. */
static int answer_take(struct feeder *f, const struct message_part *part, unsigned worker, struct cobench_error *err)
{
    if (part->job >= f->next)
        return error_fill(err, -EBADMSG, "an answer came for job %llu, which nobody was given",
                          (unsigned long long)part->job);
    const struct slot *slot = &f->how->slots[part->job];
    const bool told = part->slot.runs > 0 && !slot_copy(f, part);
    if (!bit_is(f->is_answered, part->job))
        feeder_answered(f, part->job);
    else if (!told && __atomic_load_n(&slot->runs, __ATOMIC_RELAXED) > 1)
        feeder_note(f, FAILURE_NO_JOB, (int32_t)worker, "DoneTwice",
                    "job %llu was done twice, the second time by worker %u", (unsigned long long)part->job, worker);
    return 0;
}

static int message_take(struct feeder *f, const redisReply *reply, struct cobench_error *err)
{
    struct message_reader reader;
    struct message_part part;
    uint32_t worker = 0;
    int more = 0, rc = 0;
    if (message_open_done(&reader, reply->str, (size_t)reply->len, &worker) == 0)
        while (rc == 0 && (more = message_next_done(&reader, &part)) == 1)
            rc = answer_take(f, &part, worker, err);
    else
        more = -EBADMSG;
    return more < 0 ? error_fill(err, more, "what a worker answered is no message") : rc;
}

/* Sends what was appended, and takes all answers that are there, after one that it waits for. */
static int feeder_collect(struct feeder *f, int64_t wait_ns, struct cobench_error *err)
{
    struct redis_link *link = &f->redis->link;
    redisReply *reply;
    char key[KEY_SIZE];
    redis_key(f->redis, "done", key);
    const bool waits = wait_ns >= NS_PER_MS;
    if (waits)
        redisAppendCommand(link->redis, "BLPOP %s 0.%03d", key, (int)(wait_ns / NS_PER_MS));
    redisAppendCommand(link->redis, "LPOP %s %d", key, TAKE);
    int rc = link_replies(link, f->owed, err);
    f->owed = 0;
    for (size_t first = waits; rc == 0 && first < 2; first--) { /* BLPOP says the key first */
        rc = link_reply(link, &reply, err);
        for (size_t i = first; rc == 0 && reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
            rc = message_take(f, reply->element[i], err);
        freeReplyObject(reply);
    }
    return rc;
}

/* -- what is with nobody ---------------------------------------------------------------------------------------------- */

/* The jobs of a message are with somebody, or still in the queue. */
static void message_mark(struct feeder *f, const redisReply *reply, bool done)
{
    struct message_reader reader;
    struct message_part part;
    uint32_t worker;
    if (reply->type != REDIS_REPLY_STRING || (done ? message_open_done(&reader, reply->str, (size_t)reply->len, &worker)
                                                   : message_open_jobs(&reader, reply->str, (size_t)reply->len)))
        return;
    while ((done ? message_next_done(&reader, &part) : message_next_job(&reader, &part)) == 1)
        if (part.job < f->how->jobs)
            bit_set(f->is_known, part.job);
}

/* Marks what stands in all lists. */
static int lists_mark(struct feeder *f, struct cobench_error *err)
{
    struct redis_link *link = &f->redis->link;
    char key[KEY_SIZE];
    int rc = 0;
    /* In the order in which a message goes through them, so that none is missed that moves on meanwhile. */
    redisAppendCommand(link->redis, "LRANGE %s 0 -1", redis_key(f->redis, "jobs", key));
    for (unsigned i = 0; i < f->how->workers; i++)
        redisAppendCommand(link->redis, "LRANGE %s 0 -1", redis_taken_key(f->redis, i, key));
    redisAppendCommand(link->redis, "LRANGE %s 0 -1", redis_key(f->redis, "done", key));
    for (unsigned i = 0; rc == 0 && i < f->how->workers + 2; i++) {
        redisReply *reply;
        rc = link_reply(link, &reply, err);
        for (size_t k = 0; rc == 0 && k < reply->elements; k++)
            message_mark(f, reply->element[k], i == f->how->workers + 1);
        freeReplyObject(reply);
    }
    return rc;
}

/* Whether a worker that lives has this job in hand though it stands in no list, as the slots tell that workers of this host share:
 * it, or another of its message, has been begun. */
static bool job_is_in_hand(const struct feeder *f, uint64_t job, unsigned dead)
{
    const uint64_t first = job / f->how->chunk * f->how->chunk;
    if (state_of(f, job) == SLOT_RUNNING)
        return f->how->slots[job].worker != (int32_t)dead;
    for (uint64_t i = first; dead == NOBODY && i < first + f->how->chunk && i < f->next; i++)
        if (state_of(f, i) != SLOT_EMPTY)
            return true;
    return false;
}

/* Counts one more worker that died with the job or stalled at it; true: it is given up, which is noted. */
static bool job_is_poisoned(struct feeder *f, uint64_t job, unsigned worker)
{
    struct death *death = f->deaths;
    while (death < f->deaths + f->death_count && death->job != job)
        death++;
    if (death == f->deaths + f->death_count) {
        struct death *grown = realloc(f->deaths, (f->death_count + 1) * sizeof *grown);
        if (!grown)
            return false;
        f->deaths = grown;
        death = grown + f->death_count++;
        *death = (struct death){.job = job};
    }
    if (++death->count < DEATHS_MAX)
        return false;
    run_bury(f->how->run, job);
    feeder_note(f, job, (int32_t)worker, "Poisoned", "%u workers died or stalled while they had it: it is given up",
                DEATHS_MAX);
    return true;
}

/* Finds each job that was handed out, is not answered for and with nobody, and hands it out again. `dead`: a worker whose jobs are
 * no more with it; NOBODY: none died, but the lists may have been lost. */
static int feeder_reconcile(struct feeder *f, unsigned dead, struct cobench_error *err)
{
    memset(f->is_known, 0, f->how->jobs / 8 + 1);
    for (size_t i = 0; i < f->again_count; i++)
        bit_set(f->is_known, f->again[i]);
    int rc = lists_mark(f, err);
    for (uint64_t job = f->lowest; rc == 0 && job < f->next; job++) {
        if (bit_is(f->is_answered, job) || bit_is(f->is_known, job))
            continue;
        if (state_of(f, job) >= SLOT_DONE) /* in the slots that workers of this host share: the answer alone was lost */
            feeder_answered(f, job);
        else if (job_is_in_hand(f, job, dead))
            continue;
        else if (dead != NOBODY && job_is_poisoned(f, job, dead))
            feeder_answered(f, job);
        else
            rc = again_add(f, job, err);
    }
    return rc;
}

/* The server is back, perhaps without its lists. */
static int feeder_recover(struct feeder *f, struct cobench_error *err)
{
    int rc;
    do {
        f->owed = 0;
        rc = link_again(&f->redis->link, err);
        if (rc == 0)
            rc = redis_publish(f->redis, err);
        if (rc == 0)
            rc = feeder_reconcile(f, NOBODY, err);
    } while (rc == -ECONNRESET);
    return rc;
}

/* What workers that died had taken goes to others. */
static int feeder_bury(struct feeder *f, struct cobench_error *err)
{
    char key[KEY_SIZE];
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < f->how->workers; i++) {
        if (!atomic_load(&f->redis->lost[i]))
            continue;
        redisAppendCommand(f->redis->link.redis, "DEL %s", redis_taken_key(f->redis, i, key));
        rc = link_replies(&f->redis->link, 1, err);
        if (rc == 0)
            rc = feeder_reconcile(f, i, err);
        if (rc == 0) /* else once more, when the server is back */
            atomic_store(&f->redis->lost[i], 0);
    }
    return rc;
}

/* -- those that stall ------------------------------------------------------------------------------------------------- */

/* A worker has had the same message for longer than a request may take: its jobs go to others, and what it may still do with them
 * is seen when it answers. */
static int stalled_give_back(struct feeder *f, unsigned worker, const redisReply *held, struct cobench_error *err)
{
    struct message_reader reader;
    struct message_part part;
    redisReply *reply;
    char key[KEY_SIZE];
    redisAppendCommand(f->redis->link.redis, "LREM %s 1 %b", redis_taken_key(f->redis, worker, key), held->str,
                       (size_t)held->len);
    int rc = link_reply(&f->redis->link, &reply, err);
    const bool removed = rc == 0 && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
    freeReplyObject(reply);
    if (!removed) /* it has answered meanwhile */
        return rc;
    feeder_note(f, FAILURE_NO_JOB, (int32_t)worker, "Stalled",
                "worker %u has had job %llu for longer than %.3g s (--request-timeout): it is handed to another",
                worker, (unsigned long long)f->sights[worker].job, (double)f->how->timeout_ns / (double)NS_PER_S);
    if (message_open_jobs(&reader, held->str, (size_t)held->len))
        return 0;
    while (rc == 0 && message_next_job(&reader, &part) == 1) {
        if (part.job >= f->next || bit_is(f->is_answered, part.job) || state_of(f, part.job) >= SLOT_DONE)
            continue;
        if (job_is_poisoned(f, part.job, worker))
            feeder_answered(f, part.job);
        else
            rc = again_add(f, part.job, err);
    }
    return rc;
}

static int sight_take(struct feeder *f, unsigned worker, const redisReply *held, struct cobench_error *err)
{
    struct sight *sight = &f->sights[worker];
    struct message_reader reader;
    struct message_part part = {.job = UINT64_MAX};
    if (held->type == REDIS_REPLY_STRING && message_open_jobs(&reader, held->str, (size_t)held->len) == 0)
        (void)message_next_job(&reader, &part); /* none in it: the end */
    if (sight->job != part.job)
        *sight = (struct sight){.job = part.job, .since_ns = clock_now_ns()};
    else if (part.job != UINT64_MAX && clock_now_ns() - sight->since_ns > f->how->timeout_ns)
        return stalled_give_back(f, worker, held, err);
    return 0;
}

/* From time to time: who has what, and for how long; and the keys are kept from expiring. */
static int feeder_sweep(struct feeder *f, struct cobench_error *err)
{
    struct redis_link *link = &f->redis->link;
    char key[KEY_SIZE];
    int rc = 0;
    f->sweep_ns = clock_now_ns() + (f->how->timeout_ns < 40 * NS_PER_S ? f->how->timeout_ns / 4 : 10 * NS_PER_S);
    for (size_t i = 0; rc == 0 && i < 3; i++) {
        static const char *const names[] = {"jobs", "done", "clock"};
        redisAppendCommand(link->redis, "EXPIRE %s %d", redis_key(f->redis, names[i], key), KEYS_S);
        rc = link_replies(link, 1, err);
    }
    for (unsigned i = 0; rc == 0 && i < f->how->workers; i++) {
        redisReply *reply;
        redis_taken_key(f->redis, i, key);
        redisAppendCommand(link->redis, "EXPIRE %s %d", key, KEYS_S);
        redisAppendCommand(link->redis, "LINDEX %s 0", key);
        rc = link_replies(link, 1, err);
        if (rc == 0)
            rc = link_reply(link, &reply, err);
        if (rc)
            break;
        rc = sight_take(f, i, reply, err);
        freeReplyObject(reply);
    }
    return rc;
}

/* -- the loop --------------------------------------------------------------------------------------------------------- */

/* Sleeps a little where all workers have enough to do, so that their answers come many at a time: each wait for a single one
 * would cost the server as much as the job does. */
static void feeder_nap(const struct feeder *f, uint64_t before)
{
    const uint64_t few = f->window / 8, enough = 4u * f->how->workers * f->how->chunk;
    if (f->answered > before && f->answered - before < few && f->out > enough)
        (void)clock_sleep_until(clock_now_ns() + NAP_NS); /* cannot fail */
}

/* How long to wait for an answer: not longer than until the next job is due. Less than the server can wait is slept here. */
static int64_t feeder_patience(const struct feeder *f)
{
    const int64_t left = f->due_ns && f->out < f->window ? f->due_ns - clock_now_ns() : POLL_NS;
    if (left < NS_PER_MS)
        (void)clock_sleep_until(f->due_ns); /* an instant of this clock: it cannot fail */
    return left < POLL_NS ? left : POLL_NS;
}

static int feeder_turn(struct feeder *f, struct cobench_error *err)
{
    const uint64_t before = f->answered;
    int rc = feeder_hand_out(f, err);
    if (rc == 0)
        rc = feeder_collect(f, feeder_patience(f), err);
    if (rc == 0)
        rc = feeder_bury(f, err);
    if (rc == 0 && clock_now_ns() >= f->sweep_ns)
        rc = feeder_sweep(f, err);
    if (rc == -ECONNRESET)
        rc = feeder_recover(f, err);
    feeder_nap(f, before);
    return rc;
}

/* Tells each worker the end. */
static int feeder_stop(struct feeder *f, struct cobench_error *err)
{
    static const uint32_t stop = 0;
    char key[KEY_SIZE];
    if (!f->redis->link.redis) /* lost for good */
        return -ECONNRESET;
    redis_key(f->redis, "jobs", key);
    for (unsigned i = 0; i < f->how->workers; i++)
        redisAppendCommand(f->redis->link.redis, "RPUSH %s %b", key, &stop, sizeof stop);
    return link_replies(&f->redis->link, f->how->workers, err);
}

/* Until all workers have ended: those that stalled are ended when a request's time is over, and what was done twice until then is
 * found. A server that is lost now has nothing that is needed: workers leave by what they share with us. */
static void feeder_finish(struct feeder *f)
{
    const int64_t until = clock_now_ns() + f->how->timeout_ns;
    struct cobench_error ignored;
    struct pollfd fd = {.fd = f->redis->wake, .events = POLLIN};
    bool killed = false;
    atomic_store(&f->redis->fed, 1);
    const int rc = feeder_stop(f, &ignored);
    atomic_store(f->redis->over, 1);
    while (!atomic_load(&f->redis->ended)) {
        uint64_t count;
        (void)poll(&fd, 1, (int)(POLL_NS / NS_PER_MS)); /* interrupted: it looks once more */
        if (read(f->redis->wake, &count, sizeof count) < 0 && f->how->processes && !killed && clock_now_ns() > until) {
            killed = true;
            children_terminate(f->how->run->children);
        }
    }
    if (rc == 0)
        (void)feeder_collect(f, NS_PER_MS, &ignored);
}

static int feeder_open(struct feeder *f, struct redis *r, struct cobench_error *err)
{
    const struct dispenser_options *how = r->how;
    const uint64_t most = WINDOW_BYTES / (how->payload + 64) + 1, least = 2u * how->workers * how->chunk;
    *f = (struct feeder){.redis = r, .how = how, .window = (uint64_t)WINDOW * how->workers * how->chunk};
    if (f->window > most)
        f->window = most > least ? most : least;
    f->is_answered = calloc(how->jobs / 8 + 1, 1);
    f->is_known = calloc(how->jobs / 8 + 1, 1);
    f->sights = calloc(how->workers, sizeof *f->sights);
    for (unsigned i = 0; f->sights && i < how->workers; i++)
        f->sights[i].job = UINT64_MAX;
    f->sweep_ns = clock_now_ns() + how->timeout_ns / 4;
    return f->is_answered && f->is_known && f->sights ? 0 : no_memory(err);
}

static void feeder_close(struct feeder *f)
{
    for (unsigned i = 0; i < BATCH; i++)
        message_free(&f->batch[i]);
    free(f->sights);
    free(f->deaths);
    free(f->again);
    free(f->is_known);
    free(f->is_answered);
}

int redis_feed(void *state, struct cobench_error *err)
{
    struct redis *r = state;
    struct feeder f;
    int rc = feeder_open(&f, r, err);
    while (rc == 0 && f.answered < r->how->jobs && !atomic_load(&r->ended) && !atomic_load(r->over))
        rc = feeder_turn(&f, err);
    feeder_finish(&f);
    feeder_close(&f);
    return rc;
}
