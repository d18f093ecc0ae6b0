/* SPDX-License-Identifier: MIT */
/* The Theil-Sen slope and its exact interval. */
#include "bench/stats/theil_sen.h"

#include <errno.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#define TAIL 0.025

/* Fills p[k] with the chance of exactly k of the n(n-1)/2 pairs, 0 beyond, value by value: the m-th to be put in is out of
 * order with 0 to m - 1 of those before it, all alike. */
static void kendall_fill(size_t n, double p[KENDALL_PAIRS_MAX + 1])
{
    double before[KENDALL_PAIRS_MAX + 1];
    memset(p, 0, (KENDALL_PAIRS_MAX + 1) * sizeof *p);
    p[0] = 1;
    for (size_t m = 2; m <= n; m++) {
        double sum = 0;
        memcpy(before, p, sizeof before);
        for (size_t k = 0; k <= m * (m - 1) / 2; k++) {
            sum += before[k] - (k >= m ? before[k - m] : 0);
            p[k] = sum / (double)m;
        }
    }
}

double kendall_cdf(size_t n, size_t k)
{
    double p[KENDALL_PAIRS_MAX + 1], sum = 0;
    kendall_fill(n, p);
    for (size_t i = 0; i <= k && i <= KENDALL_PAIRS_MAX; i++)
        sum += p[i];
    return sum < 1 ? sum : 1;
}

/* How many slopes lie outside the interval at either end; 0: there is no interval. */
static size_t outside(size_t n)
{
    double p[KENDALL_PAIRS_MAX + 1], sum = 0;
    size_t k = 0;
    kendall_fill(n, p);
    while ((sum += p[k]) <= TAIL)
        k++;
    return k;
}

int slope_make(const double *x, const double *y, size_t n, struct stats_interval *out)
{
    double slopes[KENDALL_PAIRS_MAX];
    size_t count = 0;
    if (n < 2 || n > SLOPE_POINTS_MAX)
        return -ERANGE;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            slopes[count] = (y[j] - y[i]) / (x[j] - x[i]);
            if (!isfinite(x[j] - x[i]) || !isfinite(slopes[count++]))
                return -EDOM;
        }
    gsl_sort(slopes, 1, count);
    const size_t k = outside(n);
    out->estimate = gsl_stats_median_from_sorted_data(slopes, 1, count);
    out->low = k == 0 ? NAN : slopes[k - 1];
    out->high = k == 0 ? NAN : slopes[count - k];
    return 0;
}
