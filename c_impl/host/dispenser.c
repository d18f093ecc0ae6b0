/* SPDX-License-Identifier: MIT */
/* The atomic dispenser: jobs 0..n-1 in order, from a counter that threads and processes share. */
#include "host/dispenser.h"

#include <stdatomic.h>

#include "host/run.h"

/* Relaxed: a ticket carries nothing but its number. Past the end the counter grows by one for each worker that asks
 * once more, far from 2^64. */
static bool counter_next(struct dispenser *self, unsigned worker, uint64_t *job)
{
    (void)worker;
    *job = atomic_fetch_add_explicit(&self->board->ticket, 1, memory_order_relaxed);
    return *job < self->jobs;
}

void dispenser_counter(struct dispenser *self, struct board *board, uint64_t jobs)
{
    *self = (struct dispenser){.next = counter_next, .board = board, .jobs = jobs};
}
