/* SPDX-License-Identifier: MIT */
/* The atomic dispenser: jobs 0..n-1 in order, from a counter that threads and processes share. And the thread of those that are
 * fed. */
#include "host/dispenser.h"

#include <errno.h>
#include <string.h>

#include "common/arrivals.h"
#include "common/clock.h"
#include "host/error.h"
#include "host/run.h"
#include "host/shared_state.h"

/* Relaxed: the counter carries nothing but a number. Past the end the counter grows by one for each worker that asks
 * once more, far from 2^64. */
static bool counter_draw(struct dispenser *self, unsigned worker, uint64_t *job, int64_t *due_ns)
{
    (void)worker;
    *job = atomic_fetch_add_explicit(&self->shared->next_job, 1, memory_order_relaxed);
    *due_ns = 0;
    return *job < self->jobs;
}

/* A job is drawn once, so that nobody else writes the slot's due_ns. */
static bool schedule_draw(struct dispenser *self, unsigned worker, uint64_t *job, int64_t *due_ns)
{
    if (!counter_draw(self, worker, job, due_ns))
        return false;
    struct slot *slot = &self->slots[*job];
    slot->due_ns += atomic_load_explicit(&self->shared->gate_ns, memory_order_relaxed);
    *due_ns = slot->due_ns;
    return true;
}

bool dispenser_next(struct dispenser *self, unsigned worker, uint64_t *job)
{
    int64_t due_ns;
    if (!self->draw(self, worker, job, &due_ns))
        return false;
    if (due_ns != 0)
        (void)clock_sleep_until(due_ns); /* an instant of this clock: it cannot fail */
    return true;
}

void dispenser_counter(struct dispenser *self, struct shared_state *shared, uint64_t jobs)
{
    *self = (struct dispenser){.draw = counter_draw, .shared = shared, .jobs = jobs};
}

void dispenser_schedule(struct dispenser *self, struct shared_state *shared, struct slot *slots, uint64_t jobs)
{
    *self = (struct dispenser){.draw = schedule_draw, .shared = shared, .slots = slots, .jobs = jobs};
}

void dispenser_fill(struct slot *slots, uint64_t jobs, const struct arrivals *arrivals)
{
    struct arrivals_walk walk = {.arrivals = *arrivals};
    for (uint64_t job = 0; job < jobs; job++)
        slots[job].due_ns = arrivals_next(&walk);
}

/* -- the feeder ------------------------------------------------------------------------------------------------------- */

int dispenser_open(struct dispenser *self, const struct dispenser_kind *kind, const struct dispenser_options *how,
                   struct cobench_error *err)
{
    if (how->loop && !kind->descriptor)
        return error_fill(err, -ENOSYS, "dispenser %s: its wait for a job would block the event loop", kind->name);
    self->options = *how;
    self->closing = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    const int rc = kind->open(&self->options, &self->state, err);
    if (rc == 0)
        self->kind = kind;
    return rc;
}

void dispenser_close(struct dispenser *self)
{
    if (!self->kind)
        return;
    pthread_mutex_lock(&self->closing);
    self->kind->close(self->state);
    self->kind = NULL;
    pthread_mutex_unlock(&self->closing);
}

void dispenser_abandon(struct dispenser *self)
{
    if (!self->kind)
        return;
    pthread_mutex_lock(&self->closing);
    if (self->kind && self->kind->abandon)
        self->kind->abandon(self->state);
}

static void *feeder_main(void *arg)
{
    struct dispenser *d = arg;
    while (sem_wait(&d->opened))
        ; /* interrupted */
    if (d->feeding)
        d->rc = d->kind->feed(d->state, &d->error);
    return NULL;
}

int dispenser_gate(struct run *run, struct cobench_error *err)
{
    struct dispenser *d = run->dispenser;
    if (!d->kind)
        return run_gate(run, err);
    error_clear(&d->error);
    int rc = sem_init(&d->opened, 0, 0) ? -errno : run_start_thread(NULL, &d->feeder, feeder_main, d);
    if (rc)
        return error_fill(err, rc, "the thread that feeds the workers cannot be started: %s", strerror(-rc));
    rc = run_gate(run, err);
    d->feeding = rc == 0;
    sem_post(&d->opened); /* cannot fail: it is below its limit */
    if (rc) {
        pthread_join(d->feeder, NULL);
        sem_destroy(&d->opened);
    }
    return rc;
}

void dispenser_lost(struct run *run, unsigned worker)
{
    struct dispenser *d = run->dispenser;
    if (d->feeding)
        d->kind->lost(d->state, worker);
}

bool dispenser_feeds(const struct run *run) { return run->dispenser->feeding; }

int dispenser_finish(struct run *run, struct cobench_error *err)
{
    struct dispenser *d = run->dispenser;
    if (!d->feeding)
        return 0;
    dispenser_lost(run, DISPENSER_EVERYONE);
    pthread_join(d->feeder, NULL);
    d->feeding = false;
    sem_destroy(&d->opened);
    if (d->rc)
        *err = d->error;
    return d->rc;
}
