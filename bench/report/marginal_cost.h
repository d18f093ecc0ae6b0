/* SPDX-License-Identifier: MIT */
/* What one more worker costs (bench/analysis/marginal_cost.h), as a table and in a sentence. */
#ifndef BENCH_REPORT_MARGINAL_COST_H
#define BENCH_REPORT_MARGINAL_COST_H

#include "bench/analysis/summary.h"
#include "bench/report/writer.h"

/* Nothing where the run has none. */
void marginal_cost_write(const struct summary *summary, struct writer *w);
/* "one more costs with c:threads 20.0 kB of memory and ..." of a suite's group, to be freed. */
char *marginal_cost_text(const struct summary *summary, const char *piece);

#endif
