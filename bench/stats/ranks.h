/* SPDX-License-Identifier: MIT */
/*
 * What the signed-rank and the rank-sum interval have in common: both are order statistics of values too many to write
 * down (Walsh averages, differences), and how many of these lie below the true value has a known distribution. The values
 * are never stored: they are counted by two pointers over the sorted sample, and the k-th smallest is found by bisection
 * over the doubles, with one count for each step (the idea of Johnson and Mizoguchi, SIAM J. Comput. 7 (1978) 147-153, in its
 * simplest form). So 10,000 rounds cost no more memory than 10. Pure.
 */
#ifndef BENCH_STATS_RANKS_H
#define BENCH_STATS_RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/stats/order.h"

/* Up to this many values in each sample the distributions are exact, above it is the normal approximation. */
#define STATS_EXACT_MAX 50
#define RANKS_WAYS      (STATS_EXACT_MAX * STATS_EXACT_MAX + 1)

/* How many of the values are at most `limit`; it does not fall as limit rises. */
typedef double ranks_at_most(const void *sample, double limit);

struct ranks {
    ranks_at_most *at_most;
    const void *sample;
    double count, low, high; /* how many values there are, and where all of them lie */
    bool exact;
    double deviation;          /* of the normal approximation, with its continuity correction */
    double all;                /* exact: in how many ways the ranks can fall, */
    uint64_t ways[RANKS_WAYS]; /* and in how many so that exactly i values lie below the true one */
};

/* P(at most `below` of the values lie below the true one). 0 where below < 0. */
double ranks_cdf(const struct ranks *ranks, double below);
/* The median of the values. */
double ranks_median(const struct ranks *ranks);
/* From the k-th smallest to the k-th largest, k being the greatest with P(k - 1) < (1 - confidence) / 2. 0 or -ERANGE. */
int ranks_interval(const struct ranks *ranks, double confidence, struct stats_interval *out);
/* The two-sided p-value of "the true value lies within low..high", the dual of ranks_interval; one end may be infinite. */
double ranks_outside_p(const struct ranks *ranks, double low, double high);

#endif
