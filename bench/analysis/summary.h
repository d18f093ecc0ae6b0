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
#include "bench/analysis/columns.h"
#include "bench/analysis/control.h"
#include "bench/analysis/diagnosis.h"
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

enum phase { PHASE_START, PHASE_READY, PHASE_WORK, PHASE_END, PHASES };

/* An open loop, medians of the rounds; rates in jobs a second between the first job and the last */
struct summary_rate {
    double offered, achieved, late_s[LATENCY_POINTS], drift_s;
    size_t missed; /* rounds that did not keep the rate */
    bool behind;   /* more than half of them did not (bench/protocol/open_loop.h says when a round does) */
};

struct summary_cell {
    const struct result_cell *cell;
    const struct plan_group *group;
    bool verified;
    char *note; /* why it is not verified or has no ratios; NULL where there is nothing to say */
    size_t rounds;
    int64_t median_round; /* whose jobs the pictures show: by whole-command time, in an open loop by p99; 0: none */
    double median_s, work_s, cpu_s;                 /* medians; whole command, work, CPU with children */
    struct summary_interval median_ci_s, work_ci_s; /* of the medians, from order statistics */
    int32_t *outliers; /* the rounds whose whole-command time is an outlier among the cell's, in log time */
    size_t outlier_count;
    double phase_s[PHASES]; /* medians of the durations; of one sample they add up to the whole */
    double latency_s
        [LATENCY_POINTS]; /* medians of the rounds' percentiles: in an open loop from when jobs were to start */
    struct summary_interval latency_ci_s[LATENCY_POINTS]; /* of these medians */
    struct summary_rate open_loop;                        /* zeros in a closed loop */
    double connections;                                   /* the most of any round */
    double origin_share, origin_wait_share; /* its CPU time, and its wait for a CPU, over the work of all samples */
    double in_flight_max,
        in_flight_mean;   /* the most of any round; the median of the jobs' times together / work time */
    double cpus_used;     /* of CPU work: bench/analysis/diagnosis.h */
    double off_cpu_share; /* of CPU work: of its jobs' time in flight, what no CPU was spent on */
    size_t disturbed_rounds;
    enum doubt doubt; /* the gravest about it and its ratios */
    enum finding finding;
    struct ratio speedup[RATIO_TIMES][RATIO_BASES];
};

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

/* The capacity of a cell's group and runtime, NULL where there is none. */
const struct summary_capacity *summary_capacity_of(const struct summary *summary, const struct summary_cell *cell);

/* Was its work over before anybody looked at its memory? Then there may have been more. */
bool summary_memory_is_least(const struct summary_cell *cell);
/* The cell that is the baseline of a cell's group and runtime, NULL where there is none. */
const struct summary_cell *summary_sync_of(const struct summary *summary, const struct summary_cell *cell);

#endif
