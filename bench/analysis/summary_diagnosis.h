/* SPDX-License-Identifier: MIT */
/* What a summary's cells show beside their times: whether jobs ran side by side or only seemed to, whether the origin was
 * the limit, whether somebody stopped a process. */
#ifndef BENCH_ANALYSIS_SUMMARY_DIAGNOSIS_H
#define BENCH_ANALYSIS_SUMMARY_DIAGNOSIS_H

#include "bench/analysis/summary.h"

/* A machine that gave copies of the baseline less than this had no second CPU to give. */
#define SYMPTOMS_CAPACITY 1.4
/* CPU work that gained less than this part of what was possible went on one job at a time, ... */
#define SYMPTOMS_GAINED (1.0 / 3)
/* ... unless it used as many times the CPUs that its baseline used: then it was busy with something else. */
#define SYMPTOMS_TWO_CPUS 1.5
/* Jobs that overlap by less than this on average are not said to take turns: they hardly met. */
#define SYMPTOMS_TOGETHER 1.5
/* Where a command spends more than this, in work times, on starting and ending, the CPUs its work used are not known. */
#define SYMPTOMS_START_UP 0.5
/* Waiting jobs that gained less than this over one after the other gained nothing. */
#define SYMPTOMS_NO_GAIN 1.2
/* Waiting work that uses at least this much of a CPU, or of the origin's, may have its limit there. */
#define SYMPTOMS_BUSY 0.5

/*
 * Fills the cells' in_flight_max, in_flight_mean, cpus_used, origin_wait_share and disturbed_rounds and adds their marks, from what the
 * rest of the summary has. 0 or -ENOMEM.
 *
 * in_flight_mean is the median of the jobs' times together / the work time. cpus_used, of CPU work of 5 ms or more, is
 * (CPU time - start-up) / work time, all medians, where the start-up is what the same runtime's baseline uses beyond its
 * work time (one job at a time, so at most one CPU): too little where the baseline had to wait for a CPU, and so cpus_used
 * is rather too high than too low.
 *
 * MARK_SERIAL: two or more workers were allowed and never were two jobs in flight at once.
 * MARK_TAKES_TURNS: SYMPTOMS_TOGETHER jobs or more were in flight on average, and yet nothing was gained over one job after
 * the other, though CPU work could have gained (the capacity shows it) and did not use the CPU time of more, or though, for
 * waiting work, CPUs and origin were idle: something, a lock, lets one job go on at a time.
 * MARK_STOPPED: a process was seen stopped during one of the cell's samples.
 * MARK_DISTURBED: so many of its timed samples as disturbed_rounds says were disturbed from outside (bench/machine/interference.h).
 */
int summary_symptoms(struct summary *summary);

#endif
