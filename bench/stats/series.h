/* SPDX-License-Identifier: MIT */
/*
 * Is a series of rounds what the signed-rank interval takes it for: values of one distribution that know nothing of each
 * other? Two ways in which it is not, each with its test. Pure; errors as in bench/stats/order.h, and -ERANGE below
 * STATS_SERIES_MIN values. docs/statistics.md has the false alarms of each, as `make validate-statistics` measures them.
 *
 * Sources: Mann, Econometrica 13 (1945) 245-259, and Kendall: Rank Correlation Methods (4th ed., 1975), for the drift,
 * its exact distribution (bench/stats/theil_sen.h) and the variance with ties; Knight, J. Am. Stat. Assoc. 61 (1966)
 * 436-439, for counting in O(n log n).
 */
#ifndef BENCH_STATS_SERIES_H
#define BENCH_STATS_SERIES_H

#include <stddef.h>

#include "bench/stats/order.h"

#define STATS_SERIES_MIN 6
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
    double p;     /* two-sided; exact without ties up to KENDALL_MAX */
    double shift; /* the median of the last third less that of the first */
};

int stats_drift_of(const double *x, size_t n, struct stats_drift *out);

#endif
