/* SPDX-License-Identifier: MIT */
/*
 * How two cells compare: the paired rounds of both, the ratio of their times with its interval, how far it can be trusted,
 * and the verdict. docs/statistics.md has the rules. Pure. A double that is not known is NaN.
 */
#ifndef BENCH_ANALYSIS_RATIO_H
#define BENCH_ANALYSIS_RATIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/store/results.h"

/* -- doubts ------------------------------------------------------------------------------------------------------------- */

/* Fine: nothing is said; doubtful: shown with a `?`, the reason in a note below the table; invalid: the reason in its place. */
enum level { LEVEL_FINE, LEVEL_DOUBTFUL, LEVEL_INVALID };

/* Why a number is doubtful; of several reasons the first here is told. What a model does is no doubt but a finding
 * (bench/analysis/summary.h). */
enum doubt {
    DOUBT_NONE,
    DOUBT_LOST,           /* its jobs lost changes of each other */
    DOUBT_UNGUARDED,      /* it lost none, and yet nothing keeps it from that */
    DOUBT_UNCHECKED,      /* its results were compared with none */
    DOUBT_ABOVE_CAPACITY, /* it gained more than this machine can do in parallel */
    DOUBT_CONTROL,        /* the A/A control of its group and runtime missed 1 */
    DOUBT_ORIGIN,         /* the origin was the limit */
    DOUBT_SERVICE,        /* a service was */
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

/* -- one ratio ---------------------------------------------------------------------------------------------------------- */

#define RATIO_UNRESOLVED   0.10 /* an interval whose half-width (as a ratio) is over this is unresolved */
#define RATIO_FAMILY_ERROR 0.05 /* a family calls a ratio "different" that is not with at most this probability */

/* Why there is no ratio, or no interval. */
enum ratio_state {
    RATIO_FULL,
    RATIO_NO_INTERVAL,    /* fewer rounds than an interval needs; low and high are NaN */
    RATIO_SELF,           /* the baseline against itself: 1 by definition; low and high are NaN */
    RATIO_TOO_SHORT,      /* its own work is under SUMMARY_SHORT_WORK_S */
    RATIO_BASE_TOO_SHORT, /* the baseline's is */
    RATIO_BASE_FAILED,
    RATIO_NO_BASE,   /* the plan has no such baseline */
    RATIO_NO_PAIRS,  /* no round has both */
    RATIO_NOT_RUN,   /* the cell itself has no samples, or failed */
    RATIO_OPEN_LOOP, /* the schedule decides how long the work takes: there is latency, and no speedup */
};

enum verdict {
    VERDICT_NONE,   /* nothing to judge: no interval */
    VERDICT_FASTER, /* the interval clears 1 by the margin, and the adjusted p-value is below 5% */
    VERDICT_SLOWER,
    VERDICT_NO_DIFFERENCE, /* "no difference shown" */
    VERDICT_TOO_FEW_ROUNDS, /* the interval clears 1, but with so many ratios in the family so few rounds cannot show it */
    VERDICT_UNRESOLVED,     /* not shown, and the half-width is over 10% */
};

struct ratio {
    double ratio, low, high; /* NaN but in the first three states */
    enum ratio_state state;
    bool unresolved; /* the half-width is over RATIO_UNRESOLVED, whatever the verdict */
    size_t rounds;   /* pairs */
    enum doubt doubt;
    double p;          /* of "within the margin of 1"; NaN where there is no interval */
    double p_least;    /* the least that p can be with so many rounds */
    double p_adjusted; /* by Holm over its family, which has so many: */
    size_t family;
    enum verdict verdict;
};

/* Which of a sample's times, all of them int64_t nanoseconds below 0 where not known: COLUMN(work_ns). */
#define COLUMN(field) offsetof(struct sample, field)
/* In seconds; NaN: not known. */
double column_value(const struct sample *sample, size_t column);

/* Two columns of times, one row for each round that both cells have. What ran twice in a round (a baseline, whose A/A control
 * is the same command) has the average of both, but where it is compared with that control. */
struct pairs {
    double *base, *variant;
    int32_t *round;
    size_t n;
};

/* Space for `rows`. */
void pairs_open(struct pairs *pairs, size_t rows);
void pairs_close(struct pairs *pairs);
void pairs_collect(struct pairs *pairs, const struct result_cell *base, const struct result_cell *variant,
                   size_t column);

/*
 * Takes the average of two runs of every round: of each column the geometric mean, and then the bases are moved together
 * so that the ratio is that of the two runs' ratios (pseudo-medians). For a mean of two is not as skewed as one, and so the
 * ratio of a command with two runs to the same one with a single run would not come out at 1.
 */
void pairs_average(struct pairs *pairs, const struct pairs *second);

struct ratio ratio_none(enum ratio_state state);
/* The ratio base / variant and its 95% interval; RATIO_NO_PAIRS of no rows. */
struct ratio ratio_of(const struct pairs *pairs);
/* The p-value and the doubts about ratio_of(pairs); pairs->base becomes the log ratios. */
void ratio_test(struct ratio *ratio, struct pairs *pairs, double margin);
/* All of that for two cells. */
struct ratio ratio_between(const struct result_cell *base, const struct result_cell *variant, size_t column,
                           double margin);

/* What is wrong with a series of log times or log ratios (pairs->base), where it is more than the margin. */
enum doubt ratio_series_doubt(const struct pairs *pairs, double margin);

/* Has it a ratio to show? */
bool ratio_known(const struct ratio *ratio);
/* Fine, doubtful (`doubt` says why) or invalid (`state` does). */
enum level ratio_level(const struct ratio *ratio);
/* sqrt(high / low) - 1 of its interval. */
double ratio_half_width(const struct ratio *ratio);
/* Does the interval's near end clear 1 by more than the margin? */
bool interval_clears(double low, double high, double margin);

/* Gives verdicts to the ratios of one family, those without a p-value being none of it. */
void ratios_decide(struct ratio *const *family, size_t count, double margin);
/* The fewest rounds with which one of `count` ratios could be called different: count * 2^(1 - rounds) < 5%. */
size_t ratio_rounds_needed(size_t count);

/* "faster", "slower", "no difference shown", "too few rounds", "unresolved"; NULL for VERDICT_NONE. */
const char *verdict_name(enum verdict verdict);

#endif
