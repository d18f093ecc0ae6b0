/* SPDX-License-Identifier: MIT */
/*
 * What a group comes to, in a sentence. Pure.
 *
 * Of a group that compares: which variant was the fastest, whether others can be told from it (bench/analysis/ranking.h), what
 * it gains over its runtime's sync and how near that is to the limit. Of an open loop: whose latency is the least, and who
 * did not keep the rate. Of a sweep over workers: the greatest gain, before the sentences of its points. Of a group that is
 * there for its price: the price.
 */
#ifndef BENCH_REPORT_FINDINGS_H
#define BENCH_REPORT_FINDINGS_H

#include "bench/analysis/summary.h"
#include "bench/util/text.h"

struct findings_line {
    const char *name; /* the group's, of a sweep or a price the suite's group; borrowed */
    bool point;       /* one of the points of the sweep whose line stands before it */
    /* Sentences without a full stop: what it comes to; the best of each runtime; what single variants do (warnings.h). */
    struct string_list said;
};

struct findings {
    struct findings_line *items; /* in the order of the plan */
    size_t count;
};

void findings_make(struct findings *out, const struct summary *summary);
void findings_free(struct findings *findings);

#endif
