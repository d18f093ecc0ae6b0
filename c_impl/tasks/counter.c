/* SPDX-License-Identifier: MIT */
/* `counter`: the smallest thing that jobs can change in common. An addition reads, adds and writes, as it does in most languages;
 * where another's write falls between, it is lost, and the audit finds how many were. With `pause` a job waits between its read
 * and its write, and loses the same without any thread. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cobench/task.h"
#include "tasks/lib/locks.h"
#include "tasks/lib/shared.h"

/* The rows of params and the choices of `lock`, by their places. */
enum { ADDS, LOCK, PAUSE };
enum { LOCK_NONE, LOCK_ONE, LOCK_ATOMIC, LOCK_OWN, LOCK_ADJACENT };

#define NS_PER_MS  INT64_C(1000000)
#define LINE_WORDS 8u /* words of 64 bits in a cache line */

/* What all workers change, zeros at first. */
struct tally {
    uint64_t count, behind_count[LINE_WORDS - 1];
    uint64_t workers, behind_workers[LINE_WORDS - 1]; /* how many have opened */
    uint64_t cells[]; /* with `pause` what each job has read, else a counter for each worker: no more than jobs */
};

struct counter {
    uint64_t adds, jobs, lock, stride; /* stride: words from a cell to the next */
    int64_t pause_ns;
    size_t size; /* of the tally, in bytes */
    struct tally *tally;
    struct locks locks;
};

struct counter_worker {
    struct locks_user user;
    uint64_t *own;
};

static int counter_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    const struct cobench_value *values = how->values;
    if (values[PAUSE].number > 0 && values[LOCK].number != LOCK_NONE) {
        snprintf(err->message, sizeof err->message, "pause: with lock=none only, as no lock is held while a job waits");
        return -EINVAL;
    }
    struct counter *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct counter){.adds = (uint64_t)values[ADDS].number,
                          .jobs = how->jobs,
                          .lock = (uint64_t)values[LOCK].number,
                          .stride = values[LOCK].number == LOCK_OWN ? LINE_WORDS : 1,
                          .pause_ns = values[PAUSE].number * NS_PER_MS};
    c->size = sizeof *c->tally + c->jobs * c->stride * sizeof(uint64_t);
    void *tally = NULL;
    int rc = locks_open(&c->locks, "counter", 1, how->jobs, err);
    if (rc == 0 && (rc = shared_open(c->size, &tally, err)) != 0)
        locks_close(&c->locks);
    c->tally = tally;
    if (rc)
        free(c);
    else
        *state = c;
    return rc;
}

static void counter_close(void *state)
{
    struct counter *c = state;
    shared_close(c->tally, c->size);
    locks_close(&c->locks);
    free(c);
}

static int counter_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    struct counter *c = state;
    (void)flags;
    const uint64_t number = __atomic_fetch_add(&c->tally->workers, 1, __ATOMIC_RELAXED);
    if (number >= c->jobs) { /* in the place of one that died */
        snprintf(err->message, sizeof err->message, "more workers than the %" PRIu64 " jobs", c->jobs);
        return -EAGAIN;
    }
    struct counter_worker *w = aligned_alloc(64, 64); /* a cache line, as its neighbours' are none of its business */
    if (!w)
        return -ENOMEM;
    *w = (struct counter_worker){.own = &c->tally->cells[number * c->stride]};
    *worker = w;
    return 0;
}

static int counter_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                           struct cobench_error *err)
{
    struct counter *c = state;
    (void)worker, (void)err;
    if (c->pause_ns > 0) {
        c->tally->cells[job] = c->tally->count;
        ask->ask = COBENCH_ASK_DELAY;
        ask->delay_ns = c->pause_ns;
    }
    return 0;
}

/* -- the ways of adding ------------------------------------------------------------------------------------------------- */

/* Read, add, write: the compiler may neither make one addition of all nor keep the number in a register from one to the next. */
static inline void add_plain(uint64_t *count)
{
    ++*count;
    __asm__ volatile("" ::: "memory");
}

static void add_each(uint64_t *count, uint64_t adds)
{
    for (uint64_t i = 0; i < adds; i++)
        add_plain(count);
}

static void add_atomic(uint64_t *count, uint64_t adds)
{
    for (uint64_t i = 0; i < adds; i++)
        __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

static int add_locked(struct counter *c, struct locks_user *user, uint64_t adds, struct cobench_error *err)
{
    for (uint64_t i = 0; i < adds; i++) {
        const int rc = locks_take(&c->locks, 0, user, err);
        if (rc)
            return rc;
        add_plain(&c->tally->count);
        locks_give(&c->locks, 0);
    }
    return 0;
}

static int counter_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                       struct cobench_error *err)
{
    struct counter *c = state;
    struct counter_worker *w = worker;
    uint64_t from, to;
    int rc = 0;
    (void)reply;
    cobench_slice(c->adds, job, c->jobs, &from, &to);
    w->user = (struct locks_user){.job = job};
    if (c->pause_ns > 0)
        c->tally->count = c->tally->cells[job] + (to - from);
    else if (c->lock == LOCK_NONE)
        add_each(&c->tally->count, to - from);
    else if (c->lock == LOCK_ONE)
        rc = add_locked(c, &w->user, to - from, err);
    else if (c->lock == LOCK_ATOMIC)
        add_atomic(&c->tally->count, to - from);
    else
        add_each(w->own, to - from);
    *result = to - from;
    return rc;
}

static int counter_audit(void *state, struct cobench_audit *audit, struct cobench_error *err)
{
    const struct counter *c = state;
    uint64_t count = c->tally->count;
    (void)err;
    for (uint64_t i = 0; c->lock >= LOCK_OWN && i < c->jobs; i++)
        count += c->tally->cells[i * c->stride];
    audit->of = c->adds;
    audit->wrong = count < c->adds ? c->adds - count : count - c->adds;
    if (audit->wrong > 0)
        snprintf(audit->finding, sizeof audit->finding, "the counter is %" PRIu64 " after %" PRIu64 " additions", count,
                 c->adds);
    return 0;
}

static const struct cobench_param params[] = {
    {.key = "adds",
     .type = COBENCH_PARAM_INT,
     .fallback = "1000000",
     .min = 1,
     .max = 1000000000000,
     .about = "additions, shared by the jobs"},
    {.key = "lock",
     .type = COBENCH_PARAM_CHOICE,
     .fallback = "one",
     .choices = "none|one|atomic|own|adjacent",
     .about = "what keeps others out: one lock, atomic additions, or a counter for each worker, in a cache line of its "
              "own or side by side"},
    {.key = "pause",
     .type = COBENCH_PARAM_INT,
     .fallback = "0",
     .min = 0,
     .max = 3600000,
     .about = "how long a job waits between reading the counter and writing it, in milliseconds; with lock=none only"},
    {.key = NULL},
};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_DELAY,
    .name = "counter",
    .about = "additions to a counter that all workers share",
    .default_jobs = 8,
    .splits = 1,
    .params = params,
    .open = counter_open,
    .close = counter_close,
    .worker_open = counter_worker_open,
    .worker_close = locks_worker_close,
    .request = counter_request,
    .run = counter_run,
    .waited = locks_waited,
    .audit = counter_audit,
};
