/* SPDX-License-Identifier: MIT */
/*
 * From samples to what a run says: medians, ratios with intervals, control and capacity rows, doubts and findings. Pure: no
 * clock, no file, no machine. Everything that shows a run (tables, CSV, JSON, pictures) is made from a struct summary alone.
 * A double that is not known is NaN.
 */
#ifndef BENCH_ANALYSIS_SUMMARY_H
#define BENCH_ANALYSIS_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/util/error.h"
#include "bench/analysis/cell.h"
#include "bench/analysis/control.h"

/* The runtime whose `sync` is everybody's second baseline. */
#define SUMMARY_BASELINE_RUNTIME "py"
/* Work shorter than this is too short for a ratio. */
#define SUMMARY_SHORT_WORK_S 0.005
/* The origin was the limit where it ran, or waited for a CPU, for this share of the cell's work. */
#define SUMMARY_ORIGIN_BOUND 0.9

struct summary {
    const struct results *results;
    bool interrupted; /* a cell that did not fail has fewer rounds than planned */
    int failed;       /* cells that failed, were refused or timed out */
    struct summary_cell *cells;
    struct summary_control *controls;
    struct summary_capacity *capacities;
    size_t cell_count, control_count, capacity_count;
};

/*
 * Fills *summary, which borrows `results`. 0, or -ENOMEM. The family of a verdict is a column of a printed table: the ratios
 * of one group, one time and one baseline.
 *
 * In an open loop there are no speedups: the schedule decides how long the work takes, so that whoever keeps the rate takes
 * as long as whoever else does, and `sync` mostly does not keep it, whose latency then is but the number of jobs.
 */
int summary_make(struct summary *summary, const struct results *results, struct error *err);
void summary_free(struct summary *summary);

/* The CPUs a run may use, as its plan says; 0: not known. */
double summary_cpus(const struct summary *summary);
/* The capacity of a cell's group and runtime, NULL where there is none. */
const struct summary_capacity *summary_capacity_of(const struct summary *summary, const struct summary_cell *cell);

/* Was its work over before anybody looked at its memory? Then there may have been more. */
bool summary_memory_is_least(const struct summary_cell *cell);
/* The cell that is the baseline of a cell's group and runtime, NULL where there is none. */
const struct summary_cell *summary_sync_of(const struct summary *summary, const struct summary_cell *cell);

/* The most that a variant can gain over its runtime's `sync`: what was measured to be possible, else what would be ideal. */
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

/*
 * How precise a group's ratios are, which is what `--precision` is about: the widest half-width, as a share, of all intervals that the table shows of the group's variants: work and whole, to the
 * own sync and to py:sync. Ratios without an interval (too short, failed) do not count, nor do control and capacity rows.
 * NaN where no interval is left.
 */
double precision_reached(const struct summary *summary, size_t group);

#endif
