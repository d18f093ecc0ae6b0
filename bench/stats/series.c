/* SPDX-License-Identifier: MIT */
/* First-round effect, drift and autocorrelation. */
#include "bench/stats/series.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/signed_rank.h"
#include "bench/stats/sorted.h"

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
static double inversions_count(double *x, size_t n, double *room)
{
    if (n < 2)
        return 0;
    const size_t half = n / 2;
    double count = inversions_count(x, half, room) + inversions_count(x + half, n - half, room);
    size_t i = 0, j = half, at = 0;
    while (i < half && j < n) {
        if (x[j] < x[i]) {
            count += (double)(half - i);
            room[at++] = x[j++];
        } else {
            room[at++] = x[i++];
        }
    }
    memcpy(room + at, x + i, (half - i) * sizeof *x); /* what is left of the second half is in its place */
    memcpy(x, room, (at + half - i) * sizeof *x);
    return count;
}

/* P(inversions <= count) of n different values in random order: each new value adds 0 to n - 1, all alike. */
static double inversions_cdf(size_t n, double count)
{
    enum { MOST = STATS_DRIFT_EXACT_MAX * (STATS_DRIFT_EXACT_MAX - 1) / 2 };
    double p[MOST + 1] = {1}, next[MOST + 1];
    for (size_t m = 2; m <= n; m++) {
        double sum = 0;
        for (size_t k = 0; k <= m * (m - 1) / 2; k++) {
            sum += p[k];
            if (k >= m)
                sum -= p[k - m];
            next[k] = sum / (double)m;
        }
        memcpy(p, next, (m * (m - 1) / 2 + 1) * sizeof *p);
    }
    double sum = 0;
    for (size_t k = 0; k <= (size_t)count; k++)
        sum += p[k];
    return sum;
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
    if (ties->pairs <= 0 && n <= STATS_DRIFT_EXACT_MAX)
        return fmin(1, 2 * inversions_cdf(n, fmin(falling, rising)));
    const double variance = m * (m - 1) * (2 * m + 5) / 18 - ties->variance;
    const double s = fmax(0, fabs(rising - falling) - 1); /* continuity */
    return variance > 0 ? fmin(1, 2 * gsl_cdf_ugaussian_Q(s / sqrt(variance))) : 1;
}

int stats_drift_of(const double *x, size_t n, struct stats_drift *out)
{
    if (n < STATS_SERIES_MIN)
        return -ERANGE;
    double first = 0, last = 0;
    double *sorted = NULL, *work = calloc(2 * n, sizeof *work);
    int rc = work == NULL ? -ENOMEM : stats_sorted_new(x, n, &sorted);
    if (rc == 0)
        rc = stats_median(x, n / 3, &first);
    if (rc == 0)
        rc = stats_median(x + n - n / 3, n / 3, &last);
    if (rc == 0) {
        memcpy(work, x, n * sizeof *work);
        const struct ties ties = ties_of(sorted, n);
        const double pairs = (double)n * ((double)n - 1) / 2;
        const double falling = inversions_count(work, n, work + n), rising = pairs - ties.pairs - falling;
        *out = (struct stats_drift){
            .tau = (rising - falling) / pairs,
            .p = drift_p(n, falling, rising, &ties),
            .shift = last - first,
        };
    }
    free(sorted);
    free(work);
    return rc;
}

/* -- autocorrelation -------------------------------------------------------------------------------------------------- */

/* Mid-ranks: equal values share the mean of their places. `order` is gsl_sort_index's. */
static void ranks_fill(const double *x, size_t n, const size_t *order, double *ranks)
{
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && x[order[end]] <= x[order[first]];)
            end++; /* as stats_sorted_run, through the order */
        for (size_t i = first; i < end; i++)
            ranks[order[i]] = ((double)first + (double)end + 1) / 2;
    }
}

static struct stats_autocorrelation ranks_autocorrelation(const double *ranks, size_t n)
{
    const double m = (double)n, mean = (m + 1) / 2;
    double successive = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        squares += (ranks[i] - mean) * (ranks[i] - mean);
        if (i > 0)
            successive += (ranks[i] - ranks[i - 1]) * (ranks[i] - ranks[i - 1]);
    }
    if (!(squares > 0))
        return (struct stats_autocorrelation){.ratio = 2, .p = 1};
    const double ratio = successive / squares;
    /* Bartels' beta distribution on 0..4 with mean 2 and the exact variance of the ratio. */
    const double shape = 5 * m * (m + 1) * (m - 1) * (m - 1) / (2 * (m - 2) * (5 * m * m - 2 * m - 9)) - 0.5;
    return (struct stats_autocorrelation){.ratio = ratio, .p = gsl_cdf_beta_P(fmin(ratio / 4, 1), shape, shape)};
}

int stats_autocorrelation_of(const double *x, size_t n, struct stats_autocorrelation *out)
{
    if (n < STATS_SERIES_MIN)
        return -ERANGE;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return -EDOM;
    int rc = 0;
    size_t *order = calloc(n, sizeof *order);
    double *ranks = calloc(n, sizeof *ranks);
    if (order == NULL || ranks == NULL) {
        rc = -ENOMEM;
    } else {
        gsl_sort_index(order, x, 1, n);
        ranks_fill(x, n, order, ranks);
        *out = ranks_autocorrelation(ranks, n);
    }
    free(ranks);
    free(order);
    return rc;
}

double stats_autocorrelation_level(size_t n)
{
    /* From this many values on, this level; `make validate-statistics` shows that each finds 0.3 in over 80%. */
    static const struct {
        size_t n;
        double level;
    } table[] = {{90, 0.05}, {70, 0.08}, {60, 0.11}, {50, 0.16}, {40, 0.22}, {30, 0.30}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (n >= table[i].n)
            return table[i].level;
    return 0.05;
}
