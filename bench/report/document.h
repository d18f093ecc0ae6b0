/* SPDX-License-Identifier: MIT */
/* What a report of a run says, in any format: the run and its machine, what was wrong with it, each group, sweeps, marginal
 * costs. */
#ifndef BENCH_REPORT_DOCUMENT_H
#define BENCH_REPORT_DOCUMENT_H

#include "bench/analysis/summary.h"
#include "bench/report/writer.h"

/* The whole report, to its end. 0 or -ENOMEM; whether the writer's `out` took the bytes is for the caller to check. */
int document_write(const struct summary *summary, struct writer *w);

/* What a group is, as the heading of its tables. 0 or -ENOMEM. */
int document_write_group_heading(const struct plan_group *group, struct writer *w);

/* Parts of it, for the page. Nothing is written where the run has none; 0 or -ENOMEM. */
int document_write_checks(const struct summary *summary, const struct plan_group *group,
                          struct writer *w); /* NULL: all */
int document_write_scaling(const struct summary *summary, struct writer *w);
int document_write_marginal_cost(const struct summary *summary, struct writer *w);

/* What the columns mean, a title and a sentence each; NULL past the last. */
const char *const (*document_legend(void))[2];

#endif
