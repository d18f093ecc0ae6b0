/* SPDX-License-Identifier: MIT */
/*
 * From how many jobs on a model beats `sync` in whole-command time, estimated from medians: what starting and ending
 * cost, and the work. One job of `sync` takes its work over the jobs; a model with w workers runs its jobs in waves of
 * w, each as long as its work over the ceil(jobs / w) waves it was measured with:
 *
 *   sync(n) = rest_s + work_s n / jobs          model(n) = rest + work ceil(n / w) / ceil(jobs / w)
 *
 * So it is exact for what was measured, and as good as "a job costs what it cost here" for other numbers of jobs.
 */
#ifndef BENCH_ANALYSIS_BREAK_EVEN_H
#define BENCH_ANALYSIS_BREAK_EVEN_H

#include <stdint.h>

#include "bench/analysis/summary.h"

enum break_even_state {
    BREAK_EVEN_UNKNOWN, /* a time is missing, or the cell is the baseline itself */
    BREAK_EVEN_FROM,    /* from `jobs` on */
    BREAK_EVEN_NEVER,   /* however many: a job costs no less than one of sync */
};

struct break_even {
    enum break_even_state state;
    int64_t jobs; /* every number of jobs from here on is faster than sync; at least 1 */
};

struct break_even_times {
    double sync_rest, sync_work; /* seconds; rest is the whole command less the work */
    double rest, work;
    int64_t jobs, workers; /* that the times were measured with */
};

struct break_even break_even_find(const struct break_even_times *times);
/* Of a cell against its runtime's sync in the same group. Open loops have none: their work lasts as long as told. */
struct break_even break_even_of(const struct summary *summary, const struct summary_cell *cell);
/* "from", "never"; NULL where it is unknown. */
const char *break_even_name(enum break_even_state state);

#endif
