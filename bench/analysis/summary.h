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

#include "bench/analysis/ratio.h"
#include "bench/store/results.h"

#define SUMMARY_SHORT_WORK_S   0.005 /* shorter work is too short for a ratio */
#define SUMMARY_ORIGIN_BOUND   0.9   /* of the work: the origin that ran, or waited for a CPU, so long was the limit */
#define SUMMARY_DISTURBED_MOST 0.25  /* of a cell's samples: more of them disturbed is a doubt about the cell */

/* -- cells -------------------------------------------------------------------------------------------------------------- */

/* The ends of a 95% interval, NaN where there are too few values. */
struct summary_interval {
    double low, high;
};

enum ratio_time { RATIO_WORK, RATIO_WHOLE, RATIO_TIMES };
enum ratio_base { RATIO_OWN_SYNC, RATIO_PY_SYNC, RATIO_BASES };

enum phase { PHASE_START, PHASE_READY, PHASE_WORK, PHASE_END, PHASES };

/* What a model does with its jobs, told from numbers every sample has anyway: no doubt about the numbers
 * (bench/analysis/diagnosis.c). */
enum finding {
    FINDING_NONE,
    FINDING_NEVER_OVERLAPS, /* never were two jobs in flight at once, though the workers would have allowed it */
    FINDING_BLOCKS,         /* likewise, and hardly a CPU was used: a blocking call in an event loop */
    FINDING_TAKES_TURNS,    /* jobs in flight together, and yet one at a time went on: a lock, such as Python's */
    FINDING_CONTENDS,       /* far more CPU time than sync and no gain: contention, false sharing, one hot cache line */
    FINDING_CLIENT,         /* waiting work far from the ideal that uses a CPU nearly all the time itself */
    FINDING_SERVER,         /* as far from it as other models, the latency grown by as much: the server's limit */
    FINDING_OFF_CPU,        /* in flight without a CPU: slept, stopped, throttled, waited for a lock */
    FINDINGS
};

/*
 * What the audits of a cell say of work that changes something in common. A run that happened to lose nothing proves nothing
 * where nothing guards what is changed: where the task's parameter `lock` is `none`, or the same code lost something under
 * another model of threads, or of processes; but for models of one thread in which no two jobs were ever in flight at once.
 * Neither that nor what lost is to be taken.
 */
enum audit_verdict { AUDIT_NONE, AUDIT_SOUND, AUDIT_UNPROVEN, AUDIT_LOST };

/* An open loop, medians of the rounds; rates in jobs a second between the first job and the last */
struct summary_rate {
    double offered, achieved, late_s[LATENCY_POINTS], drift_s;
    size_t missed; /* rounds that did not keep the rate */
    bool behind;   /* more than half of them did not (bench/protocol/open_loop.h says when a round does) */
};

struct summary_cell {
    const struct result_cell *cell;
    const struct plan_group *group;
    bool verified; /* it worked, and its results were not found to be wrong */
    char *note;    /* why it is not verified, unchecked or without ratios; NULL where there is nothing to say */
    size_t rounds;
    int64_t median_round; /* whose jobs the pictures show: by whole-command time, in an open loop by p99; 0: none */
    double median_s, work_s, cpu_s;                 /* medians; whole command, work, CPU with children */
    double work_cpu_s;                              /* of cpu_s, what came after the gate opened; NaN: not known */
    struct summary_interval median_ci_s, work_ci_s; /* of the medians, from order statistics */
    int32_t *outliers; /* the rounds whose whole-command time is an outlier among the cell's, in log time */
    size_t outlier_count;
    double phase_s[PHASES]; /* medians of the durations; of one sample they add up to the whole */
    /* Medians of the rounds' percentiles (in an open loop from when jobs were to start), and of these the intervals. */
    double latency_s[LATENCY_POINTS];
    struct summary_interval latency_ci_s[LATENCY_POINTS];
    struct summary_rate open_loop;          /* zeros in a closed loop */
    double connections;                     /* the most of any round */
    double origin_share, origin_wait_share; /* its CPU time, and its wait for a CPU, over the work of all samples */
    double connection_wait_share;           /* of the jobs' time, where connections are shared */
    double lock_wait_share;                 /* likewise, of a task that has no connections */
    double lock_wait_most; /* the same of the worker that waited for the largest share, the median of the rounds */
    enum audit_verdict audit;
    double change_rate; /* of an audited task: how many changes a second, and the interval from that of the work */
    struct summary_interval change_rate_ci;
    double service_share, service_wait_share,
        service_peak_bytes; /* likewise, of what the run started; most of any sample */
    /* The most of any round; the median of the jobs' times together / work time. */
    double in_flight_max, in_flight_mean;
    double cpus_used;     /* of CPU work: how many CPUs it kept busy */
    double off_cpu_share; /* of CPU work: of its jobs' time in flight, what no CPU was spent on */
    size_t disturbed_rounds;
    enum doubt doubt; /* the gravest about it and its ratios */
    enum finding finding;
    struct ratio speedup[RATIO_TIMES][RATIO_BASES];
};

/* -- the rows that a comparison is checked by ----------------------------------------------------------------------------- */

