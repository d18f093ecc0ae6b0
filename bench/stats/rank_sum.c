/* SPDX-License-Identifier: MIT */
/* Two samples. As in bench/stats/signed_rank.c the differences are never stored: they are counted by two pointers over both samples,
 * sorted, and their order statistics found by bisection. */
#include "bench/stats/rank_sum.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define EXACT_CELLS (STATS_EXACT_MAX * STATS_EXACT_MAX + 1)

/* Both samples, sorted. */
struct sorted_two {
    double *x, *y;
    size_t m, n;
};

static void sorted_two_free(struct sorted_two *two)
{
    free(two->x);
    free(two->y);
}

static int sorted_two_new(const struct stats_two *two, struct sorted_two *out)
{
    *out = (struct sorted_two){.m = two->m, .n = two->n};
    int rc = stats_sorted_new(two->x, two->m, &out->x);
    if (rc == 0)
        rc = stats_sorted_new(two->y, two->n, &out->y);
    if (rc != 0)
        sorted_two_free(out);
    return rc;
}

static double pairs_of(size_t m, size_t n) { return (double)m * (double)n; }

/* -- differences of sorted values ------------------------------------------------------------------------------------- */

/* How many differences are at most `limit`. Each is rounded once, and rounding keeps their order. */
static double differences_at_most(const void *of, double limit)
{
    const struct sorted_two *two = of;
    double count = 0;
    size_t begin = 0; /* of the y that are large enough; it only moves up as x grows */
    for (size_t i = 0; i < two->m; i++) {
        while (begin < two->n && two->x[i] - two->y[begin] > limit)
            begin++;
        if (begin == two->n)
            break;
        count += (double)(two->n - begin);
    }
    return count;
}

static double differences_at_least(const struct sorted_two *two, double limit)
{
    return pairs_of(two->m, two->n) - differences_at_most(two, nextafter(limit, -INFINITY));
}

/* The k-th smallest, from 1. */
static double differences_select(const struct sorted_two *two, double k)
{
    return stats_bisect(differences_at_most, two, k, two->x[0] - two->y[two->n - 1], two->x[two->m - 1] - two->y[0]);
}

static double differences_median(const struct sorted_two *two)
{
    const double count = pairs_of(two->m, two->n);
    const double upper = differences_select(two, floor(count / 2) + 1);
    if (fmod(count, 2) != 0)
        return upper;
    return differences_select(two, count / 2) / 2 + upper / 2;
}

/* -- the distribution of U -------------------------------------------------------------------------------------------- */

/* (m + n over n), or infinity where it is 2^64 or more. Rounding is no matter there: it is far from the exact cases. */
static double ways_in_all(size_t m, size_t n)
{
    const size_t few = m < n ? m : n;
    double ways = 1;
    for (size_t i = 1; i <= few && isfinite(ways); i++)
        ways = ways * (double)(m + n - few + i) / (double)i;
    return ways;
}

bool stats_rank_sum_exact(size_t m, size_t n)
{
    return m <= STATS_EXACT_MAX && n <= STATS_EXACT_MAX && ways_in_all(m, n) < 0x1p64;
}

/*
 * Fills ways[u] with how many of the choices have U = u: the coefficients of the Gaussian binomial (m + n over n), the
 * product of (1 - q^(m+i)) / (1 - q^i) over i. What stands between multiplying and dividing may wrap around; the
 * coefficients themselves fit into 64 bits, so that they come out right modulo 2^64.
 */
static void rank_sum_ways(size_t m, size_t n, uint64_t *ways)
{
    const size_t most = m * n;
    for (size_t u = 0; u <= most; u++)
        ways[u] = u == 0;
    for (size_t i = 1; i <= n; i++) {
        for (size_t u = most; u >= m + i; u--)
            ways[u] -= ways[u - m - i];
        for (size_t u = i; u <= most; u++)
            ways[u] += ways[u - i];
    }
}

static double ties_of(const double *sorted, size_t n)
{
    double sum = 0;
    for (size_t first = 0, end; first < n; first = end) {
        end = stats_sorted_run(sorted, n, first);
        const double t = (double)(end - first);
        sum += t * t * t - t;
    }
    return sum;
}

