/* SPDX-License-Identifier: MIT */
/*
 * Who hands out the next job: the one seam between models and the order of the work. Today an atomic counter in shared
 * memory; a broker or a remote rank would be another pair of functions.
 */
#ifndef HOST_DISPENSER_H
#define HOST_DISPENSER_H

#include <stdbool.h>
#include <stdint.h>

struct board;

struct dispenser {
    /* Hands the next job to `worker`; false when there is none left. Any thread or process of the run may call it. */
    bool (*next)(struct dispenser *self, unsigned worker, uint64_t *job);
    struct board *board;
    uint64_t jobs;
};

/* Fills in a dispenser that draws 0..jobs-1 from board->ticket. */
void dispenser_counter(struct dispenser *self, struct board *board, uint64_t jobs);

#endif
