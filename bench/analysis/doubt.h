/* SPDX-License-Identifier: MIT */
/*
 * How far a number can be trusted. Three levels: fine (nothing is said), doubtful (it is shown with a `?`, and one reason
 * stands in a note below the table), invalid (it is not shown, the reason is). What a model does, such as taking turns, is
 * no doubt but a finding (bench/analysis/diagnosis.h). Pure.
 */
#ifndef BENCH_ANALYSIS_DOUBT_H
#define BENCH_ANALYSIS_DOUBT_H

enum level { LEVEL_FINE, LEVEL_DOUBTFUL, LEVEL_INVALID };

/* Why a number is doubtful; of several reasons the first here is told. */
enum doubt {
    DOUBT_NONE,
    DOUBT_ABOVE_CAPACITY, /* it gained more than this machine can do in parallel */
    DOUBT_CONTROL,        /* the A/A control of its group and runtime missed 1 */
    DOUBT_ORIGIN,         /* the origin was the limit */
    DOUBT_RATE,           /* an open loop's rate was not kept: the latency is that of a queue that grows */
    DOUBT_FIRST_ROUND,    /* round 1 lies apart from the others */
    DOUBT_DRIFT,          /* the ratio drifts over the rounds */
    DOUBT_DISTURBED,      /* more than a quarter of its samples were disturbed from outside */
    DOUBT_TOO_FEW_ROUNDS, /* the rounds are too few for a verdict on so many ratios */
    DOUBT_WIDE,           /* the interval is wide and could still hold 1 */
    DOUBTS
};

/* Keeps the graver one. */
void doubt_add(enum doubt *to, enum doubt more);
/* "above-capacity" and so on; NULL of none. */
const char *doubt_name(enum doubt doubt);
/* "gained more than this machine can do in parallel: look for the mistake", after the names of the variants; NULL of none. */
const char *doubt_text(enum doubt doubt);

#endif
