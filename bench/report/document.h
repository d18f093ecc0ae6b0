/* SPDX-License-Identifier: MIT */
/* What is said in any format: of a run (the run and its machine, what was wrong with it, each group, sweeps, marginal costs, what handing over
 * a job costs), of
 * two runs compared, and of claims beside a run. */
#ifndef BENCH_REPORT_DOCUMENT_H
#define BENCH_REPORT_DOCUMENT_H

#include "bench/analysis/claims.h"
#include "bench/analysis/compare.h"
#include "bench/analysis/ladder.h"
#include "bench/report/writer.h"

/* The whole report, to its end; whether the writer's `out` took the bytes is for the caller to check. */
void document_write(const struct summary *summary, struct writer *w);
/* Which model to take for each task in each runtime: the runner-up, what it costs, what would change the answer, and what was
 * not measured (advice.c). To its end, too; never more than the intervals show. `ladder`: of this run or of another one; it says
 * for which jobs handing them over is too expensive. */
void advice_write(const struct summary *summary, const struct ladder *ladder, struct writer *w);

/* The run and its machine. */
void head_write(const struct summary *summary, struct writer *w);

/* "quick: 16 to 40 rounds (as many rounds as fit into 2 min), seed 42, DATE", to be freed. */
char *head_title(const struct results *results);
/* "asking URL · HOST · AMD EPYC, 2 CPUs · Linux 6.1 · gcc 12.2.0 -O2"; what machine.json does not mention (an older cobench wrote
 * it) is left out. To be freed. */
char *head_machine(const struct results *results);

/* What was wrong with the run, if anything. */
void write_warnings(const struct summary *summary, struct writer *w);

/* What a group is, as the heading of its tables. */
void document_write_group_heading(const struct plan_group *group, struct writer *w);

/* Parts of it, for the page. Nothing is written where the run has none. */
void document_write_checks(const struct summary *summary, const struct plan_group *group,
                           struct writer *w); /* NULL: all */
void document_write_scaling(const struct summary *summary, struct writer *w);
void document_write_hosts(const struct summary *summary, struct writer *w);
void marginal_cost_write(const struct summary *summary, struct writer *w);
void ladder_write(const struct summary *summary, struct writer *w);
void serving_write(const struct summary *summary, struct writer *w);
void shared_state_write(const struct summary *summary,
                        struct writer *w);    /* what jobs lost of what they changed in common */
void document_write_legend(struct writer *w); /* what the columns mean */

/* -- cells: every number of a variant, one column each; a new metric is one row of `columns` in cells.c ------------------ */

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

/* Whether what two groups change in common is comparable: the same task with as many jobs and workers. */
bool shared_state_beside(const struct plan_group *a, const struct plan_group *b);
/* "one", "striped 10": the values of those parameters that are not the same in all audited groups beside a group; "" where all
 * are. To be freed. */
char *shared_state_guard(const struct summary *summary, const struct plan_group *group);

/* -- two runs: the answer, what was wrong with them, what else is not the same in both, then the cells ------------------ */

#define COMPARE_TABLE "cells" /* for programs: one row per cell of either run */

/* All of it, to its end; `names`: what the runs are called. */
void compare_write(const struct compare *compare, const char *const names[COMPARE_SIDES], struct writer *w);

/* -- claims beside measurements: one table per source for people, one of all for programs ------------------------------- */

/* Writes claims that were judged, under a heading of `level`, into a document that goes on. */
void write_claims(struct writer *w, int level, const struct claims *claims);
/* As a document of its own; `what` points at a struct claims. */
void render_claims_markdown(const void *what, FILE *out);
void render_claims_json(const void *what, FILE *out);

#endif
