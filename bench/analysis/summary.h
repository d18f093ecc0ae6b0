/* SPDX-License-Identifier: MIT */
/*
 * From samples to what a run says: medians, ratios with intervals, control and capacity rows, marks. Pure: no clock,
 * no file, no machine. Everything that shows a run (tables, CSV, JSON, pictures) is made from a struct summary alone.
 * A double that is not known is NaN.
 */
#ifndef BENCH_ANALYSIS_SUMMARY_H
#define BENCH_ANALYSIS_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/util/error.h"
#include "bench/analysis/ratio.h"
#include "bench/store/results.h"

/* The runtime whose `sync` is everybody's second baseline. */
#define SUMMARY_BASELINE_RUNTIME "py"
/* Work shorter than this is too short for a ratio. */
#define SUMMARY_SHORT_WORK_S 0.005
/* The origin was the limit where it ran, or waited for a CPU, for this share of the cell's work. */
#define SUMMARY_ORIGIN_BOUND 0.9

enum ratio_time { RATIO_WORK, RATIO_WHOLE, RATIO_TIMES };
enum ratio_base { RATIO_OWN_SYNC, RATIO_PY_SYNC, RATIO_BASES };

enum mark {
    MARK_TOO_SHORT = 1 << 0,
    MARK_UNRESOLVED = 1 << 1, /* one of its ratios is */
    MARK_ABOVE_CAPACITY = 1 << 2,
    MARK_ORIGIN_BOUND = 1 << 3,
    MARK_CONTROL_FLAGGED = 1 << 4, /* its runtime's control of this group missed 1 */
    MARK_FIRST_ROUND = 1 << 5,     /* one of its ratios has the flag; so the next two */
    MARK_DRIFT = 1 << 6,
    MARK_AUTOCORRELATED = 1 << 7,
    MARK_SERIAL = 1 << 8, /* these three: bench/analysis/summary_diagnosis.h */
    MARK_TAKES_TURNS = 1 << 9,
    MARK_STOPPED = 1 << 10,
    MARK_DISTURBED = 1 << 12,     /* one of its samples was, disturbed_rounds says how many */
    MARK_MEMORY_SHORT = 1 << 11,  /* its work was over before anybody looked at its memory: there may have been more */
    MARK_RATE_NOT_KEPT = 1 << 13, /* of an open loop: bench/analysis/summary_open_loop.h */
};

enum phase { PHASE_START, PHASE_READY, PHASE_WORK, PHASE_END, PHASES };

/* The ends of a 95% interval, NaN where there are too few values. */
struct summary_interval {
    double low, high;
};

/* An open loop, medians of the rounds; rates in jobs a second between the first job and the last (bench/protocol/open_loop.h). */
struct summary_rate {
    double offered, achieved, late_s[LATENCY_POINTS], drift_s;
    size_t missed; /* rounds that did not keep the rate */
};

struct summary_cell {
    const struct result_cell *cell;
    const struct result_group *group;
    bool verified;
    char *note; /* why it is not verified or has no ratios; NULL where there is nothing to say */
    size_t rounds;
    double median_s, work_s, cpu_s;                 /* medians; whole command, work, CPU with children */
    struct summary_interval median_ci_s, work_ci_s; /* of the medians, from order statistics */
    int32_t *outliers; /* the rounds whose whole-command time is an outlier among the cell's, in log time */
    size_t outlier_count;
    double phase_s[PHASES]; /* medians of the durations; of one sample they add up to the whole */
    double latency_s
        [LATENCY_POINTS]; /* medians of the rounds' percentiles: in an open loop from when jobs were to start */
    struct summary_interval latency_ci_s[LATENCY_POINTS]; /* of these medians; bench/analysis/summary_open_loop.h */
    struct summary_rate open_loop;                        /* likewise; zeros in a closed loop */
    double connections;                                   /* the most of any round */
    double origin_share; /* the origin's CPU time over the work time, all its samples together */
    double origin_wait_share, in_flight_max, in_flight_mean, cpus_used; /* bench/analysis/summary_diagnosis.h */
    size_t disturbed_rounds;
    unsigned marks; /* of enum mark */
    struct ratio speedup[RATIO_TIMES][RATIO_BASES];
};

/* `sync` against its twin, in whole-command time; in an open loop, which decides over that, in the p50 of its latency. */
struct summary_control {
    const struct result_cell *cell;
    const struct result_group *group;
    struct ratio ratio;
    double low99, high99; /* NaN below STATS_MIN_99 rounds */
    double p;             /* of "within the margin of 1"; NaN where low99 is */
    bool flagged;
    char *note;
};

/* The geometric mean over groups of one variant's ratio: of the mean of the log ratios of each round. */
struct geomean_ratio {
    struct ratio ratio;
    size_t *groups; /* those that have the ratio, in the order of the plan */
    size_t group_count;
};

/* One runtime and model of which at least one ratio can be averaged over two groups or more. */
struct summary_geomean {
    const char *runtime, *model;
    struct geomean_ratio speedup[RATIO_TIMES][RATIO_BASES];
};

/* What this machine can do in parallel on this work: copies * (work of sync) / (work of the slowest copy). */
struct summary_capacity {
    const struct result_cell *cell; /* NULL: the plan has none, and `note` says why */
    const struct result_group *group;
    struct ratio ratio;
    char *note;
};

struct summary {
    const struct results *results;
    bool interrupted; /* a cell that did not fail has fewer rounds than planned */
    int failed;       /* cells that failed, were refused or timed out */
    struct summary_cell *cells;
    struct summary_control *controls;
    struct summary_capacity *capacities;
    struct summary_geomean *geomeans;
    size_t cell_count, control_count, capacity_count, geomean_count;
};

/*
 * Fills *summary, which borrows `results`. 0, or -ENOMEM. Controls are flagged where the 99% interval misses 1 by more
 * than the margin and the p-value, adjusted by Holm over the groups for each runtime, is below 5%. (With n rounds no
 * p-value is below 2^(1-n): where that could never pass the adjustment, the interval alone decides, so that many
 * groups do not silence the warning.) The family of a verdict is a column of a printed table: the ratios of one group,
 * one time and one baseline; the geometric means are tables of their own.
 */
int summary_make(struct summary *summary, const struct results *results, struct error *err);
void summary_free(struct summary *summary);

/* The capacity of a cell's group and runtime, NULL where there is none. */
const struct summary_capacity *summary_capacity_of(const struct summary *summary, const struct summary_cell *cell);

/* Is a control of this group and runtime flagged? */
bool summary_control_flagged(const struct summary *summary, const struct result_group *group, const char *runtime);

/* "too-short" and so on; NULL past the last. In the order of enum mark. */
const char *summary_mark_name(unsigned index);
/* Of enum mark: what there is to say about one ratio alone. */
unsigned summary_ratio_marks(const struct ratio *ratio);
#endif
