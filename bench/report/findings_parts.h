/* SPDX-License-Identifier: MIT */
/* The sentences of bench/report/findings.h, one function for each kind. They print; whether `out` took it is for the caller to
 * see. */
#ifndef BENCH_REPORT_FINDINGS_PARTS_H
#define BENCH_REPORT_FINDINGS_PARTS_H

#include <stdio.h>

#include "bench/analysis/ranking.h"
#include "bench/analysis/marginal_cost.h"
#include "bench/analysis/scaling.h"

/* So many names are spelled out. */
enum { FINDINGS_NAMES_MOST = 4 };

/* What a sentence is about; all borrowed. */
struct findings_subject {
    const struct summary *summary;
    const struct ranking *ranking;     /* of a group that compares */
    const struct scaling *scaling;     /* of a sweep, with */
    const struct scaling_curve *table; /* the first curve of its table */
    const struct prices *prices;       /* of a price, with */
    const char *piece;                 /* the suite's group */
};

typedef void findings_put(FILE *out, const struct findings_subject *subject);

findings_put findings_put_group, findings_put_group_best;
findings_put findings_put_open_loop, findings_put_open_loop_best;
findings_put findings_put_sweep, findings_put_sweep_best;
findings_put findings_put_cost;

#endif
