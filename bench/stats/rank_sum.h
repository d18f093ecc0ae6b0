/* SPDX-License-Identifier: MIT */
/*
 * How far one sample lies from another, where no value of the one belongs to a value of the other: the rounds of two runs,
 * taken at different times, are no pairs. Pure; errors as in bench/stats/order.h (-EINVAL: one of the samples is empty).
 *
 * The model: x and y are independent samples of distributions that differ by a shift alone, the shift being x - y.
 *
 * Sources: Hodges, Lehmann, Ann. Math. Stat. 34 (1963) 598-611, for the estimate, the median of the m n differences
 * x[i] - y[j]; Hollander, Wolfe, Chicken: Nonparametric Statistical Methods (3rd ed., 2014), sections 4.1 to 4.3, for the
 * distribution of U (Mann, Whitney, Ann. Math. Stat. 18 (1947) 50-60), its normal approximation with ties, and the
 * interval from order statistics of the differences (Moses 1965).
 */
#ifndef BENCH_STATS_RANK_SUM_H
#define BENCH_STATS_RANK_SUM_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/stats/ranks.h"

/* Two samples; neither needs to be sorted. */
struct stats_two {
    const double *x, *y;
    size_t m, n; /* how many */
};

/*
 * Is the distribution of U exact for these sizes? It is where both are at most STATS_EXACT_MAX and the number of ways to
 * choose one sample from both together is below 2^64 (as for 33 and 33, or 50 and 24), else it is the normal approximation.
 */
bool stats_rank_sum_exact(size_t m, size_t n);

/* P(U <= u) for samples without ties, U being how many of the m n differences are below the true shift. 0 where u < 0. */
double stats_rank_sum_cdf(size_t m, size_t n, double u);

/* The least two-sided p-value there can be with these sizes, 2 / (m + n over n); 1 where one is 0. */
double stats_rank_sum_least_p(size_t m, size_t n);

/* The median of the differences. */
int stats_shift_estimate(const struct stats_two *two, double *out);

/*
 * The estimate with its interval: from the k-th smallest to the k-th largest difference, where k is the greatest with
 * P(U <= k - 1) < (1 - confidence) / 2. -ERANGE where there is no such k: at 95% it takes 4 and 4 values, 3 and 5, or 2
 * and 8. Ties make the exact interval conservative at most. The approximation has a continuity correction and the
 * variance that ties within each sample leave; ties between the samples depend on the shift and would only lessen it.
 */
int stats_shift(const struct stats_two *two, double confidence, struct stats_interval *out);

/*
 * The p-value of "the shift lies within low..high", the dual of stats_shift: it is below 1 - confidence exactly where that
 * interval lies outside low..high altogether. One of both may be infinite; the value is then twice the one-sided one, so
 * that it stays the dual of the two-sided interval. low <= high, else -EINVAL.
 */
int stats_shift_outside_p(const struct stats_two *two, double low, double high, double *out);

#endif
