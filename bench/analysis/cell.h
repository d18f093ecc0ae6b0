/* SPDX-License-Identifier: MIT */
/* One model's cell: what its samples say by themselves, and what the other rows of a summary add. Pure. A double that is
 * not known is NaN. */
#ifndef BENCH_ANALYSIS_CELL_H
#define BENCH_ANALYSIS_CELL_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/analysis/diagnosis.h"
#include "bench/analysis/ratio.h"
#include "bench/store/results.h"

/* The ends of a 95% interval, NaN where there are too few values. */
struct summary_interval {
    double low, high;
};

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

/* Which of a sample's times, all of them int64_t nanoseconds below 0 where not known: COLUMN(work_ns). */
#define COLUMN(field) offsetof(struct sample, field)

/* The median of a column in seconds; `space` holds at least cell->count values. */
double column_median(const struct result_cell *cell, size_t column, double *space);
/* The round with the median of a column (of two, the lesser); 0: there are no samples, or no memory. */
int64_t column_median_round(const struct result_cell *cell, size_t column);

/* Fills in what the samples of out->cell say. 0 or -ENOMEM. */
int cell_measure(struct summary_cell *out, double *space);

#endif
