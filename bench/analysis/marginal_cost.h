/* SPDX-License-Identifier: MIT */
/*
 * What one more costs: a thread, a process, an interpreter, a coroutine, a connection. A group with `scaling = prices` is
 * run with several numbers of workers, one job (or some) for each, and with nothing beside it; the price is the slope over
 * the number of workers (bench/stats/theil_sen.h). Pure.
 */
#ifndef BENCH_ANALYSIS_MARGINAL_COST_H
#define BENCH_ANALYSIS_MARGINAL_COST_H

#include <stddef.h>
#include <stdint.h>

#include "bench/stats/theil_sen.h"
#include "bench/analysis/scaling.h"

/* Fewer numbers of workers are no price. */
#define PRICES_POINTS_MIN 3

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
