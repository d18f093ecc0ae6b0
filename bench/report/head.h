/* SPDX-License-Identifier: MIT */
/* The head of a report: what run it is of, how many rounds it was and why, and its machine. */
#ifndef BENCH_REPORT_HEAD_H
#define BENCH_REPORT_HEAD_H

#include "bench/analysis/summary.h"
#include "bench/report/writer.h"

/* For programs its facts, for people title and machine. */
void head_write(const struct summary *summary, struct writer *w);

/* "quick: 16 to 40 rounds (as many rounds as fit into 2 min), seed 42, DATE", to be freed. */
char *head_title(const struct results *results);
/* "asking URL · HOST · AMD EPYC, 2 CPUs · Linux 6.1 · gcc 12.2.0 -O2"; what machine.json does not mention (an older cobench wrote
 * it) is left out. To be freed. */
char *head_machine(const struct results *results);

#endif
