/* SPDX-License-Identifier: MIT */
/*
 * How much y grows with each x, robustly: the median of the slopes between all pairs of points (Theil, Indag. Math. 12
 * (1950) 85-91), with the interval from order statistics of those slopes, by the exact distribution of Kendall's
 * statistic without ties (Sen, J. Am. Stat. Assoc. 63 (1968) 1379-1389; Hollander, Wolfe, Chicken: Nonparametric
 * Statistical Methods (3rd ed., 2014), section 9.3). Nearly a third of the points may be wild. Pure; no state.
 */
#ifndef BENCH_STATS_THEIL_SEN_H
#define BENCH_STATS_THEIL_SEN_H

#include <stddef.h>

#include "bench/stats/order.h"

#define KENDALL_MAX       50
#define KENDALL_PAIRS_MAX (KENDALL_MAX * (KENDALL_MAX - 1) / 2)

/*
 * How many pairs are out of order when n different values (KENDALL_MAX at most) stand in random order: P(at most k of them),
 * exact (Kendall: Rank Correlation Methods, 4th ed., 1975).
 */
double kendall_cdf(size_t n, size_t k);

/* Fewer points have no 95% interval: the chance that all slopes lie on one side is 2 / n!. */
#define SLOPE_MIN_95 5
/* The distribution is exact up to here; more points are refused. */
#define SLOPE_POINTS_MAX KENDALL_MAX

/*
 * Always 95%: from the k-th smallest to the k-th largest slope, k being the greatest for which either tail is at most
 * 2.5%. 0; -ERANGE (fewer than 2 points or more than SLOPE_POINTS_MAX); -EDOM (a value is not finite, or two points have
 * the same x). Below SLOPE_MIN_95 points low and high are NaN. On an error *out is left alone.
 */
int slope_make(const double *x, const double *y, size_t n, struct stats_interval *out);

#endif
