/* SPDX-License-Identifier: MIT */
/*
 * What a group comes to, in a sentence. Pure.
 *
 * Of a group that compares: which variant was the fastest, whether others can be told from it (bench/analysis/ranking.h), what
 * it gains over its runtime's sync and how near that is to the limit. Of an open loop: who kept the rate, and whose latency is
 * the least. Of a sweep over workers: the greatest gain, before the sentences of its points. Of a group that is there for its
 * price: the price. Beside them, what single variants were found to do: take turns, never overlap, be busy without a gain, sleep.
 */
#ifndef BENCH_REPORT_FINDINGS_H
#define BENCH_REPORT_FINDINGS_H

#include "bench/analysis/summary.h"
#include "bench/util/text.h"

struct findings_line {
    const char *name;       /* the group's, of a sweep or a price the suite's group; borrowed */
    bool point;             /* one of the points of the sweep whose sentence stands before it */
    char *text;             /* "c:async won (work 10 ms): 11.0x its sync [10.9,11.1], ...", without a full stop */
    const char *best_title; /* what `best` lists */
    char *best; /* the best of each runtime: "c:async 11.0x [10.9,11.1]; py:..."; NULL of a sweep or a price */
    struct string_list variants; /* findings_of_variants; of a sweep and a price empty */
};

struct findings {
    struct findings_line *items; /* in the order of the plan */
    size_t count;
};

void findings_make(struct findings *out, const struct summary *summary);
void findings_free(struct findings *findings);

/* Appends what variants of a group do, a sentence for each kind: "py:threads takes turns: ...". */
void findings_of_variants(struct string_list *out, const struct summary *summary, const struct plan_group *group);

#endif
