/* SPDX-License-Identifier: MIT */
/*
 * Two runs, cell by cell. Pure: no clock, no file, no machine. docs/compare.md has the rules.
 *
 * A round of one run belongs to no round of the other, so times are compared as two samples (bench/stats/rank_sum.h).
 * A cell's speedup over its baseline is of pairs within each run, and those are compared as two samples again: what slows
 * a whole run, such as another machine, changes the times and not the speedups.
 *
 * Cells are matched by what they are (task, parameters, jobs, workers, arrivals, runtime, model, role), not by their
 * numbers. In an open loop the schedule decides how long a cell takes, so that its time says nothing: what is compared there
 * is the latency of its jobs, and whether the rate was kept.
 */
#ifndef BENCH_ANALYSIS_COMPARE_H
#define BENCH_ANALYSIS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/store/json_diff.h"
#include "bench/util/error.h"
#include "bench/analysis/summary.h"
#include "bench/util/text.h"

enum compare_side { COMPARE_A, COMPARE_B, COMPARE_SIDES };

/* What --fail-if-slower says of a cell. */
enum compare_gate {
    GATE_NONE, /* not asked, or not among those judged (controls, capacities, of speedups the baseline) */
    GATE_PASSES,
    GATE_SLOWER,  /* the interval lies wholly beyond the limit, adjusted by Holm */
    GATE_BROKEN,  /* it was sound in A and is not in B */
    GATE_RATE,    /* it kept the rate of its open loop in A and does not in B */
    GATE_UNKNOWN, /* no interval, or too few rounds to say so of any cell */
};

struct compare_options {
    double margin;                  /* below 0: the larger of the two plans' */
    enum ratio_time time;           /* what is told and judged; both are computed */
    enum ratio_base base;           /* of the speedups */
    bool by_speedup;                /* the answer and the gate go by speedups, not by times and latencies */
    double slower;                  /* the gate's limit: 0.05 for 5% slower; 0: no gate */
    const struct string_list *only; /* patterns TASK or TASK/RUNTIME:MODEL as of fnmatch; none or NULL: all */
};

/* What is compared of a cell, a column each; what has a time has one more column for the other: COMPARE_TIME + RATIO_WORK. */
enum compare_what {
    COMPARE_TIME = 0,              /* time in A / time in B */
    COMPARE_SPEEDUP = RATIO_TIMES, /* speedup in B / speedup in A */
    COMPARE_P50 = 2 * RATIO_TIMES, /* of an open loop, which has neither of these: latency in A / latency in B */
    COMPARE_P99,
    COMPARE_CHANGES
};

/* B compared with A; above 1 is better in B. */
struct compare_change {
    double of[COMPARE_SIDES]; /* the median time or latency, or the speedup as that run's summary has it; NaN: none */
    struct ratio ratio;       /* its `rounds` are the lesser of both */
    double gate_p, gate_p_adjusted; /* of "not slower by more than the limit"; NaN where there is no gate */
    bool gate_beyond;               /* it is slower by more than that, for sure */
};

struct compare_row {
    const struct result_cell *cell[COMPARE_SIDES]; /* NULL: only the other run has it, and nothing is compared */
    const struct plan_group *group[COMPARE_SIDES];
    const char *note[COMPARE_SIDES]; /* why it has no times; NULL: it has */
    bool missed[COMPARE_SIDES];      /* that run did not keep the rate of the open loop (summary_rate.behind) */
    struct compare_change change[COMPARE_CHANGES];
    enum compare_gate gate;
};

/* The middle of a column: the median over the cells of a run of their ratios. NaN, and 0 cells, where there are none. */
struct compare_middle {
    double ratio, least, most;
    size_t cells;
};

struct compare {
    struct compare_options options;
    double margin;
    const struct results *results[COMPARE_SIDES];
    struct summary summary[COMPARE_SIDES];
    /* What both have, in the order of B's plan; behind that `lone_count` rows of what only A has, and then only B. */
    struct compare_row *rows;
    size_t row_count, lone_count;
    struct differences machine, moving, plan;
    struct compare_middle middle_time, middle_speedup; /* of options.time */
    bool gate_fails;
};

/*
 * Fills *out, which borrows everything given. -EINVAL where options.only matches no cell, -ENOMEM. On an error there is
 * nothing to free. The gate fails where a cell is GATE_SLOWER or GATE_BROKEN, and where every cell is GATE_UNKNOWN or
 * there is none: what could not be judged has not passed.
 */
int compare_make(struct compare *out, const struct results *a, const struct results *b,
                 const struct compare_options *options, struct error *err);
void compare_free(struct compare *compare);

/* Are most cells slower, or most faster, while their speedups stayed? Then it was not a model. */
bool compare_moved_alike(const struct compare *compare);
/* The side that has the row's cell: B where both have. */
enum compare_side compare_side_of(const struct compare_row *row);
/* Is the row of an open loop? */
bool compare_is_open(const struct compare_row *row);
/*
 * The changes of a row that the answer and the gate go by, k = 0, 1, ...; NULL behind the last: its time or speedup of
 * options.time; in an open loop the latencies, but one without a ratio where speedups are asked for.
 */
const struct compare_change *compare_judged(const struct compare *compare, const struct compare_row *row, size_t k);

#endif
