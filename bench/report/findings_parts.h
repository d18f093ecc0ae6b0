/* SPDX-License-Identifier: MIT */
/* The sentences of bench/report/findings.h, a kind of headline each. They print; whether `out` took it is for the caller to see. */
#ifndef BENCH_REPORT_FINDINGS_PARTS_H
#define BENCH_REPORT_FINDINGS_PARTS_H

#include <stdio.h>

#include "bench/analysis/ranking.h"
#include "bench/analysis/marginal_cost.h"
#include "bench/analysis/scaling.h"

/* So many names are spelled out. */
enum { HEADLINE_NAMES_MOST = 4 };

/* What a headline is about; all borrowed. */
struct headline_subject {
    const struct summary *summary;
    const struct contest *contest;     /* of a group that compares */
    const struct scaling *scaling;     /* of a sweep, with */
    const struct scaling_curve *table; /* the first curve of its table */
    const struct prices *prices;       /* of a price, with */
    const char *piece;                 /* the suite's group */
};

typedef void headline_put(FILE *out, const struct headline_subject *subject);

headline_put headline_put_group, headline_put_group_best;         /* bench/report/findings_group.c */
headline_put headline_put_open_loop, headline_put_open_loop_best; /* bench/report/findings_open_loop.c */
headline_put headline_put_sweep, headline_put_sweep_best;         /* bench/report/findings_sweep.c */
headline_put headline_put_prices;                                 /* bench/report/findings_marginal_cost.c */

/* "c:sync, py:sync and 3 more" */
void headline_put_names(FILE *out, const struct string_list *names);
/* ", 92% of the ideal 12x": how near a gain over its sync is to what can be. */
void headline_put_limit(FILE *out, const struct summary *summary, const struct summary_cell *cell,
                        const struct ratio *gain);
/* "; but a process was stopped from outside meanwhile" */
void headline_put_doubts(FILE *out, const struct summary_cell *cell);

#endif
