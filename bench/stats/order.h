/* SPDX-License-Identifier: MIT */
/*
 * Statistics of one sample by its order: sorted copies, the median and its interval, and which values are outliers. Pure.
 * Every function of bench/stats that returns an int returns 0 or
 *   -EINVAL  no values, or a confidence outside (0, 1)
 *   -EDOM    a value is NaN or infinite, or (ratios) zero or negative
 *   -ERANGE  too few values for what is asked for
 * and leaves *out alone on an error.
 *
 * Sources: the interval from order statistics with binomial weights: Thompson, Ann. Math. Stat. 7 (1936) 122-128;
 * Hollander, Wolfe, Chicken: Nonparametric Statistical Methods (3rd ed., 2014), section 3.6. The modified z-score from
 * the median absolute deviation, its constant 0.6745 and its cut 3.5: Iglewicz, Hoaglin: How to Detect and Handle
 * Outliers (ASQC, 1993), chapter 3; the mean absolute deviation in its place where more than half of the values are the
 * same: IBM SPSS Statistics Algorithms, "Modified Z score".
 */
#ifndef BENCH_STATS_ORDER_H
#define BENCH_STATS_ORDER_H

#include <stddef.h>

/* The fewest values for which an exact interval exists: the chance of all lying on one side, 2^-n, must be below half the
 * error. */
#define STATS_MIN_95 6
#define STATS_MIN_99 8
/* A value is an outlier where its modified z-score is beyond this. */
#define STATS_OUTLIER_CUT 3.5
/* Fewer values do not say what is normal among them. */
#define STATS_OUTLIER_MIN 6

struct stats_interval {
    double estimate, low, high;
};

/* A sorted copy of n >= 1 finite values in *out, to be freed by the caller. */
int stats_sorted_new(const double *x, size_t n, double **out);
/* One past the last of the values that equal sorted[first]: ties, a group at a time. */
size_t stats_sorted_run(const double *sorted, size_t n, size_t first);

/* The middle value; the mean of the two middle ones where n is even. */
int stats_median(const double *x, size_t n, double *out);

/*
 * The median with its distribution-free interval, from the k-th smallest to the k-th largest value, where k is the
 * greatest with P(B <= k - 1) <= (1 - confidence) / 2, B being binomial (n, 1/2). Exact for every n and every continuous
 * distribution; ties make it conservative at most. -ERANGE where there is no such k (95%: below 6 values).
 */
int stats_median_interval(const double *x, size_t n, double confidence, struct stats_interval *out);

/* The middle of values and how far they lie from it. */
struct stats_spread {
    double median;
    double scale; /* MAD / 0.6745, for normal values their deviation; 0 only where all values are the same */
};

int stats_spread_of(const double *x, size_t n, struct stats_spread *out);

/* The modified z-score of a value; infinite where the scale is 0 and the value is not the median. */
double stats_modified_z(const struct stats_spread *spread, double value);

#endif