/* Of U under the normal approximation; `two` tells the ties and may be NULL where there are none. */
static double rank_sum_deviation(const struct sorted_two *two, size_t m, size_t n)
{
    const double all = (double)m + (double)n;
    const double ties = two == NULL ? 0 : ties_of(two->x, m) + ties_of(two->y, n);
    return sqrt(pairs_of(m, n) / 12 * (all + 1 - ties / (all * (all - 1))));
}

static double rank_sum_cdf(const struct sorted_two *two, size_t m, size_t n, double u)
{
    const double most = pairs_of(m, n);
    if (u < 0)
        return 0;
    if (u >= most)
        return 1;
    if (!stats_rank_sum_exact(m, n)) {
        const double deviation = rank_sum_deviation(two, m, n);
        const double distance = floor(u) + 0.5 - most / 2;
        return deviation > 0 ? gsl_cdf_ugaussian_P(distance / deviation) : distance < 0 ? 0 : 1;
    }
    uint64_t ways[EXACT_CELLS], sum = 0;
    rank_sum_ways(m, n, ways);
    for (size_t i = 0; i <= (size_t)u; i++)
        sum += ways[i];
    return (double)sum / round(ways_in_all(m, n));
}

/* The greatest k with P(U <= k - 1) < alpha / 2; 0 where there is none. */
static double rank_sum_k(const struct sorted_two *two, double alpha)
{
    const double most = pairs_of(two->m, two->n);
    if (!stats_rank_sum_exact(two->m, two->n)) {
        const double z = gsl_cdf_ugaussian_Pinv(alpha / 2);
        const double k = ceil(most / 2 + z * rank_sum_deviation(two, two->m, two->n) + 0.5) - 1;
        return k < 0 ? 0 : k;
    }
    uint64_t ways[EXACT_CELLS], sum = 0;
    rank_sum_ways(two->m, two->n, ways);
    const double limit = alpha / 2 * round(ways_in_all(two->m, two->n));
    size_t k = 0;
    while ((double)(sum + ways[k]) < limit)
        sum += ways[k++];
    return (double)k;
}

/* -- what the header declares ----------------------------------------------------------------------------------------- */

double stats_rank_sum_cdf(size_t m, size_t n, double u) { return rank_sum_cdf(NULL, m, n, u); }

double stats_rank_sum_least_p(size_t m, size_t n) { return fmin(1, 2 / ways_in_all(m, n)); }

int stats_shift_estimate(const struct stats_two *two, double *out)
{
    struct sorted_two sorted;
    const int rc = sorted_two_new(two, &sorted);
    if (rc != 0)
        return rc;
    *out = differences_median(&sorted);
    sorted_two_free(&sorted);
    return 0;
}

int stats_shift(const struct stats_two *two, double confidence, struct stats_interval *out)
{
    struct sorted_two sorted;
    if (!(confidence > 0 && confidence < 1))
        return -EINVAL;
    const int rc = sorted_two_new(two, &sorted);
    if (rc != 0)
        return rc;
    const double k = rank_sum_k(&sorted, 1 - confidence);
    if (k >= 1) {
        out->estimate = differences_median(&sorted);
        out->low = differences_select(&sorted, k);
        out->high = differences_select(&sorted, pairs_of(two->m, two->n) + 1 - k);
        out->coverage = 1 - 2 * rank_sum_cdf(&sorted, two->m, two->n, k - 1);
    }
    sorted_two_free(&sorted);
    return k >= 1 ? 0 : -ERANGE;
}

int stats_shift_outside_p(const struct stats_two *two, double low, double high, double *out)
{
    struct sorted_two sorted;
    if (!(low <= high))
        return -EINVAL;
    const int rc = sorted_two_new(two, &sorted);
    if (rc != 0)
        return rc;
    double p = 1;
    if (isfinite(high))
        p = fmin(p, 2 * rank_sum_cdf(&sorted, two->m, two->n, differences_at_most(&sorted, high)));
    if (isfinite(low))
        p = fmin(p, 2 * rank_sum_cdf(&sorted, two->m, two->n, differences_at_least(&sorted, low)));
    sorted_two_free(&sorted);
    *out = p;
    return 0;
}
