/* SPDX-License-Identifier: MIT */
/*
 * The two rows that every comparison is checked by: the A/A control, `sync` against itself, which must come out at 1, and
 * the capacity, copies of `sync` at once: what this machine can do in parallel on this work. Pure. A double that is not
 * known is NaN.
 */
#ifndef BENCH_ANALYSIS_CONTROL_H
#define BENCH_ANALYSIS_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/analysis/ratio.h"

/* In whole-command time; in an open loop, whose schedule decides over that, in the p50 of the latency. */
struct summary_control {
    const struct result_cell *cell;
    const struct plan_group *group;
    struct ratio ratio;
    double low99, high99; /* NaN below STATS_MIN_99 rounds */
    double p;             /* of "within the margin of 1"; NaN where low99 is */
    bool flagged;
    char *note;
};

/* copies * (work of sync) / (work of the slowest copy). */
struct summary_capacity {
    const struct result_cell *cell; /* NULL: the plan has none, and `note` says why */
    const struct plan_group *group;
    struct ratio ratio;
    char *note;
};

/* Why a cell has nothing to show, to be freed; *note stays NULL where it has. 0 or -ENOMEM. */
int cell_note(const struct result_cell *cell, char **note);
/* "failed", "out of time" and so on. */
const char *cell_status_word(enum cell_status status);

/* Each fills *out for one cell of the plan; `pairs` has space for it. 0 or -ENOMEM. */
int control_make(struct summary_control *out, const struct results *results, const struct result_cell *cell,
                 struct pairs *pairs);
int capacity_make(struct summary_capacity *out, const struct results *results, const struct result_cell *cell,
                  struct pairs *pairs);

/*
 * Flags the controls whose 99% interval misses 1 by more than the margin and whose p-value, adjusted by Holm over the groups
 * for each runtime, is below 5%. (With n rounds no p-value is below 2^(1-n): where that could never pass the adjustment,
 * the interval alone decides, so that many groups do not silence the check.) 0 or -ENOMEM.
 */
int controls_flag(struct summary_control *controls, size_t count, double margin);

#endif
