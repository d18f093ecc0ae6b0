/* SPDX-License-Identifier: MIT */
/* Statistics of one sample by its order. Every statistic here begins with a sorted copy, and all refuse the same values. */
#include "bench/stats/order.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"

/* The upper quartile of the standard normal distribution: a normal sample's MAD is this share of its deviation. */
#define MAD_OF_DEVIATION 0.6745
/* sqrt(pi / 2): a normal sample's deviation is so many mean absolute deviations. */
#define DEVIATION_OF_MEAN_AD 1.253314

int stats_sorted_new(const double *x, size_t n, double **out)
{
    if (n == 0)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return -EDOM;
    *out = xcalloc(n, sizeof **out);
    memcpy(*out, x, n * sizeof **out);
    gsl_sort(*out, 1, n);
    return 0;
}

size_t stats_sorted_run(const double *sorted, size_t n, size_t first)
{
    size_t end = first + 1;
    while (end < n && sorted[end] <= sorted[first])
        end++;
    return end;
}

int stats_median(const double *x, size_t n, double *out)
{
    double *sorted = NULL;
    const int rc = stats_sorted_new(x, n, &sorted);
    if (rc != 0)
        return rc;
    *out = gsl_stats_median_from_sorted_data(sorted, 1, n);
    free(sorted);
    return 0;
}

/* The greatest k with P(B <= k - 1) <= alpha / 2, by bisection; 0 where there is none. */
static unsigned median_k(unsigned n, double alpha)
{
    unsigned low = 0, high = n / 2 + 1; /* P(B <= n / 2) >= 1 / 2 */
    while (high - low > 1) {
        const unsigned middle = low + (high - low) / 2;
        if (gsl_cdf_binomial_P(middle - 1, 0.5, n) <= alpha / 2)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int stats_median_interval(const double *x, size_t n, double confidence, struct stats_interval *out)
{
    if (!(confidence > 0 && confidence < 1) || n > INT32_MAX)
        return -EINVAL;
    double *sorted = NULL;
    const int rc = stats_sorted_new(x, n, &sorted);
    if (rc != 0)
        return rc;
    const unsigned k = median_k((unsigned)n, 1 - confidence);
    if (k >= 1)
        *out = (struct stats_interval){
            .estimate = gsl_stats_median_from_sorted_data(sorted, 1, n),
            .low = sorted[k - 1],
            .high = sorted[n - k],
        };
    free(sorted);
    return k >= 1 ? 0 : -ERANGE;
}

int stats_spread_of(const double *x, size_t n, struct stats_spread *out)
{
    double *sorted = NULL, sum = 0;
    const int rc = stats_sorted_new(x, n, &sorted);
    if (rc != 0)
        return rc;
    const double median = gsl_stats_median_from_sorted_data(sorted, 1, n);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = fabs(sorted[i] - median);
        sum += sorted[i];
    }
    gsl_sort(sorted, 1, n);
    const double mad = gsl_stats_median_from_sorted_data(sorted, 1, n);
    free(sorted);
    *out = (struct stats_spread){
        .median = median,
        .scale = mad > 0 ? mad / MAD_OF_DEVIATION : DEVIATION_OF_MEAN_AD * sum / (double)n,
    };
    return 0;
}

double stats_modified_z(const struct stats_spread *spread, double value)
{
    const double distance = value - spread->median;
    if (spread->scale > 0)
        return distance / spread->scale;
    return distance > 0 ? INFINITY : distance < 0 ? -INFINITY : 0;
}
