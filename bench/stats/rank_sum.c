/* SPDX-License-Identifier: MIT */
/* The rank-sum interval of the shift between two samples. */
#include "bench/stats/rank_sum.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Both samples, sorted. */
struct shift {
    double *x, *y;
    size_t m, n;
    struct ranks ranks;
};

/* How many differences are at most `limit`. Each is rounded once, and rounding keeps their order. */
static double differences_at_most(const void *of, double limit)
{
    const struct shift *two = of;
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

/* Of U under the normal approximation; the samples, sorted, tell the ties and may be NULL where there are none. */
static double rank_sum_deviation(const struct stats_two *two)
{
    const double m = (double)two->m, n = (double)two->n, all = m + n;
    const double ties = two->x == NULL ? 0 : ties_of(two->x, two->m) + ties_of(two->y, two->n);
    return sqrt(m * n / 12 * (all + 1 - ties / (all * (all - 1))));
}

static void rank_sum_fill(struct ranks *ranks, const struct stats_two *two)
{
    ranks->count = (double)two->m * (double)two->n;
    ranks->exact = stats_rank_sum_exact(two->m, two->n);
    if (!ranks->exact) {
        ranks->deviation = rank_sum_deviation(two);
        return;
    }
    ranks->all = round(ways_in_all(two->m, two->n));
    rank_sum_ways(two->m, two->n, ranks->ways);
}

static void shift_free(struct shift *shift)
{
    free(shift->x);
    free(shift->y);
}

static int shift_new(struct shift *out, const struct stats_two *two)
{
    *out = (struct shift){.m = two->m, .n = two->n};
    int rc = stats_sorted_new(two->x, two->m, &out->x);
    if (rc == 0)
        rc = stats_sorted_new(two->y, two->n, &out->y);
    if (rc != 0) {
        shift_free(out);
        return rc;
    }
    out->ranks.at_most = differences_at_most;
    out->ranks.sample = out;
    out->ranks.low = out->x[0] - out->y[two->n - 1];
    out->ranks.high = out->x[two->m - 1] - out->y[0];
    rank_sum_fill(&out->ranks, &(struct stats_two){out->x, out->y, two->m, two->n});
    return 0;
}

double stats_rank_sum_cdf(size_t m, size_t n, double u)
{
    struct ranks ranks;
    rank_sum_fill(&ranks, &(struct stats_two){.m = m, .n = n});
    return ranks_cdf(&ranks, u);
}

double stats_rank_sum_least_p(size_t m, size_t n) { return fmin(1, 2 / ways_in_all(m, n)); }

int stats_shift_estimate(const struct stats_two *two, double *out)
{
    struct shift shift;
    const int rc = shift_new(&shift, two);
    if (rc != 0)
        return rc;
    *out = ranks_median(&shift.ranks);
    shift_free(&shift);
    return 0;
}

int stats_shift(const struct stats_two *two, double confidence, struct stats_interval *out)
{
    struct shift shift;
    int rc = confidence > 0 && confidence < 1 ? shift_new(&shift, two) : -EINVAL;
    if (rc != 0)
        return rc;
    rc = ranks_interval(&shift.ranks, confidence, out);
    shift_free(&shift);
    return rc;
}

int stats_shift_outside_p(const struct stats_two *two, double low, double high, double *out)
{
    struct shift shift;
    const int rc = low <= high ? shift_new(&shift, two) : -EINVAL;
    if (rc != 0)
        return rc;
    *out = ranks_outside_p(&shift.ranks, low, high);
    shift_free(&shift);
    return 0;
}
