/* SPDX-License-Identifier: MIT */
/*
 * What handing over a job costs, variant by variant, the cheapest first; and from which length of job on that pays. Two kinds
 * of groups of a run say so, whatever they are called:
 *
 *   - those of a task that does nothing (its kind is "none") without a baseline: the time per job is what it costs to hand one
 *     over. A column for each task with its parameters, such as what each job carries;
 *   - those of one task that computes, with the same workers and jobs of three lengths or more (that of the runtime's own
 *     sync): the gain over the length, as a part of the capacity, and the law fitted to it (bench/stats/handover.h).
 *
 * A variant has the points that the run has of it: expensive ones need not run a million short jobs. Pure.
 */
#ifndef BENCH_ANALYSIS_LADDER_H
#define BENCH_ANALYSIS_LADDER_H

#include "bench/analysis/summary.h"
#include "bench/stats/handover.h"

#define LADDER_REACHED 0.9 /* of the capacity: as much as anybody asks for */

struct ladder_cost {
    const struct summary_cell *cell; /* NULL: the run has none */
    struct stats_interval job_s;     /* NaN: not known */
};

struct ladder_rung {
    const char *runtime, *model;
    json_t *knobs; /* of its groups, but what the model's name tells; variants with others are others */
    int64_t workers;
    struct ladder_cost *costs;      /* one for each of the ladder's columns */
    const struct plan_group *group; /* one of those that the law is of; NULL: there are none */
    struct handover_point *points;  /* in the order of the plan */
    double *capacities;             /* of each the capacity that its share is of */
    size_t count;
    struct handover law;
    double capacity; /* the median of these; NaN: there are none */
    /* Jobs of this length gain 1, so are as fast as with sync, and reach LADDER_REACHED of the capacity; where there is no
     * law handover_between. NaN: not known, or the capacity is 1. */
    struct stats_interval even_s, most_s;
};

struct ladder {
    struct ladder_rung *rungs; /* by the first cost that is known, else by what the law says of it */
    size_t count;
    const char *created;               /* when the run was */
    const struct plan_group **columns; /* one group for each */
    size_t column_count;
};

/* `summary` is borrowed. */
void ladder_make(struct ladder *ladder, const struct summary *summary);
void ladder_free(struct ladder *ladder);
/* Whether a group is one of those that say it. */
bool ladder_has(const struct ladder *ladder, const struct plan_group *group);
/* "c:process-pool+redis (chunk 100)": a variant and with what its groups ran; to be freed. */
char *ladder_name(const struct ladder_rung *rung);
/* The first rung of a variant whose law was fitted; NULL: there is none. */
const struct ladder_rung *ladder_find(const struct ladder *ladder, const char *runtime, const char *model);
/* Is a length within those that were measured? -1: it is shorter, 1: longer. */
int ladder_beyond(const struct ladder_rung *rung, double length_s);

#endif
