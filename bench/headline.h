/* SPDX-License-Identifier: MIT */
/*
 * What a group comes to, in a sentence: which variant was the fastest, whether others can be told from it, what it gains
 * over its runtime's sync and how near that is to the limit. Pure.
 *
 * Work times are compared where every variant works for 5 ms or more, else whole commands. The fastest is the variant with
 * the least median; each of the others is compared with it in paired rounds, and where that does not show it to be slower
 * (Holm-adjusted over the group, as every verdict: docs/statistics.md) it is named as one that may be as fast.
 */
#ifndef BENCH_HEADLINE_H
#define BENCH_HEADLINE_H

#include "bench/summary.h"

struct headline {
    const struct result_group *group;
    const struct summary_cell *winner; /* NULL: nothing was measured */
    char *text;     /* "c:async won: 11.0x its sync [10.9,11.1], 92% of the ideal 12x", without a full stop */
    char *runtimes; /* the best model of each runtime: "c:async 11.0x [10.9,11.1]; py:..."; "" where there is none */
};

struct headlines {
    struct headline *items; /* one a group, in the order of the plan */
    size_t count;
};

/* 0 or -ENOMEM; then *out is empty. */
int headlines_make(struct headlines *out, const struct summary *summary);
void headlines_free(struct headlines *headlines);

#endif
