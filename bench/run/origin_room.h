/* SPDX-License-Identifier: MIT */
/* How many connections the origin can hold. One that gets none is not refused but waits, and a run would time out without
 * a word on why. */
#ifndef BENCH_RUN_ORIGIN_ROOM_H
#define BENCH_RUN_ORIGIN_ROOM_H

#include "bench/run/origin_process.h"
#include "bench/plan/plan.h"

/*
 * Makes those cells impossible that would open more connections to the origin at once than it can hold, one a worker. The
 * reason is kept in origin->room. 0 or -ENOMEM.
 */
int origin_room_check(struct origin *origin, struct plan *plan);

#endif
