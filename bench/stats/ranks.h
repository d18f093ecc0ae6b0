/* SPDX-License-Identifier: MIT */
/*
 * Estimates and intervals from ranks: the signed-rank ones of one sample, which are those of ratios of pairs, and the
 * rank-sum ones of the shift between two samples of which no value belongs to a value of the other (the rounds of two runs
 * are no pairs). Pure; errors as in bench/stats/order.h.
 *
 * Both are order statistics of values too many to write down, Walsh averages (x[i] + x[j]) / 2, i <= j, or differences
 * x[i] - y[j], and how many of these lie below the true value has a known distribution. The values are counted by two
 * pointers over the sorted samples, and the k-th smallest is found by bisection over the doubles, with one count for each
 * step (the idea of Johnson and Mizoguchi, SIAM J. Comput. 7 (1978) 147-153, in its simplest form). So 10,000 rounds cost
 * no more memory than 10.
 *
 * Sources: Hodges, Lehmann, Ann. Math. Stat. 34 (1963) 598-611, for the estimates, the medians of those values; Hollander,
 * Wolfe, Chicken: Nonparametric Statistical Methods (3rd ed., 2014), sections 3.1 to 3.3 and 4.1 to 4.3, for the
 * distributions of W+ and U, their normal approximations with ties (formula 3.13), and the intervals (Tukey 1949, Moses
 * 1965); Holm, Scand. J. Stat. 6 (1979) 65-70.
 */
#ifndef BENCH_STATS_RANKS_H
#define BENCH_STATS_RANKS_H

#include <stddef.h>

#include "bench/stats/order.h"

/* Up to this many values in each sample the distributions are exact, above it is the normal approximation. */
#define STATS_EXACT_MAX 50

/* Two samples that differ by a shift alone, x - y; neither needs to be sorted. */
struct stats_two {
    const double *x, *y;
    size_t m, n; /* how many */
};

/*
 * The estimate with its interval: from the k-th smallest to the k-th largest value, where k is the greatest with
 * P(k - 1) < (1 - confidence) / 2. -ERANGE where there is no such k (95%: below 6 values of one sample; two need 4 and 4,
 * 3 and 5, or 2 and 8): then there is the estimate alone, and the rest is NaN. Ties make the exact interval conservative at
 * most; the approximation has a continuity correction and the variance that ties within a sample leave.
 */
int stats_signed_rank(const double *x, size_t n, double confidence, struct stats_interval *out);
int stats_shift(const struct stats_two *two, double confidence, struct stats_interval *out);
/* The ratio baseline / variant of n pairs, from their logarithms. Above 1: the variant takes less time. */
int stats_ratio(const double *baseline, const double *variant, size_t n, double confidence, struct stats_interval *out);

/*
 * The two-sided p-value of "the true value lies within -margin..margin" or low..high, the dual of the interval: it is below
 * 1 - confidence exactly where that lies outside altogether. One end may be infinite; the value is then twice the
 * one-sided one, so that it stays the dual. -EINVAL: low > high.
 */
int stats_outside_p(const double *x, size_t n, double margin, double *out);
int stats_shift_outside_p(const struct stats_two *two, double low, double high, double *out);
/* The least p-value there can be with these sizes, 2 / (m + n over n); 1 where one is 0. */
double stats_rank_sum_least_p(size_t m, size_t n);

/* P(W+ <= w) and P(U <= u) for samples without ties; 0 below 0. U's is exact where besides the ways to choose one sample from
 * both are below 2^64 (as for 33 and 33, or 50 and 24). */
double stats_signed_rank_cdf(size_t n, double w);
double stats_rank_sum_cdf(size_t m, size_t n, double u);

/* Holm's step-down adjustment of n p-values; adjusted[i] belongs to p[i]. n may be 0. -EDOM: a p outside 0..1. */
int stats_holm(const double *p, size_t n, double *adjusted);

#endif
