/* SPDX-License-Identifier: MIT */
/* What a report of a run says, in any format: the run and its machine, what was wrong with it, each group, sweeps, marginal
 * costs. */
#ifndef BENCH_REPORT_DOCUMENT_H
#define BENCH_REPORT_DOCUMENT_H

#include "bench/analysis/summary.h"
#include "bench/report/writer.h"

/* The whole report, to its end. 0; whether the writer's `out` took the bytes is for the caller to check. */
int document_write(const struct summary *summary, struct writer *w);

/* What a group is, as the heading of its tables. */
void document_write_group_heading(const struct plan_group *group, struct writer *w);

/* Parts of it, for the page. Nothing is written where the run has none. */
void document_write_checks(const struct summary *summary, const struct plan_group *group,
                           struct writer *w); /* NULL: all */
void document_write_scaling(const struct summary *summary, struct writer *w);
void document_write_legend(struct writer *w); /* what the columns mean */

#endif
