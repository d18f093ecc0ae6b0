/* SPDX-License-Identifier: MIT */
/* How many pairs are out of order when n different values stand in random order: the distribution of Kendall's statistic
 * (Kendall: Rank Correlation Methods, 4th ed., 1975), exact. Pure. */
#ifndef BENCH_STATS_KENDALL_H
#define BENCH_STATS_KENDALL_H

#include <stddef.h>

#define KENDALL_MAX       50
#define KENDALL_PAIRS_MAX (KENDALL_MAX * (KENDALL_MAX - 1) / 2)

/* Fills p[k] with the chance of exactly k of the n(n-1)/2 pairs, 0 beyond. n at most KENDALL_MAX. */
void kendall_fill(size_t n, double p[KENDALL_PAIRS_MAX + 1]);
/* P(at most k of them). */
double kendall_cdf(size_t n, size_t k);

#endif
