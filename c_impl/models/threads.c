/* SPDX-License-Identifier: MIT */
/*
 * threads: a thread of its own for each job, at most `workers` of them alive. The calling thread starts them and joins
 * each that has ended before its place is taken again, so that "alive" is what the kernel would say too.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "host/dispenser.h"
#include "host/error.h"
#include "host/hold.h"
#include "host/limits.h"
#include "host/run.h"
#include "host/worker.h"

struct crew;

/* A place for one thread. */
struct hand {
    struct crew *crew;
    pthread_t thread;
    uint64_t job;
    struct hand *next; /* in `idle` or `ended` */
};

struct crew {
    struct run *run;
    struct hand *hands;
    struct hand *idle; /* the calling thread's own */
    unsigned alive;    /* likewise */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct hand *ended; /* under lock: to be joined */
};

static void *hand_main(void *arg)
{
    struct hand *hand = arg;
    struct crew *crew = hand->crew;
    struct worker worker;
    struct cobench_error err;

    error_clear(&err);
    const int rc = worker_open(&worker, crew->run, (int32_t)hand->job, 0, true, &err);
    if (rc) {
        run_unstarted(crew->run, hand->job, (int32_t)hand->job, rc, &err);
    } else {
        worker_job(&worker, hand->job);
        hold_last(&worker);
        worker_close(&worker);
    }
    pthread_mutex_lock(&crew->lock);
    hand->next = crew->ended;
    crew->ended = hand;
    pthread_cond_signal(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

/* Waits until a thread has ended, and joins all that have. */
static void crew_join_ended(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    while (!crew->ended)
        pthread_cond_wait(&crew->changed, &crew->lock);
    struct hand *ended = crew->ended;
    crew->ended = NULL;
    pthread_mutex_unlock(&crew->lock);
    while (ended) {
        struct hand *hand = ended;
        ended = hand->next;
        pthread_join(hand->thread, NULL);
        crew->alive--;
        hand->next = crew->idle;
        crew->idle = hand;
    }
}

static int crew_start(struct crew *crew, uint64_t job, struct cobench_error *err)
{
    struct hand *hand = crew->idle;
    struct hand *const rest = hand->next; /* once it runs, `next` is the thread's */
    hand->job = job;
    const int rc = -pthread_create(&hand->thread, NULL, hand_main, hand);
    if (rc)
        return limits_explain_start(rc, "a thread", crew->alive, err);
    crew->idle = rest;
    crew->alive++;
    return 0;
}

static int crew_run(struct crew *crew, struct cobench_error *err)
{
    struct dispenser *dispenser = crew->run->dispenser;
    uint64_t job;
    int rc = run_gate(crew->run, err);
    if (rc)
        return rc;
    while (rc == 0 && dispenser_next(dispenser, 0, &job)) {
        if (!crew->idle)
            crew_join_ended(crew);
        rc = crew_start(crew, job, err);
    }
    while (crew->alive > 0)
        crew_join_ended(crew);
    return rc;
}

static int threads_run(struct run *run, struct cobench_error *err)
{
    struct crew crew = {.run = run, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    crew.hands = calloc(run->workers, sizeof *crew.hands);
    if (!crew.hands)
        return error_fill(err, -ENOMEM, "no memory for %u threads", run->workers);
    for (unsigned i = run->workers; i-- > 0;) {
        crew.hands[i] = (struct hand){.crew = &crew, .next = crew.idle};
        crew.idle = &crew.hands[i];
    }
    const int rc = crew_run(&crew, err);
    if (rc == 0)
        run_stamp_work(run);
    pthread_cond_destroy(&crew.changed);
    pthread_mutex_destroy(&crew.lock);
    free(crew.hands);
    return rc;
}

const struct model model_threads = {
    .name = "threads",
    .about = "a thread for each job",
    .run = threads_run,
};
