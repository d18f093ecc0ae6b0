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

#include "bench/analysis/summary.h"
#include "bench/stats/theil_sen.h"
#include "bench/stats/usl.h"

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
void scaling_free(struct scaling *scaling);

/* Of a group's or a curve's `scaling`. */
bool scaling_is_weak(const char *scaling);
/* Curves of one table: the same sweep, the same way, the same jobs. */
bool scaling_same_table(const struct scaling_curve *a, const struct scaling_curve *b);
/* The first curve of the table that a group is a point of; NULL: it is of none. */
const struct scaling_curve *scaling_table(const struct scaling *scaling, const struct plan_group *group);

/*
 * What one more costs: a thread, a process, an interpreter, a coroutine, a connection. A group with `scaling = prices` is
 * run with several numbers of workers, one job (or some) for each, and with nothing beside it; the price is the slope over
 * the number of workers (bench/stats/theil_sen.h). Pure.
 */

#define PRICES_POINTS_MIN 3 /* fewer numbers of workers are no price */

struct price {
    const char *piece; /* the suite's group */
    const char *runtime, *model, *start_method;
    const struct plan_group *group; /* of the first point */
    size_t points;                  /* numbers of workers that ran */
    int64_t from, to;               /* the smallest and the greatest of them */
    /* Of one more; NaN where not known. */
    struct stats_interval memory_bytes; /* peak PSS of the tree */
    struct stats_interval setup_s;      /* from the command's start to the opening of the gate */
    struct stats_interval whole_s;      /* the whole command */
    char note[160];                     /* what is wrong with it; "": nothing */
};

struct prices {
    struct price *rows; /* in the order of the plan */
    size_t count;
    struct scaling curves; /* of each row, what it was made from */
};

/* `summary` is borrowed. */
void prices_make(struct prices *prices, const struct summary *summary);
void prices_free(struct prices *prices);

#endif
