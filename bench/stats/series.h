/* SPDX-License-Identifier: MIT */
/*
 * Is a series of rounds what the signed-rank interval takes it for: values of one distribution that know nothing of each
 * other? Three ways in which it is not, each with its test. Pure; errors as in bench/stats/signed_rank.h, and -ERANGE below
 * STATS_SERIES_MIN values. docs/statistics.md has the false alarms of each, as `make validate-statistics` measures them.
 *
 * Sources: Mann, Econometrica 13 (1945) 245-259, and Kendall: Rank Correlation Methods (4th ed., 1975), for the drift,
 * its exact distribution and the variance with ties; Knight, J. Am. Stat. Assoc. 61 (1966) 436-439, for counting in
 * O(n log n); Bartels: The rank version of von Neumann's ratio test for randomness, J. Am. Stat. Assoc. 77 (1982) 40-46,
 * for the autocorrelation and the beta distribution of its statistic.
 */
#ifndef BENCH_STATS_SERIES_H
#define BENCH_STATS_SERIES_H

#include <stddef.h>

#include "bench/stats/median.h"

#define STATS_SERIES_MIN 6
/* Up to here the drift's distribution is exact (where no values are tied), above it is the normal approximation. */
#define STATS_DRIFT_EXACT_MAX 50
/* A drift is named at this level. */
#define STATS_DRIFT_LEVEL 0.01
/* The first value is named where its modified z-score against the others is beyond this. */
#define STATS_FIRST_CUT (2 * STATS_OUTLIER_CUT)

/* The first value against the others: caches and clocks that were still cold. */
struct stats_first {
    double z;     /* its modified z-score, the median and the deviation being those of the others alone */
    double shift; /* its distance from their median */
};

int stats_first_of(const double *x, size_t n, struct stats_first *out);

/* A monotone drift over the series (Mann-Kendall). */
struct stats_drift {
    double tau;   /* Kendall's tau-a: -1 falling throughout, 1 rising throughout */
    double p;     /* two-sided; exact without ties up to STATS_DRIFT_EXACT_MAX */
    double shift; /* the median of the last third less that of the first */
};

int stats_drift_of(const double *x, size_t n, struct stats_drift *out);

/* Do neighbours resemble each other (Bartels' rank version of von Neumann's ratio)? */
struct stats_autocorrelation {
    double ratio; /* mean square of successive differences of ranks over their variance: 2 for independent values, less
                     where neighbours are alike; about 2 (1 - the lag-1 autocorrelation) */
    double p;     /* one-sided: of a ratio at most so small; 1 where all values are the same */
};

int stats_autocorrelation_of(const double *x, size_t n, struct stats_autocorrelation *out);

/*
 * The level at which autocorrelation of n values is named. Below 30 values it is 5%: nothing finds a weak one there. From
 * 30 on it is the level at which an autocorrelation of 0.3 of normal values is found in over 80% of series, but never
 * below 5%. With 30 values that costs a false alarm in 30% of series whose rounds are independent, and the best test
 * there is (the likelihood ratio of exactly that alternative) would still cost 25%.
 */
double stats_autocorrelation_level(size_t n);
/* Below this p an autocorrelation is named in a warning and not only marked. */
#define STATS_AUTOCORRELATION_SURE 0.01

#endif