/*
 * The A/A control, `sync` against itself, which must come out at 1: in whole-command time; in an open loop, whose schedule
 * decides over that, in the p50 of the latency. And the capacity, what this machine can do in parallel on this work:
 * copies * (work of sync) / (work of the slowest of so many copies of it at once). And of jobs that need the results of others
 * how parallel the work is: all of it over its critical path, the median of the rounds of `sync`, which `ratio` has without a
 * verdict. However many CPUs there are, no model can gain more.
 */
struct summary_check {
    const struct result_cell *cell; /* NULL: the plan has no capacity here, and `note` says why */
    const struct plan_group *group;
    struct ratio ratio;
    char *note;
    /* Of a control: */
    double low99, high99; /* NaN below STATS_MIN_99 rounds */
    double p;             /* of "within the margin of 1"; NaN where low99 is */
    bool flagged;
};

/* "failed", "out of time" and so on. */
const char *cell_status_word(enum cell_status status);
/* The same of a cell, which may have failed by a deadlock. */
const char *cell_word(const struct result_cell *cell);

/* -- the whole ---------------------------------------------------------------------------------------------------------- */

struct summary {
    const struct results *results;
    bool interrupted; /* a cell that did not fail has fewer rounds than planned */
    int failed;       /* cells that failed, were refused or timed out */
    struct summary_cell *cells;
    struct summary_check *controls, *capacities, *paths;
    size_t cell_count, control_count, capacity_count, path_count;
};

/*
 * Fills *summary, which borrows `results`. The family of a verdict is a column of a printed table: the ratios of one group,
 * one time and one baseline.
 *
 * In an open loop there are no speedups: the schedule decides how long the work takes, so that whoever keeps the rate takes
 * as long as whoever else does, and `sync` mostly does not keep it, whose latency then is but the number of jobs.
 */
void summary_make(struct summary *summary, const struct results *results);
void summary_free(struct summary *summary);

/* The CPUs a run may use, as its plan says; 0: not known. */
double summary_cpus(const struct summary *summary);
/* The capacity of a cell's group and runtime, NULL where there is none. */
const struct summary_check *summary_capacity_of(const struct summary *summary, const struct summary_cell *cell);
/* The cell that is the baseline of a cell's group and runtime, NULL where there is none. */
const struct summary_cell *summary_sync_of(const struct summary *summary, const struct summary_cell *cell);
/* Whether more than SUMMARY_DISTURBED_MOST of its samples were disturbed. */
bool is_disturbed(const struct summary_cell *cell);
/* Was its work over before anybody looked at its memory? Then there may have been more. */
bool summary_memory_is_least(const struct summary_cell *cell);

/* How parallel the work of a cell's group and runtime is; NaN: not known, or its jobs do not need each other. */
double summary_parallelism(const struct summary *summary, const struct summary_cell *cell);

/* The most that a variant can gain over its runtime's `sync`: what was measured to be possible, else what would be ideal. */
struct limit {
    double gain;   /* NaN: not known */
    bool measured; /* by copies of sync at once (the capacity), or by its critical path: */
    bool path;     /* the jobs' needs allow no more, which is less than the machine does */
};

/*
 * Of work that only computes or only waits the ideal is the plan's. Mixed work is bound by its workers and by the CPUs over
 * the share of a CPU that `sync` uses: 3 ms of CPU and 20 ms of waiting gain no more than 15x on 2 CPUs, however many wait.
 * Where jobs waited for a connection it is no more than these were.
 */
double ideal_of(const struct summary *summary, const struct summary_cell *cell);
/* The capacity where it is known, else the ideal; less where the jobs' needs allow less. */
struct limit limit_of(const struct summary *summary, const struct summary_cell *cell);

/*
 * How precise a group's ratios are, which is what `--precision` is about: the widest half-width, as a share, of all
 * intervals that the table shows of the group's variants: work and whole, to the own sync and to py:sync. Ratios without an
 * interval (too short, failed) do not count, nor do control and capacity rows. NaN where no interval is left.
 */
double precision_reached(const struct summary *summary, size_t group);

/* The half-width of a cell's gain over its sync, by work where that is long enough, else as a whole command; NaN: none. */
double summary_width(const struct summary_cell *cell);
/* What a budget is shared out by: for each of the results' cells. */
void summary_share(const struct summary *summary, struct stopping_cell *out);

/* "takes-turns" and so on; NULL of none. */
const char *finding_name(enum finding finding);

/* -- within bench/analysis ---------------------------------------------------------------------------------------------- */

/* The median of a column in seconds. */
double column_median(const struct result_cell *cell, size_t column);
/* The round with the median of a column (of two, the lesser); 0: there are no samples. */
int64_t column_median_round(const struct result_cell *cell, size_t column);
/* Fills in what the samples of out->cell say by themselves. */
void cell_measure(struct summary_cell *out);
/* The share of the work in which the origin ran or wanted to; NaN: not known. A wait that is not known counts as none. */
double origin_taken(const struct summary_cell *cell);
/* Whether it used less than half a CPU, or on a busy machine next to nothing. */
bool hardly_computes(const struct summary_cell *cell);
/* Fills in the verdict of every cell's audits. */
void audits_judge(struct summary *summary);
/* Fills in cpus_used, off_cpu_share and finding of a cell whose ratios are there. */
void diagnosis_make(const struct summary *summary, struct summary_cell *cell);

#endif
