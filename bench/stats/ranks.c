/* SPDX-License-Identifier: MIT */
/* Signed ranks and rank sums: what is counted, its distribution, and what both have in common. */
#include "bench/stats/ranks.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"

#define WAYS_MAX (STATS_EXACT_MAX * STATS_EXACT_MAX + 1)

struct ranks {
    double *x, *y; /* sorted; without y Walsh averages of x are counted, else the differences of both */
    size_t m, n;
    double count; /* how many values there are */
    bool exact;
    double deviation;        /* of the normal approximation */
    double all;              /* exact: in how many ways the ranks can fall, */
    uint64_t ways[WAYS_MAX]; /* and in how many so that exactly i values lie below the true one */
};

/* -- counting ------------------------------------------------------------------------------------------------------------- */

/* How many Walsh averages are at most `limit`. One rounding for every pair, and monotone in both values, so that counts and
 * bisection agree to the last bit. */
static double walsh_at_most(const struct ranks *r, double limit)
{
    double count = 0;
    size_t end = r->m; /* of the partners j >= i that are still small enough; it only moves down as i grows */
    for (size_t i = 0; i < r->m; i++) {
        while (end > i && r->x[i] / 2 + r->x[end - 1] / 2 > limit)
            end--;
        if (end <= i)
            break;
        count += (double)(end - i);
    }
    return count;
}

/* How many differences are at most `limit`. Each is rounded once, and rounding keeps their order. */
static double differences_at_most(const struct ranks *r, double limit)
{
    double count = 0;
    size_t begin = 0; /* of the y that are large enough; it only moves up as x grows */
    for (size_t i = 0; i < r->m; i++) {
        while (begin < r->n && r->x[i] - r->y[begin] > limit)
            begin++;
        if (begin == r->n)
            break;
        count += (double)(r->n - begin);
    }
    return count;
}

static double at_most(const struct ranks *r, double limit)
{
    return r->y == NULL ? walsh_at_most(r, limit) : differences_at_most(r, limit);
}

/* -- bisection over the doubles themselves: it ends at the value, to the last bit, and not near it ------------------------- */

/* Doubles as integers of the same order, and back. */
static int64_t key_of_double(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >= 0 ? bits : INT64_MIN - bits;
}

