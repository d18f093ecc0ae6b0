/* SPDX-License-Identifier: MIT */
/* The Theil-Sen slope and its exact interval. */
#include "bench/stats/theil_sen.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TAIL      0.025
#define PAIRS_MAX (SLOPE_POINTS_MAX * (SLOPE_POINTS_MAX - 1) / 2)

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* p[k]: the chance of k pairs out of order among n. The i-th value to be put in is out of order with 0..i-1 of those
 * before it, each equally likely. */
static void inversions(size_t n, double p[PAIRS_MAX + 1])
{
    double before[PAIRS_MAX + 1];
    size_t most = 0;
    memset(p, 0, (PAIRS_MAX + 1) * sizeof *p);
    p[0] = 1;
    for (size_t i = 2; i <= n; i++) {
        memcpy(before, p, sizeof before);
        most += i - 1;
        for (size_t k = 0; k <= most; k++) {
            p[k] = 0;
            for (size_t j = 0; j < i && j <= k; j++)
                p[k] += before[k - j] / (double)i;
        }
    }
}

double slope_inversions_cdf(size_t n, size_t k)
{
    double p[PAIRS_MAX + 1], sum = 0;
    inversions(n, p);
    for (size_t i = 0; i <= k && i <= PAIRS_MAX; i++)
        sum += p[i];
    return sum < 1 ? sum : 1;
}

/* How many slopes lie outside the interval at either end; 0: there is no interval. *tail: the chance of one end. */
static size_t outside(size_t n, double *tail)
{
    double p[PAIRS_MAX + 1], sum = 0;
    size_t k = 0;
    inversions(n, p);
    for (*tail = 0; sum + p[k] <= TAIL; k++)
        *tail = sum += p[k];
    return k;
}

static bool all_finite(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

int slope_make(const double *x, const double *y, size_t n, struct stats_interval *out)
{
    if (n < 2 || n > SLOPE_POINTS_MAX)
        return -ERANGE;
    if (!all_finite(x, n) || !all_finite(y, n))
        return -EDOM;
    double slopes[PAIRS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            if (x[i] == x[j])
                return -EDOM;
            slopes[count++] = (y[j] - y[i]) / (x[j] - x[i]);
        }
    qsort(slopes, count, sizeof *slopes, compare_doubles);
    double tail;
    const size_t k = outside(n, &tail);
    out->estimate = count % 2 != 0 ? slopes[count / 2] : (slopes[count / 2 - 1] + slopes[count / 2]) / 2;
    out->low = k == 0 ? NAN : slopes[k - 1];
    out->high = k == 0 ? NAN : slopes[count - k];
    out->coverage = k == 0 ? NAN : 1 - 2 * tail;
    return 0;
}
