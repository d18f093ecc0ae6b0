/* SPDX-License-Identifier: MIT */
/*
 * threads: a thread of its own for each job, at most `workers` of them alive. The calling thread starts them and joins
 * each that has ended before its slot is taken again, so that "alive" is what the kernel would say too.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/error.h"
#include "host/join.h"
#include "host/limits.h"
#include "host/models.h"
#include "host/run.h"
#include "host/worker.h"

struct pool;

/* A slot for one thread. */
struct thread_slot {
    struct pool *pool;
    pthread_t thread;
    uint64_t job;
    struct thread_slot *next; /* in `idle` or `ended` */
};

struct pool {
    struct run *run;
    struct thread_slot *slots;
    struct thread_slot *idle; /* the calling thread's own */
    unsigned alive;           /* likewise */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct thread_slot *ended; /* under lock: to be joined */
};

static void *slot_main(void *arg)
{
    struct thread_slot *slot = arg;
    struct pool *pool = slot->pool;
    struct worker worker;
    struct cobench_error err;

    error_clear(&err);
    const int rc = worker_open(&worker, pool->run, (int32_t)slot->job, 0, true, &err);
    if (rc) {
        run_unstarted(pool->run, slot->job, (int32_t)slot->job, rc, &err);
    } else {
        worker_job(&worker, slot->job);
        end_pause_last(&worker);
        worker_close(&worker);
    }
    pthread_mutex_lock(&pool->lock);
    slot->next = pool->ended;
    pool->ended = slot;
    pthread_cond_signal(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Waits until a thread has ended, and joins all that have. */
static void pool_join_ended(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->ended)
        pthread_cond_wait(&pool->changed, &pool->lock);
    struct thread_slot *ended = pool->ended;
    pool->ended = NULL;
    pthread_mutex_unlock(&pool->lock);
    while (ended) {
        struct thread_slot *slot = ended;
        ended = slot->next;
        pthread_join(slot->thread, NULL);
        pool->alive--;
        slot->next = pool->idle;
        pool->idle = slot;
    }
}

static int pool_start(struct pool *pool, uint64_t job, struct cobench_error *err)
{
    struct thread_slot *slot = pool->idle;
    struct thread_slot *const rest = slot->next; /* once it runs, `next` is the thread's */
    slot->job = job;
    const int rc = run_start_thread(pool->run, &slot->thread, slot_main, slot);
    if (rc)
        return limits_explain_start(rc, "a thread", pool->alive, err);
    pool->idle = rest;
    pool->alive++;
    return 0;
}

static int pool_run(struct pool *pool, struct cobench_error *err)
{
    struct dispenser *dispenser = pool->run->dispenser;
    uint64_t job;
    int rc = run_gate(pool->run, err);
    if (rc)
        return rc;
    while (rc == 0 && dispenser_next(dispenser, 0, &job)) {
        if (!pool->idle)
            pool_join_ended(pool);
        if (pool->run->join && join_state(pool->run->join, job) != SLOT_EMPTY) /* by another, whose job needed it */
            continue;
        rc = pool_start(pool, job, err);
    }
    if (rc && pool->run->join)
        join_abandon(pool->run->join);
    while (pool->alive > 0)
        pool_join_ended(pool);
    return rc;
}

static int threads_run(struct run *run, struct cobench_error *err)
{
    struct pool pool = {.run = run, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    pool.slots = calloc(run->workers, sizeof *pool.slots);
    if (!pool.slots)
        return error_fill(err, -ENOMEM, "out of memory for %u threads", run->workers);
    for (unsigned i = run->workers; i-- > 0;) {
        pool.slots[i] = (struct thread_slot){.pool = &pool, .next = pool.idle};
        pool.idle = &pool.slots[i];
    }
    const int rc = pool_run(&pool, err);
    if (rc == 0)
        run_stamp_work(run);
    pthread_cond_destroy(&pool.changed);
    pthread_mutex_destroy(&pool.lock);
    free(pool.slots);
    return rc;
}

const struct model model_threads = {
    .name = "threads",
    .about = "a thread for each job",
    .joins = true,
    .run = threads_run,
};
