/* SPDX-License-Identifier: MIT */
/*
 * What a model does with its jobs, told from numbers every sample has anyway: do they ever overlap, do they take turns, do
 * they use CPUs for nothing, do they sleep. These are findings about the model, no doubts about the numbers. Pure.
 */
#ifndef BENCH_ANALYSIS_DIAGNOSIS_H
#define BENCH_ANALYSIS_DIAGNOSIS_H

#include <stdbool.h>

enum finding {
    FINDING_NONE,
    FINDING_NEVER_OVERLAPS, /* never were two jobs in flight at once, though the workers would have allowed it */
    FINDING_TAKES_TURNS,    /* jobs in flight together, and yet one at a time went on: a lock, such as Python's */
    FINDING_CONTENDS,       /* far more CPU time than sync and no gain: contention, false sharing, one hot cache line */
    FINDING_OFF_CPU,        /* in flight without a CPU: slept, stopped, throttled, waited for a lock */
    FINDINGS
};

/* A machine that gave copies of the baseline less than this had no second CPU to give. */
#define DIAGNOSIS_CAPACITY 1.4
/* CPU work that gained less than this part of what was possible gained nothing. */
#define DIAGNOSIS_GAINED (1.0 / 3)
/* It was busy all the same where it used as many times the CPUs, and the CPU time in all, of its baseline. */
#define DIAGNOSIS_TWO_CPUS 1.5
/* Jobs that overlap by less than this on average are not said to take turns: they hardly met. */
#define DIAGNOSIS_TOGETHER 1.5
/* Where a command spends more than this, in work times, on starting and ending, the CPUs its work used are not known. */
#define DIAGNOSIS_START_UP 0.5
/* Waiting jobs that gained less than this over one after the other gained nothing. */
#define DIAGNOSIS_NO_GAIN 1.2
/* Waiting work that uses at least this much of a CPU, or of the origin's, may have its limit there. */
#define DIAGNOSIS_BUSY 0.5
/* An off-CPU share up to this is not worth a word. */
#define DIAGNOSIS_OFF_CPU 0.1

/* The times of a cell and of its runtime's `sync`, medians in seconds. */
struct diagnosis_times {
    double whole_s, work_s, cpu_s;
};

/*
 * How many CPUs the work kept busy: (CPU time - start-up) / work time, the start-up being what `sync` uses beyond its work
 * time (one job at a time, so at most one CPU): too little where `sync` had to wait for a CPU, so that the result is rather
 * too high than too low. NaN where the start-up outweighs the work.
 */
double diagnosis_cpus_used(const struct diagnosis_times *cell, const struct diagnosis_times *sync);

/* What is known of a cell of a closed loop; NaN: not known. */
struct diagnosis {
    bool cpu;   /* its work is declared to compute and wait for nothing */
    bool alone; /* one worker or one job, or sync itself: nothing can overlap */
    double in_flight_max, in_flight_mean;
    double gain_high;    /* the work speedup over sync, the high end of its interval */
    double capacity_low; /* of copies of sync in the same rounds, the low end */
    double copies;       /* how many */
    double cpus_used, sync_cpus_used;
    double work_s, sync_work_s;
    double cpu_s;        /* CPU time, start-up included */
    double origin_share; /* of the work in which the origin ran or wanted to */
    double off_cpu_share;
};

enum finding diagnosis_find(const struct diagnosis *of);
/* "takes-turns" and so on; NULL of none. */
const char *finding_name(enum finding finding);

#endif
