/* SPDX-License-Identifier: MIT */
/* Two runs, cell by cell, as two samples each. Pure. docs/compare.md says what is compared with what, and why so. */
#ifndef BENCH_ANALYSIS_COMPARE_H
#define BENCH_ANALYSIS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/analysis/summary.h"
#include "bench/store/json_diff.h"
#include "bench/util/error.h"
#include "bench/util/text.h"

enum compare_side { COMPARE_A, COMPARE_B, COMPARE_SIDES };

/* What --fail-if-slower says of a cell, the gravest last. */
enum compare_gate {
    GATE_NONE, /* not asked, or not judged (only one run has it; of speedups the baseline) */
    GATE_PASSES,
    GATE_UNKNOWN, /* no interval, or too few rounds to say so of any cell */
    GATE_SLOWER,  /* the interval lies wholly beyond the limit, adjusted by Holm */
    GATE_RATE,    /* it kept the rate of its open loop in A and does not in B */
    GATE_BROKEN,  /* it was sound in A and is not in B */
};

struct compare_options {
    double margin;                  /* below 0: the larger of the two plans' */
    enum ratio_time time;           /* of COMPARE_TIME and COMPARE_SPEEDUP */
    bool by_speedup;                /* the gate goes by speedups, not by times and latencies */
    double slower;                  /* the gate's limit: 0.05 for 5% slower; 0: no gate */
    const struct string_list *only; /* patterns TASK or TASK/RUNTIME:MODEL as of fnmatch; none or NULL: all */
};

/* What is compared of a cell; latencies of an open loop only, the others of a closed one. */
enum compare_what { COMPARE_TIME, COMPARE_SPEEDUP /* over its own sync */, COMPARE_P50, COMPARE_P99, COMPARE_CHANGES };

struct compare_change {
    double of[COMPARE_SIDES]; /* the medians, or the speedups as the runs' summaries have them; NaN: none */
    struct ratio ratio;       /* above 1 is better in B; its `rounds` are the lesser of both */
    double gate_p;            /* of "not slower by more than the limit"; of the gate's changes adjusted */
    enum compare_gate gate;   /* GATE_NONE where the gate does not go by it */
};

struct compare_row {
    const struct summary_cell *cell[COMPARE_SIDES]; /* NULL: only the other run has it, and nothing is compared */
    struct compare_change change[COMPARE_CHANGES];
    enum compare_gate gate; /* the gravest of its changes */
};

struct compare {
    struct compare_options options;
    double margin;
    const struct results *results[COMPARE_SIDES];
    struct summary summary[COMPARE_SIDES];
    struct compare_row *rows; /* in the order of B's plan; behind that what only A has */
    size_t row_count;
    struct differences machine, plan;
    bool gate_fails;
};

/*
 * Fills *out, which borrows everything given. -EINVAL where options.only matches no cell; then there is nothing to free.
 * The gate fails where a cell is GATE_SLOWER or worse, and where none passes: what could not be judged has not passed.
 */
int compare_make(struct compare *out, const struct results *a, const struct results *b,
                 const struct compare_options *options, struct error *err);
void compare_free(struct compare *compare);

/* The row's cell: B's where both have it. */
const struct summary_cell *compare_cell(const struct compare_row *row);
/* Do both runs have it? */
bool compare_both(const struct compare_row *row);
/* Does a column ask of the row? Of both runs' cell, in its kind of loop; of speedups not of the baseline. */
bool compare_asks(const struct compare_row *row, enum compare_what what);

#endif
