/* SPDX-License-Identifier: MIT */
/* The pool's gate, and members as pthreads. */
#include "host/pool.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/cpus.h"
#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/error.h"
#include "host/limits.h"
#include "host/run.h"

/* -- the gate --------------------------------------------------------------------------------------------------------- */

void pool_open(struct pool *pool, struct run *run, unsigned members)
{
    *pool = (struct pool){.run = run,
                          .members = members,
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .ready = PTHREAD_COND_INITIALIZER,
                          .opened = PTHREAD_COND_INITIALIZER};
}

void pool_close(struct pool *pool)
{
    pthread_cond_destroy(&pool->opened);
    pthread_cond_destroy(&pool->ready);
    pthread_mutex_destroy(&pool->lock);
}

/* The first failure is the run's. */
static void failure_keep(struct pool *pool, int rc, const struct cobench_error *err)
{
    if (rc && !pool->rc) {
        pool->rc = rc;
        pool->error = *err;
    }
}

int pool_pin(const struct run *run, unsigned id, struct cobench_error *err)
{
    const int rc = run && run->knobs.pin ? cpus_pin(id) : 0;
    return rc ? error_fill(err, rc, "a thread cannot be kept on a CPU: %s", strerror(-rc)) : 0;
}

void pool_arrive(struct pool *pool, int rc, const struct cobench_error *err)
{
    pthread_mutex_lock(&pool->lock);
    failure_keep(pool, rc, err);
    pool->arrived++;
    pthread_cond_signal(&pool->ready);
    pthread_mutex_unlock(&pool->lock);
}

bool pool_wait(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->state == POOL_WAITING)
        pthread_cond_wait(&pool->opened, &pool->lock);
    const bool go = pool->state == POOL_RUNNING;
    pthread_mutex_unlock(&pool->lock);
    return go;
}

static void pool_release(struct pool *pool, enum pool_state state)
{
    pthread_mutex_lock(&pool->lock);
    pool->state = state;
    pthread_cond_broadcast(&pool->opened);
    pthread_mutex_unlock(&pool->lock);
}

/* What went wrong in a member so far. */
static int failure_of(struct pool *pool, struct cobench_error *err)
{
    pthread_mutex_lock(&pool->lock);
    const int rc = pool->rc;
    if (rc)
        *err = pool->error;
    pthread_mutex_unlock(&pool->lock);
    return rc;
}

int pool_gate(struct pool *pool, struct cobench_error *err)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->arrived < pool->members)
        pthread_cond_wait(&pool->ready, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    int rc = failure_of(pool, err);
    if (rc == 0)
        rc = dispenser_gate(pool->run, err);
    pool_release(pool, rc ? POOL_GIVEN_UP : POOL_RUNNING);
    return rc;
}

/* -- pthreads --------------------------------------------------------------------------------------------------------- */

struct member {
    struct pool *pool;
    const struct pool_work *work;
    unsigned id;
    void *own;
    pthread_t thread;
};

static void member_work(const struct member *m)
{
    struct pool *pool = m->pool;
    struct cobench_error err;
    error_clear(&err);
    const int rc = m->work->work(m->own, &err);
    if (rc == 0)
        return;
    pthread_mutex_lock(&pool->lock);
    failure_keep(pool, rc, &err);
    pthread_mutex_unlock(&pool->lock);
    end_pause_announce(pool->run); /* its jobs cannot end any more: the others wait for nothing */
}

/* Connections stay until every member is through: closing one takes a server time that it would not have for the others' jobs. */
static void member_rest(struct pool *pool)
{
    if (!pool->run->transport)
        return;
    pthread_mutex_lock(&pool->lock);
    if (--pool->arrived == 0)
        pthread_cond_broadcast(&pool->opened);
    while (pool->arrived > 0)
        pthread_cond_wait(&pool->opened, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

static void *member_main(void *arg)
{
    const struct member *m = arg;
    struct cobench_error err;
    error_clear(&err);
    int rc = pool_pin(m->pool->run, m->id, &err);
    if (rc == 0)
        rc = m->work->open(m->own, m->pool->run, m->id, m->pool->members, &err);
    pool_arrive(m->pool, rc, &err);
    if (pool_wait(m->pool)) {
        member_work(m);
        member_rest(m->pool);
    }
    if (rc == 0)
        m->work->close(m->own);
    return NULL;
}

/* Starts them all, and waits until all are through; without a run only to see whether they can be there. */
static int members_run(struct pool *pool, struct member *members, struct cobench_error *err)
{
    unsigned started = 0;
    int rc = 0;
    for (; rc == 0 && started < pool->members; started += rc == 0) {
        rc = run_start_thread(pool->run, &members[started].thread, member_main, &members[started]);
        if (rc)
            limits_explain_start(rc, "a thread", started, err);
    }
    if (rc == 0 && pool->run)
        rc = pool_gate(pool, err);
    else
        pool_release(pool, POOL_GIVEN_UP);
    while (started > 0)
        pthread_join(members[--started].thread, NULL);
    if (rc == 0 && pool->run)
        rc = dispenser_finish(pool->run, err);
    return rc ? rc : failure_of(pool, err);
}

static int pool_start(struct run *run, unsigned count, const struct pool_work *work, struct cobench_error *err)
{
    const size_t each = (work->size + 63) / 64 * 64; /* none shares a cache line with its neighbour */
    struct member *members = calloc(count, sizeof *members);
    char *own = aligned_alloc(64, count * each);
    struct pool pool;
    int rc;
    if (!members || !own) {
        rc = error_fill(err, -ENOMEM, "out of memory for %u threads", count);
    } else {
        memset(own, 0, count * each);
        pool_open(&pool, run, count);
        for (unsigned i = 0; i < count; i++)
            members[i] = (struct member){.pool = &pool, .work = work, .id = i, .own = own + i * each};
        rc = members_run(&pool, members, err);
        pool_close(&pool);
    }
    free(own);
    free(members);
    return rc;
}

int pool_run(struct run *run, unsigned members, const struct pool_work *work, struct cobench_error *err)
{
    int rc = run_gate_cold(run, err);
    if (rc == 0)
        rc = pool_start(run, members, work, err);
    if (rc == 0)
        run_stamp_work(run);
    return rc;
}

static int idle_open(void *own, struct run *run, unsigned id, unsigned members, struct cobench_error *err)
{
    (void)own, (void)run, (void)id, (void)members, (void)err;
    return 0;
}

static void idle_close(void *own) { (void)own; }

int pool_probe(unsigned members, struct cobench_error *err)
{
    static const struct pool_work idle = {.size = 1, .open = idle_open, .close = idle_close};
    return pool_start(NULL, members, &idle, err);
}
