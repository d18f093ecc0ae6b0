/* SPDX-License-Identifier: MIT */
/*
 * The pseudo-median of paired values with its signed-rank interval, its p-value, and ratios of pairs. Pure; errors as in
 * bench/stats/order.h.
 *
 * Sources: Hodges, Lehmann: Estimates of location based on rank tests, Ann. Math. Stat. 34 (1963) 598-611, for the
 * pseudo-median; Hollander, Wolfe, Chicken: Nonparametric Statistical Methods (3rd ed., 2014), sections 3.1 to 3.3, for
 * the signed-rank distribution, its normal approximation (with ties: formula 3.13), and the interval from order
 * statistics of the Walsh averages (Tukey 1949); Holm: A simple sequentially rejective multiple test procedure, Scand. J.
 * Stat. 6 (1979) 65-70.
 */
#ifndef BENCH_STATS_SIGNED_RANK_H
#define BENCH_STATS_SIGNED_RANK_H

#include <stddef.h>

#include "bench/stats/ranks.h"

/* The pseudo-median: the median of the n(n+1)/2 Walsh averages (x[i] + x[j]) / 2, i <= j. */
int stats_pseudomedian(const double *x, size_t n, double *out);

/*
 * The pseudo-median with its signed-rank interval: from the k-th smallest to the k-th largest Walsh average, where k is
 * the greatest with P(W+ <= k - 1) < (1 - confidence) / 2. Above STATS_EXACT_MAX, k is that of the normal approximation
 * with continuity correction and the variance that tied values leave. Ties make the exact interval conservative at most.
 */
int stats_signed_rank(const double *x, size_t n, double confidence, struct stats_interval *out);

/*
 * P(W+ <= w) for n values without ties; exact by dynamic programming over the subsets of the ranks 1..n up to
 * STATS_EXACT_MAX, normal with continuity correction above. 0 where w < 0.
 */
double stats_signed_rank_cdf(size_t n, double w);

/*
 * The two-sided p-value of "the pseudo-median lies within -margin..margin", the dual of stats_signed_rank: it is below
 * 1 - confidence exactly where that interval lies outside the margin altogether. margin >= 0.
 */
int stats_outside_p(const double *x, size_t n, double margin, double *out);

/*
 * The ratio baseline / variant of n pairs: pseudo-median and interval of log(baseline[i] / variant[i]), turned back by
 * exp. Above 1: the variant takes less time.
 */
int stats_ratio(const double *baseline, const double *variant, size_t n, double confidence, struct stats_interval *out);

/* The same without an interval, for any n >= 1. */
int stats_ratio_estimate(const double *baseline, const double *variant, size_t n, double *out);

/* Holm's step-down adjustment of n p-values; adjusted[i] belongs to p[i]. n may be 0. -EDOM: a p outside 0..1. */
int stats_holm(const double *p, size_t n, double *adjusted);

#endif
