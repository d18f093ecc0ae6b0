/* SPDX-License-Identifier: MIT */
/*
 * The sweeps of a run: for each variant its gain over the number of workers, with the laws fitted to it (bench/stats/usl.h).
 * The gain is the work-time speedup over the runtime's own sync in the same group. Under strong scaling that is how many
 * times sooner the same jobs are done; under weak scaling, where sync has as many more jobs to do, it is the scaled
 * speedup, work done a second over that of sync. Amdahl's law speaks of a fixed amount of work only and is not fitted to
 * weak scaling. Pure.
 */
#ifndef BENCH_ANALYSIS_SCALING_H
#define BENCH_ANALYSIS_SCALING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/stats/usl.h"
#include "bench/analysis/summary.h"

struct scaling_point {
    const struct summary_cell *cell;
    const struct ratio *gain; /* the cell's; may be none (ratio_known) */
    double capacity;          /* of its group and runtime; NaN: none */
    bool beyond;              /* more workers than effective CPUs, on work that computes: they only take turns */
};

/* One variant over one sweep. Points stand in the order of their workers. */
struct scaling_curve {
    const char *sweep, *scaling, *runtime, *model;
    const struct plan_group *group; /* of the first point: task, kind and parameters are those of all */
    int64_t jobs;                   /* in all (strong), or for each worker (weak); 0 of prices */
    struct scaling_point *points;
    size_t count;
    struct fit fits[FIT_LAWS];
};

struct scaling {
    struct scaling_curve *curves; /* in the order of the plan */
    size_t count;
};

/* `summary` is borrowed. */
void scaling_make(struct scaling *scaling, const struct summary *summary);
/* The groups that are there for their price (bench/analysis/marginal_cost.h) as curves, which have neither gains nor laws. */
struct scaling scaling_of_prices(const struct summary *summary);
void scaling_free(struct scaling *scaling);

/* Of a group's or a curve's `scaling`. */
bool scaling_is_weak(const char *scaling);
/* Curves of one table: the same sweep, the same way, the same jobs. */
bool scaling_same_table(const struct scaling_curve *a, const struct scaling_curve *b);
/* The first curve of the table that a group is a point of; NULL: it is of none. */
const struct scaling_curve *scaling_table(const struct scaling *scaling, const struct plan_group *group);

#endif