static double double_of_key(int64_t key)
{
    const int64_t bits = key >= 0 ? key : INT64_MIN - key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The k-th smallest (from 1): the smallest double that at least k of the values do not exceed. At most 64 counts. */
static double select_kth(const struct ranks *r, double k)
{
    int64_t from = key_of_double(r->y == NULL ? r->x[0] : r->x[0] - r->y[r->n - 1]),
            to = key_of_double(r->y == NULL ? r->x[r->m - 1] : r->x[r->m - 1] - r->y[0]);
    while (from < to) {
        const int64_t middle = (from & to) + ((from ^ to) >> 1); /* floor of the mean, without overflow */
        if (at_most(r, double_of_key(middle)) >= k)
            to = middle;
        else
            from = middle + 1;
    }
    return double_of_key(from);
}

static double median_of(const struct ranks *r)
{
    const double upper = select_kth(r, floor(r->count / 2) + 1);
    return fmod(r->count, 2) != 0 ? upper : select_kth(r, r->count / 2) / 2 + upper / 2;
}

/* -- the distributions ---------------------------------------------------------------------------------------------------- */

/* The sum of t^3 - t over the groups of t equal values; 0 of no sample. */
static double ties_of(const double *sorted, size_t n)
{
    double sum = 0;
    for (size_t first = 0, end; sorted != NULL && first < n; first = end) {
        end = stats_sorted_run(sorted, n, first);
        const double t = (double)(end - first);
        sum += t * t * t - t;
    }
    return sum;
}

/* Of W+ of m values. Values that equal each other share their ranks whatever is subtracted from all of them; those that
 * only then differ by their signs do so for single points of the scale and count as different. */
static void fill_signed_rank(struct ranks *r)
{
    const double m = (double)r->m;
    r->count = m * (m + 1) / 2;
    r->exact = r->m <= STATS_EXACT_MAX;
    r->deviation = sqrt(m * (m + 1) * (2 * m + 1) / 24 - ties_of(r->x, r->m) / 48);
    r->all = ldexp(1, (int)fmin(m, STATS_EXACT_MAX));
    memset(r->ways, 0, sizeof r->ways);
    r->ways[0] = 1;
    for (size_t rank = 1; rank <= r->m && r->exact; rank++) /* how many subsets of 1..m have the sum i */
        for (size_t i = rank * (rank + 1) / 2; i >= rank; i--)
            r->ways[i] += r->ways[i - rank];
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

static bool rank_sum_exact(size_t m, size_t n)
{
    return m <= STATS_EXACT_MAX && n <= STATS_EXACT_MAX && ways_in_all(m, n) < 0x1p64;
}

/*
 * Of U. How many of the choices have U = u are the coefficients of the Gaussian binomial (m + n over n), the product of
 * (1 - q^(m+i)) / (1 - q^i) over i. What stands between multiplying and dividing may wrap around; the coefficients
 * themselves fit into 64 bits, so that they come out right modulo 2^64.
 */
static void fill_rank_sum(struct ranks *r)
{
    const double m = (double)r->m, n = (double)r->n, ties = ties_of(r->x, r->m) + ties_of(r->y, r->n);
    const size_t most = r->m * r->n;
    r->count = m * n;
    r->exact = rank_sum_exact(r->m, r->n);
    r->deviation = sqrt(m * n / 12 * (m + n + 1 - ties / ((m + n) * (m + n - 1))));
    r->all = round(ways_in_all(r->m, r->n));
    for (size_t u = 0; u <= most && r->exact; u++)
        r->ways[u] = u == 0;
    for (size_t i = 1; i <= r->n && r->exact; i++) {
        for (size_t u = most; u >= r->m + i; u--)
            r->ways[u] -= r->ways[u - r->m - i];
        for (size_t u = i; u <= most; u++)
            r->ways[u] += r->ways[u - i];
    }
}

/* P(at most `below` of the values lie below the true one). */
static double cdf(const struct ranks *r, double below)
{
    if (below < 0)
        return 0;
    if (below >= r->count)
        return 1;
    if (!r->exact) {
        const double distance = floor(below) + 0.5 - r->count / 2;
        return r->deviation > 0 ? gsl_cdf_ugaussian_P(distance / r->deviation) : distance < 0 ? 0 : 1;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i <= (size_t)below; i++)
        sum += r->ways[i];
    return (double)sum / r->all;
}

double stats_signed_rank_cdf(size_t n, double w)
{
    struct ranks ranks = {.m = n};
    fill_signed_rank(&ranks);
    return cdf(&ranks, w);
}

double stats_rank_sum_cdf(size_t m, size_t n, double u)
{
    struct ranks ranks = {.m = m, .n = n};
    fill_rank_sum(&ranks);
    return cdf(&ranks, u);
}

double stats_rank_sum_least_p(size_t m, size_t n) { return fmin(1, 2 / ways_in_all(m, n)); }

/* -- intervals and p-values ----------------------------------------------------------------------------------------------- */

static void ranks_free(struct ranks *r)
{
    free(r->x);
    free(r->y);
}

/* Of one sample where `two` has no y. Nothing to free on an error. */
static int ranks_new(struct ranks *r, const struct stats_two *two)
{
    r->m = two->m;
    r->n = two->n;
    r->x = r->y = NULL;
    int rc = stats_sorted_new(two->x, two->m, &r->x);
    if (rc == 0 && two->y != NULL)
        rc = stats_sorted_new(two->y, two->n, &r->y);
    if (rc != 0)
        ranks_free(r);
    else if (two->y == NULL)
        fill_signed_rank(r);
    else
        fill_rank_sum(r);
    return rc;
}

/* The greatest k with P(k - 1) < tail; 0 where there is none. */
static double find_k(const struct ranks *r, double tail)
{
    if (!r->exact)
        return fmax(0, ceil(r->count / 2 + gsl_cdf_ugaussian_Pinv(tail) * r->deviation + 0.5) - 1);
    uint64_t sum = 0;
    size_t k = 0;
    while ((double)(sum + r->ways[k]) < tail * r->all)
        sum += r->ways[k++];
    return (double)k;
}

int stats_shift(const struct stats_two *two, double confidence, struct stats_interval *out)
{
    struct ranks r;
    const int rc = confidence > 0 && confidence < 1 ? ranks_new(&r, two) : -EINVAL;
    if (rc != 0)
        return rc;
    const double k = find_k(&r, (1 - confidence) / 2);
    *out = (struct stats_interval){median_of(&r), NAN, NAN};
    if (k >= 1) {
        out->low = select_kth(&r, k);
        out->high = select_kth(&r, r.count + 1 - k);
    }
    ranks_free(&r);
    return k >= 1 ? 0 : -ERANGE;
}

int stats_signed_rank(const double *x, size_t n, double confidence, struct stats_interval *out)
{
    return stats_shift(&(struct stats_two){.x = x, .m = n}, confidence, out);
}

int stats_shift_outside_p(const struct stats_two *two, double low, double high, double *out)
{
    struct ranks r;
    const int rc = low <= high ? ranks_new(&r, two) : -EINVAL;
    if (rc != 0)
        return rc;
    *out = 1;
    if (isfinite(high))
        *out = fmin(*out, 2 * cdf(&r, at_most(&r, high)));
    if (isfinite(low)) /* as many as are at least `low` */
        *out = fmin(*out, 2 * cdf(&r, r.count - at_most(&r, nextafter(low, -INFINITY))));
    ranks_free(&r);
    return 0;
}

int stats_outside_p(const double *x, size_t n, double margin, double *out)
{
    return stats_shift_outside_p(&(struct stats_two){.x = x, .m = n}, -margin, margin, out);
}

int stats_ratio(const double *baseline, const double *variant, size_t n, double confidence, struct stats_interval *out)
{
    double *logs = xcalloc(n, sizeof *logs);
    for (size_t i = 0; i < n; i++)
        logs[i] = baseline[i] > 0 && variant[i] > 0 ? log(baseline[i]) - log(variant[i]) : NAN; /* refused below */
    const int rc = stats_signed_rank(logs, n, confidence, out);
    free(logs);
    if (rc == 0 || rc == -ERANGE) {
        out->estimate = exp(out->estimate);
        out->low = exp(out->low);
        out->high = exp(out->high);
    }
    return rc;
}

/* -- Holm ----------------------------------------------------------------------------------------------------------------- */

int stats_holm(const double *p, size_t n, double *adjusted)
{
    for (size_t i = 0; i < n; i++)
        if (!(p[i] >= 0 && p[i] <= 1))
            return -EDOM;
    size_t *order = xcalloc(n, sizeof *order);
    gsl_sort_index(order, p, 1, n);
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fmin(1, (double)(n - i) * p[order[i]]));
        adjusted[order[i]] = most;
    }
    free(order);
    return 0;
}
