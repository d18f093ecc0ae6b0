/* SPDX-License-Identifier: MIT */
/* The most that a variant can gain over its runtime's `sync`: what was measured to be possible, else what would be ideal.
 * Pure. */
#ifndef BENCH_ANALYSIS_LIMIT_H
#define BENCH_ANALYSIS_LIMIT_H

#include "bench/analysis/summary.h"

struct limit {
    double gain;   /* NaN: not known */
    bool measured; /* by copies of sync at once (the capacity) */
};

/*
 * Of work that only computes or only waits the ideal is the plan's. Mixed work is bound by its workers and by the CPUs over
 * the share of a CPU that `sync` uses: 3 ms of CPU and 20 ms of waiting gain no more than 15x on 2 CPUs, however many wait.
 */
double ideal_of(const struct summary *summary, const struct summary_cell *cell);
/* The capacity where it is known, else the ideal. */
struct limit limit_of(const struct summary *summary, const struct summary_cell *cell);

#endif
