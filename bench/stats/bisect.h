/* SPDX-License-Identifier: MIT */
/* Order statistics of values too many to write down: of those that can be counted, by bisection over the doubles. */
#ifndef BENCH_STATS_BISECT_H
#define BENCH_STATS_BISECT_H

/* How many of the values are at most `limit`; it does not fall as limit rises. */
typedef double stats_count_at_most(const void *values, double limit);

/* The k-th smallest (from 1) of the values, all of which are in low..high: the smallest double that at least k of them
 * do not exceed. At most 64 counts. */
double stats_bisect(stats_count_at_most *count, const void *values, double k, double low, double high);

#endif
