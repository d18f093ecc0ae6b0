/* SPDX-License-Identifier: MIT */
/* thread: a thread for each connection, started when it comes and gone with it. At most `workers` are alive; more connections wait
 * to be accepted. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host/error.h"
#include "host/run.h"
#include "host/shared_state.h"
#include "host/worker.h"
#include "servers/requests.h"
#include "servers/servers.h"

struct threads {
    struct run *run;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    /* under lock */
    unsigned *idle, idle_count; /* the numbers of workers that are not there */
};

struct start {
    struct threads *threads;
    unsigned id;
};

static void idle_push(struct threads *t, unsigned id)
{
    pthread_mutex_lock(&t->lock);
    t->idle[t->idle_count++] = id;
    pthread_cond_signal(&t->ended);
    pthread_mutex_unlock(&t->lock);
}

static unsigned idle_pop(struct threads *t)
{
    pthread_mutex_lock(&t->lock);
    while (t->idle_count == 0)
        pthread_cond_wait(&t->ended, &t->lock);
    const unsigned id = t->idle[--t->idle_count];
    pthread_mutex_unlock(&t->lock);
    return id;
}

static void idle_wait_all(struct threads *t)
{
    pthread_mutex_lock(&t->lock);
    while (t->idle_count < t->run->workers)
        pthread_cond_wait(&t->ended, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

static void *thread_main(void *arg)
{
    const struct start start = *(struct start *)arg;
    struct run *run = start.threads->run;
    struct cobench_error err;
    struct worker worker;
    free(arg);
    error_clear(&err);
    const int rc = worker_open(&worker, run, (int32_t)start.id, 0, true, &err);
    if (rc == 0) {
        worker_drain(&worker);
        worker_close(&worker);
    } else {
        char line[sizeof err.type + sizeof err.message + 40];
        error_complete(&err, rc);
        run_failed(run, FAILURE_NO_JOB, (int32_t)start.id, rc, &err);
        requests_fail(run->dispenser->state, start.id, error_words(&err, line, sizeof line));
    }
    idle_push(start.threads, start.id);
    return NULL;
}

/* The connection is there. One that can have no thread is told so, and the others go on. */
static void thread_start(struct threads *t, unsigned id)
{
    struct start *start = malloc(sizeof *start);
    pthread_t thread;
    if (start) {
        *start = (struct start){t, id};
        if (run_start_thread(t->run, &thread, thread_main, start) == 0) {
            pthread_detach(thread);
            return;
        }
    }
    free(start);
    requests_fail(t->run->dispenser->state, id, "no thread can be started");
    idle_push(t, id);
}

static int connections_run(struct threads *t, struct cobench_error *err)
{
    for (;;) {
        const unsigned id = idle_pop(t);
        const int got = requests_accept(t->run->dispenser->state, id, err);
        if (got > 0) {
            thread_start(t, id);
            continue;
        }
        idle_push(t, id);
        return got;
    }
}

static int threads_run(struct run *run, struct cobench_error *err)
{
    struct threads t = {.run = run, .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
    t.idle = calloc(run->workers, sizeof *t.idle);
    if (!t.idle)
        return error_fill(err, -ENOMEM, "out of memory for %u threads", run->workers);
    while (t.idle_count < run->workers) {
        t.idle[t.idle_count] = run->workers - 1 - t.idle_count;
        t.idle_count++;
    }
    int rc = dispenser_gate(run, err);
    if (rc == 0) {
        struct cobench_error ignored;
        rc = connections_run(&t, err);
        idle_wait_all(&t);
        const int fed = dispenser_finish(run, rc ? &ignored : err);
        rc = rc ? rc : fed;
    }
    pthread_cond_destroy(&t.ended);
    pthread_mutex_destroy(&t.lock);
    free(t.idle);
    if (rc == 0)
        run_stamp_work(run);
    return rc;
}

const struct model model_connection_threads = {
    .name = "threads",
    .about = "a thread for each connection",
    .run = threads_run,
};
