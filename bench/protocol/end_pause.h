/* SPDX-License-Identifier: MIT */
/* The driver's side of a host's --end-pause: the host says that its last job has ended and stands still until it is let go. */
#ifndef BENCH_PROTOCOL_END_PAUSE_H
#define BENCH_PROTOCOL_END_PAUSE_H

#include <stdbool.h>

#include "bench/util/error.h"

/* Its two ends; -1: closed. The host reads and writes the one it has. */
struct end_pause {
    int host, driver;
};

int end_pause_open(struct end_pause *pause, struct error *err);
/* Closes the host's end here, once it has it: so that each side sees the other's end. */
void end_pause_handed_over(struct end_pause *pause);
/* Whether the host pauses now. False from then on, and where there is none. */
bool end_pause_reached(const struct end_pause *pause);
/* Lets the host go. */
void end_pause_release(struct end_pause *pause);
void end_pause_close(struct end_pause *pause);

#endif
