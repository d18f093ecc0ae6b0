/* SPDX-License-Identifier: MIT */
/* The atomic dispenser: jobs 0..n-1 in order, from a counter that threads and processes share. */
#include "host/dispenser.h"

#include <stdatomic.h>

#include "common/arrivals.h"
#include "common/clock.h"
#include "common/slots.h"
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
