/* SPDX-License-Identifier: MIT */
/* Order statistics of values that are only counted. */
#include "bench/stats/ranks.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

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
static double ranks_select(const struct ranks *r, double k)
{
    int64_t from = key_of_double(r->low), to = key_of_double(r->high);
    while (from < to) {
        const int64_t middle = (from & to) + ((from ^ to) >> 1); /* floor of the mean, without overflow */
        if (r->at_most(r->sample, double_of_key(middle)) >= k)
            to = middle;
        else
            from = middle + 1;
    }
    return double_of_key(from);
}

double ranks_median(const struct ranks *r)
{
    const double upper = ranks_select(r, floor(r->count / 2) + 1);
    return fmod(r->count, 2) != 0 ? upper : ranks_select(r, r->count / 2) / 2 + upper / 2;
}

/* -- the distribution ------------------------------------------------------------------------------------------------- */

double ranks_cdf(const struct ranks *r, double below)
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

/* The greatest k with P(k - 1) < tail; 0 where there is none. */
static double ranks_k(const struct ranks *r, double tail)
{
    if (!r->exact)
        return fmax(0, ceil(r->count / 2 + gsl_cdf_ugaussian_Pinv(tail) * r->deviation + 0.5) - 1);
    uint64_t sum = 0;
    size_t k = 0;
    while ((double)(sum + r->ways[k]) < tail * r->all)
        sum += r->ways[k++];
    return (double)k;
}

int ranks_interval(const struct ranks *r, double confidence, struct stats_interval *out)
{
    const double k = ranks_k(r, (1 - confidence) / 2);
    if (k < 1)
        return -ERANGE;
    *out = (struct stats_interval){.estimate = ranks_median(r),
                                   .low = ranks_select(r, k),
                                   .high = ranks_select(r, r->count + 1 - k),
                                   .coverage = 1 - 2 * ranks_cdf(r, k - 1)};
    return 0;
}

double ranks_outside_p(const struct ranks *r, double low, double high)
{
    double p = 1;
    if (isfinite(high))
        p = fmin(p, 2 * ranks_cdf(r, r->at_most(r->sample, high)));
    if (isfinite(low)) /* as many as are at least `low` */
        p = fmin(p, 2 * ranks_cdf(r, r->count - r->at_most(r->sample, nextafter(low, -INFINITY))));
    return p;
}
