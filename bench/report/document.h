/* SPDX-License-Identifier: MIT */
/* What a report of a run says, in any format: the run and its machine, what was wrong with it, each group, sweeps, marginal
 * costs. */
#ifndef BENCH_REPORT_DOCUMENT_H
#define BENCH_REPORT_DOCUMENT_H

#include "bench/analysis/summary.h"
#include "bench/report/writer.h"

/* The whole report, to its end; whether the writer's `out` took the bytes is for the caller to check. */
void document_write(const struct summary *summary, struct writer *w);

/* Its head (head.c): for programs the run's facts, for people title and machine. */
void head_write(const struct summary *summary, struct writer *w);
/* "quick: 16 to 40 rounds (as many rounds as fit into 2 min), seed 42, DATE", to be freed. */
char *head_title(const struct results *results);
/* "asking URL · HOST · AMD EPYC, 2 CPUs · Linux 6.1 · gcc 12.2.0 -O2"; what machine.json does not mention (an older cobench wrote
 * it) is left out. To be freed. */
char *head_machine(const struct results *results);

/* What a group is, as the heading of its tables. */
void document_write_group_heading(const struct plan_group *group, struct writer *w);

/* Parts of it, for the page. Nothing is written where the run has none. */
void document_write_checks(const struct summary *summary, const struct plan_group *group,
                           struct writer *w); /* NULL: all */
void document_write_scaling(const struct summary *summary, struct writer *w);
void marginal_cost_write(const struct summary *summary, struct writer *w);
/* "one more costs with c:threads 20.0 kB of memory and ..." of a suite's group, to be freed. */
char *marginal_cost_text(const struct summary *summary, const char *piece);
void document_write_legend(struct writer *w); /* what the columns mean */

#endif
