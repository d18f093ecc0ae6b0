/* SPDX-License-Identifier: MIT */
/*
 * Who hands out the next job, and when: the one seam between models and the order of the work. Today an atomic counter
 * in shared memory, in an open loop with a schedule beside it; a broker or a remote rank would be another function.
 */
#ifndef HOST_DISPENSER_H
#define HOST_DISPENSER_H

#include <stdbool.h>
#include <stdint.h>

struct arrivals;
struct shared_state;
struct slot;

struct dispenser {
    /* Hands the next job to `worker` at once, with the instant before which it must not start (0: there is none); false
     * when there is no job left. Any thread or process of the run may call it. Models that may block use dispenser_next. */
    bool (*draw)(struct dispenser *self, unsigned worker, uint64_t *job, int64_t *due_ns);
    struct shared_state *shared;
    struct slot *slots; /* NULL: a closed loop */
    uint64_t jobs;
};

/* The same, but returns only when the job is due. */
bool dispenser_next(struct dispenser *self, unsigned worker, uint64_t *job);

/* Fills in a dispenser that draws 0..jobs-1 from shared->next_job. */
void dispenser_counter(struct dispenser *self, struct shared_state *shared, uint64_t jobs);

/* The same in an open loop: job i is due slots[i].due_ns after shared->gate_ns, and from then on the instant itself stands
 * there. */
void dispenser_schedule(struct dispenser *self, struct shared_state *shared, struct slot *slots, uint64_t jobs);

/* Writes the schedule into the slots, for dispenser_schedule. Before any worker exists. */
void dispenser_fill(struct slot *slots, uint64_t jobs, const struct arrivals *arrivals);

#endif
