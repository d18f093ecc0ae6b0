/* SPDX-License-Identifier: MIT */
/* thread-pool: a fixed number of threads, all open and waiting before the gate, that draw jobs until none is left. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "host/end_pause.h"
#include "host/error.h"
#include "host/limits.h"
#include "host/models.h"
#include "host/run.h"
#include "host/worker.h"

enum pool_state { POOL_WAITING, POOL_RUNNING, POOL_GIVEN_UP };

struct pool;

struct member {
    struct pool *pool;
    pthread_t thread;
    int32_t id;
};

struct pool {
    struct run *run;
    struct member *members;
    unsigned started;
    pthread_mutex_t lock;
    pthread_cond_t ready, opened;
    /* under lock */
    unsigned arrived; /* workers that are open, or have failed to */
    enum pool_state state;
    int rc; /* of the first worker that did not open */
    struct cobench_error error;
};

/* A worker says that it is there and waits for the gate. False: the run does not take place. */
static bool pool_arrive(struct pool *pool, int rc, const struct cobench_error *err)
{
    pthread_mutex_lock(&pool->lock);
    if (rc && !pool->rc) {
        pool->rc = rc;
        pool->error = *err;
    }
    pool->arrived++;
    pthread_cond_signal(&pool->ready);
    while (pool->state == POOL_WAITING)
        pthread_cond_wait(&pool->opened, &pool->lock);
    const bool go = pool->state == POOL_RUNNING;
    pthread_mutex_unlock(&pool->lock);
    return go;
}

static void *member_main(void *arg)
{
    struct member *member = arg;
    struct worker worker;
    struct cobench_error err;

    error_clear(&err);
    const int rc = worker_open(&worker, member->pool->run, member->id, 0, true, &err);
    if (pool_arrive(member->pool, rc, &err)) {
        worker_drain(&worker);
        end_pause_all(&worker);
    }
    if (rc == 0)
        worker_close(&worker);
    return NULL;
}

static int pool_start(struct pool *pool, struct cobench_error *err)
{
    for (; pool->started < pool->run->workers; pool->started++) {
        struct member *member = &pool->members[pool->started];
        *member = (struct member){.pool = pool, .id = (int32_t)pool->started};
        const int rc = -pthread_create(&member->thread, NULL, member_main, member);
        if (rc)
            return limits_explain_start(rc, "a thread", pool->started, err);
    }
    return 0;
}

/* Waits until every worker is open. */
static int pool_warm(struct pool *pool, struct cobench_error *err)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->arrived < pool->started)
        pthread_cond_wait(&pool->ready, &pool->lock);
    const int rc = pool->rc;
    if (rc)
        *err = pool->error;
    pthread_mutex_unlock(&pool->lock);
    return rc;
}

static void pool_release(struct pool *pool, enum pool_state state)
{
    pthread_mutex_lock(&pool->lock);
    pool->state = state;
    pthread_cond_broadcast(&pool->opened);
    pthread_mutex_unlock(&pool->lock);
}

static int thread_pool_run(struct run *run, struct cobench_error *err)
{
    struct pool pool = {.run = run,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .ready = PTHREAD_COND_INITIALIZER,
                        .opened = PTHREAD_COND_INITIALIZER};
    pool.members = calloc(run->workers, sizeof *pool.members);
    if (!pool.members)
        return error_fill(err, -ENOMEM, "out of memory for %u threads", run->workers);
    int rc = pool_start(&pool, err);
    if (rc == 0)
        rc = pool_warm(&pool, err);
    if (rc == 0)
        rc = run_gate(run, err);
    pool_release(&pool, rc ? POOL_GIVEN_UP : POOL_RUNNING);
    for (unsigned i = 0; i < pool.started; i++)
        pthread_join(pool.members[i].thread, NULL);
    if (rc == 0)
        run_stamp_work(run);
    pthread_cond_destroy(&pool.opened);
    pthread_cond_destroy(&pool.ready);
    pthread_mutex_destroy(&pool.lock);
    free(pool.members);
    return rc;
}

const struct model model_thread_pool = {
    .name = "thread-pool",
    .about = "a fixed number of threads drawing jobs",
    .run = thread_pool_run,
};
