/* SPDX-License-Identifier: MIT */
/* The table of cells: every number of a variant, one column each. A new metric is one row of `columns` in cells.c. */
#ifndef BENCH_REPORT_CELLS_H
#define BENCH_REPORT_CELLS_H

#include "bench/analysis/summary.h"
#include "bench/report/writer.h"

/* What people see of it at a time; programs get every column once. */
enum cells_view {
    CELLS_SPEEDUP = 1 << 0, /* times and speedups */
    CELLS_LATENCY = 1 << 1, /* how long jobs took */
    CELLS_COST = 1 << 2,    /* of an open loop, which has no speedups: what it cost */
    CELLS_ALL = 1 << 3,     /* with any of them: of all groups, each row with the name of its own */
};

/* The cells of a group in the order of the plan (NULL: of all), in one view (0: for programs). */
void cells_write(const struct summary *summary, const struct plan_group *group, unsigned view, struct writer *w);

/* Is there something to wait for, so that latency says more than the work time? */
bool cells_wait(const struct plan_group *group);
/* One column for a verdict: "▲" faster, "▼" slower, "=" no difference shown, " " none or not settled. */
const char *cells_sign(enum verdict verdict);
/* Sets a ratio with its interval, verdict and doubt, or what stands in its place. */
void cells_set_ratio(struct table_value *out, const struct ratio *ratio);

#endif
