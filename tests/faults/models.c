/* SPDX-License-Identifier: MIT */
/* The C host's table of models with three more, for build/cobench-host-faulty: `same` is sync under another name,
 * `slower` does 3% more work than sync, `pretend` has as many threads as it is told and lets one of them work at a
 * time. What the driver makes of them is what scripts/checks/faults.py shows. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/models.h"
#include "host/run.h"
#include "host/worker.h"

#define SLOWER_EVERY 100 /* of so many jobs, ... */
#define SLOWER_BY    3   /* ... so many are computed twice */

static int same_run(struct run *run, struct cobench_error *err) { return model_sync.run(run, err); }

/* Computes a job without telling anybody. */
static int job_again(struct run *run, struct worker *worker, uint64_t job, struct cobench_error *err)
{
    uint64_t result;
    return run->task->run(run->state, worker->task, job, NULL, &result, err);
}

/* Jobs that ask for nothing, one after the other. The more work stands before the job it is added to, inside the time of
 * the work. */
static int slower_run(struct run *run, struct cobench_error *err)
{
    struct worker worker;
    uint64_t job;
    if (run->task->request)
        return -ENOTSUP;
    int rc = worker_open(&worker, run, 0, 0, true, err);
    if (rc)
        return rc;
    rc = run_gate(run, err);
    while (rc == 0 && dispenser_next(run->dispenser, 0, &job)) {
        if (job % SLOWER_EVERY < SLOWER_BY)
            rc = job_again(run, &worker, job, err);
        worker_job(&worker, job);
    }
    if (rc == 0)
        end_pause_all(&worker);
    worker_close(&worker);
    if (rc == 0)
        run_stamp_work(run);
    return rc;
}

static const struct model model_same = {
    .name = "same",
    .about = "sync under another name",
    .one_at_a_time = true,
    .run = same_run,
};

static const struct model model_slower = {
    .name = "slower",
    .about = "sync with 3% more work",
    .one_at_a_time = true,
    .run = slower_run,
};

/* -- pretend -------------------------------------------------------------------------------------------------------- */

struct pretence {
    struct run *run;
    pthread_mutex_t turn, gate; /* the gate is held until the jobs may begin */
    int rc;
};

struct pretender {
    struct pretence *pretence;
    pthread_t thread;
    struct worker worker;
};

static void *pretender_main(void *arg)
{
    struct pretender *p = arg;
    struct dispenser *dispenser = p->pretence->run->dispenser;
    uint64_t job;
    pthread_mutex_lock(&p->pretence->gate);
    pthread_mutex_unlock(&p->pretence->gate);
    while (dispenser_next(dispenser, (unsigned)p->worker.id, &job)) {
        pthread_mutex_lock(&p->pretence->turn);
        worker_job(&p->worker, job);
        pthread_mutex_unlock(&p->pretence->turn);
    }
    end_pause_all(&p->worker);
    return NULL;
}

static int pretend_run(struct run *run, struct cobench_error *err)
{
    struct pretence pretence = {.run = run, .turn = PTHREAD_MUTEX_INITIALIZER, .gate = PTHREAD_MUTEX_INITIALIZER};
    struct pretender *members = calloc(run->workers, sizeof *members);
    unsigned started = 0;
    int rc = members ? 0 : -ENOMEM;
    pthread_mutex_lock(&pretence.gate);
    for (; rc == 0 && started < run->workers; started++) {
        struct pretender *p = &members[started];
        p->pretence = &pretence;
        rc = worker_open(&p->worker, run, (int32_t)started, 0, true, err);
        if (rc)
            break;
        rc = -pthread_create(&p->thread, NULL, pretender_main, p);
        if (rc)
            worker_close(&p->worker);
        if (rc)
            break;
    }
    if (rc == 0)
        rc = run_gate(run, err);
    pthread_mutex_unlock(&pretence.gate);
    for (unsigned i = 0; i < started; i++) {
        pthread_join(members[i].thread, NULL);
        worker_close(&members[i].worker);
    }
    if (rc == 0)
        run_stamp_work(run);
    free(members);
    return rc;
}

static const struct model model_pretend = {
    .name = "pretend",
    .about = "threads of which one works at a time",
    .run = pretend_run,
};

const struct model *const models[] = {
    &model_sync,  &model_threads, &model_thread_pool, &model_processes, &model_process_pool,
    &model_async, &model_same,    &model_slower,      &model_pretend,   NULL,
};
