/* SPDX-License-Identifier: MIT */
/* First-round effect and drift. */
#include "bench/stats/series.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/theil_sen.h"
#include "bench/util/alloc.h"

/* -- the first round -------------------------------------------------------------------------------------------------- */

int stats_first_of(const double *x, size_t n, struct stats_first *out)
{
    if (n < STATS_SERIES_MIN)
        return -ERANGE;
    if (!isfinite(x[0]))
        return -EDOM;
    struct stats_spread others;
    const int rc = stats_spread_of(x + 1, n - 1, &others);
    if (rc != 0)
        return rc;
    *out = (struct stats_first){.z = stats_modified_z(&others, x[0]), .shift = x[0] - others.median};
    return 0;
}

/* -- drift ------------------------------------------------------------------------------------------------------------ */

/* Sorts x by merging and returns how many pairs stood in falling order; equal values are no such pair. */
static double inversions_count(double *x, size_t n, double *spare)
{
    if (n < 2)
        return 0;
    const size_t half = n / 2;
    double count = inversions_count(x, half, spare) + inversions_count(x + half, n - half, spare);
    size_t i = 0, j = half, at = 0;
    while (i < half && j < n) {
        if (x[j] < x[i]) {
            count += (double)(half - i);
            spare[at++] = x[j++];
        } else {
            spare[at++] = x[i++];
        }
    }
    memcpy(spare + at, x + i, (half - i) * sizeof *x); /* what is left of the second half is in its place */
    memcpy(x, spare, (at + half - i) * sizeof *x);
    return count;
}

/* The pairs that neither rise nor fall, and what ties take off the variance of S = rising less falling pairs. */
struct ties {
    double pairs, variance;
};

static struct ties ties_of(const double *sorted, size_t n)
{
    struct ties ties = {0, 0};
    for (size_t first = 0, end; first < n; first = end) {
        end = stats_sorted_run(sorted, n, first);
        const double t = (double)(end - first);
        ties.pairs += t * (t - 1) / 2;
        ties.variance += t * (t - 1) * (2 * t + 5) / 18;
    }
    return ties;
}

static double drift_p(size_t n, double falling, double rising, const struct ties *ties)
{
    const double m = (double)n;
    if (ties->pairs <= 0 && n <= KENDALL_MAX)
        return fmin(1, 2 * kendall_cdf(n, (size_t)fmin(falling, rising)));
    const double variance = m * (m - 1) * (2 * m + 5) / 18 - ties->variance;
    const double s = fmax(0, fabs(rising - falling) - 1); /* continuity */
    return variance > 0 ? fmin(1, 2 * gsl_cdf_ugaussian_Q(s / sqrt(variance))) : 1;
}

int stats_drift_of(const double *x, size_t n, struct stats_drift *out)
{
    if (n < STATS_SERIES_MIN)
        return -ERANGE;
    double first = 0, last = 0;
    double *sorted = NULL;
    const int rc = stats_sorted_new(x, n, &sorted);
    if (rc != 0)
        return rc;
    double *work = xcalloc(2 * n, sizeof *work);
    memcpy(work, x, n * sizeof *work);
    stats_median(x, n / 3, &first);
    stats_median(x + n - n / 3, n / 3, &last);
    const struct ties ties = ties_of(sorted, n);
    const double pairs = (double)n * ((double)n - 1) / 2;
    const double falling = inversions_count(work, n, work + n), rising = pairs - ties.pairs - falling;
    *out = (struct stats_drift){
        .tau = (rising - falling) / pairs, .p = drift_p(n, falling, rising, &ties), .shift = last - first};
    free(sorted);
    free(work);
    return 0;
}
