/* SPDX-License-Identifier: MIT */
/* Statistics. The Walsh averages of n values are never stored: their order statistics are found by bisection over the
 * doubles, with a count by two pointers over the sorted values for each step (the idea of Johnson and
 * Mizoguchi, SIAM J. Comput. 7 (1978) 147-153, in its simplest form). So 10,000 rounds cost no more memory than 10. */
#include "bench/stats/signed_rank.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/order.h"

static double walsh_count(size_t n) { return (double)n * ((double)n + 1) / 2; }

/* -- Walsh averages of sorted values ---------------------------------------------------------------------------------- */

/* One rounding for every pair, and monotone in both arguments, so that counts and bisection agree to the last bit. */
static double walsh_average(double a, double b) { return a / 2 + b / 2; }

/* How many Walsh averages are at most `limit`. */
static double walsh_at_most(const double *sorted, size_t n, double limit)
{
    double count = 0;
    size_t end = n; /* of the partners j >= i that are still small enough; it only moves down as i grows */
    for (size_t i = 0; i < n; i++) {
        while (end > i && walsh_average(sorted[i], sorted[end - 1]) > limit)
            end--;
        if (end <= i)
            break;
        count += (double)(end - i);
    }
    return count;
}

/* How many are at least `limit`. */
static double walsh_at_least(const double *sorted, size_t n, double limit)
{
    return walsh_count(n) - walsh_at_most(sorted, n, nextafter(limit, -INFINITY));
}

/* For stats_bisect. */
struct walsh {
    const double *sorted;
    size_t n;
};

static double walsh_count_at_most(const void *walsh, double limit)
{
    const struct walsh *w = walsh;
    return walsh_at_most(w->sorted, w->n, limit);
}

/* The k-th smallest, from 1. */
static double walsh_select(const double *sorted, size_t n, double k)
{
    const struct walsh walsh = {sorted, n};
    return stats_bisect(walsh_count_at_most, &walsh, k, sorted[0], sorted[n - 1]);
}

static double walsh_median(const double *sorted, size_t n)
{
    const double count = walsh_count(n);
    const double upper = walsh_select(sorted, n, floor(count / 2) + 1);
    if (fmod(count, 2) != 0)
        return upper;
    return walsh_average(walsh_select(sorted, n, count / 2), upper);
}

/* -- the signed-rank distribution ------------------------------------------------------------------------------------- */

/* Of W+ under the normal approximation; `sorted` tells the ties and may be NULL where there are none. Values that equal
 * each other share their ranks whatever is subtracted from all of them; those that only then differ by their signs do so
 * for single points of the scale and count as different. */
static double signed_rank_deviation(const double *sorted, size_t n)
{
    double variance = (double)n * ((double)n + 1) * (2 * (double)n + 1) / 24;
    for (size_t first = 0, end; sorted != NULL && first < n; first = end) {
        end = stats_sorted_run(sorted, n, first);
        const double t = (double)(end - first);
        variance -= (t * t * t - t) / 48;
    }
    return sqrt(variance);
}

/* Fills ways[w] with how many subsets of 1..n have the sum w; all are integers below 2^53. */
static void signed_rank_ways(size_t n, double *ways)
{
    const size_t most = n * (n + 1) / 2;
    memset(ways, 0, (most + 1) * sizeof *ways);
    ways[0] = 1;
    for (size_t rank = 1; rank <= n; rank++)
        for (size_t w = rank * (rank + 1) / 2; w >= rank; w--)
            ways[w] += ways[w - rank];
}

static double signed_rank_cdf(const double *sorted, size_t n, double w)
{
    const double most = walsh_count(n);
    if (w < 0)
        return 0;
    if (w >= most)
        return 1;
    if (n > STATS_EXACT_MAX)
        return gsl_cdf_ugaussian_P((floor(w) + 0.5 - most / 2) / signed_rank_deviation(sorted, n));
    double ways[STATS_EXACT_MAX * (STATS_EXACT_MAX + 1) / 2 + 1];
    signed_rank_ways(n, ways);
    double sum = 0;
    for (size_t i = 0; i <= (size_t)w; i++)
        sum += ways[i];
    return ldexp(sum, -(int)n);
}

/* The greatest k with P(W+ <= k - 1) < alpha / 2; 0 where there is none. */
static double signed_rank_k(const double *sorted, size_t n, double alpha)
{
    if (n > STATS_EXACT_MAX) {
        const double z = gsl_cdf_ugaussian_Pinv(alpha / 2);
        const double k = ceil(walsh_count(n) / 2 + z * signed_rank_deviation(sorted, n) + 0.5) - 1;
        return k < 0 ? 0 : k;
    }
    double ways[STATS_EXACT_MAX * (STATS_EXACT_MAX + 1) / 2 + 1];
    signed_rank_ways(n, ways);
    const double limit = ldexp(alpha / 2, (int)n);
    double sum = 0;
    size_t k = 0;
    while (sum + ways[k] < limit)
        sum += ways[k++];
    return (double)k;
}

/* -- what the header declares ----------------------------------------------------------------------------------------- */

double stats_signed_rank_cdf(size_t n, double w) { return signed_rank_cdf(NULL, n, w); }

int stats_pseudomedian(const double *x, size_t n, double *out)
{
    double *sorted = NULL;
    const int rc = stats_sorted_new(x, n, &sorted);
    if (rc != 0)
        return rc;
    *out = walsh_median(sorted, n);
    free(sorted);
    return 0;
}

int stats_signed_rank(const double *x, size_t n, double confidence, struct stats_interval *out)
{
    if (!(confidence > 0 && confidence < 1))
        return -EINVAL;
    double *sorted = NULL;
    const int rc = stats_sorted_new(x, n, &sorted);
    if (rc != 0)
        return rc;
    const double k = signed_rank_k(sorted, n, 1 - confidence);
    if (k >= 1) {
        out->estimate = walsh_median(sorted, n);
        out->low = walsh_select(sorted, n, k);
        out->high = walsh_select(sorted, n, walsh_count(n) + 1 - k);
        out->coverage = 1 - 2 * signed_rank_cdf(sorted, n, k - 1);
    }
    free(sorted);
    return k >= 1 ? 0 : -ERANGE;
}

int stats_outside_p(const double *x, size_t n, double margin, double *out)
{
    if (!(margin >= 0))
        return -EINVAL;
    double *sorted = NULL;
    const int rc = stats_sorted_new(x, n, &sorted);
    if (rc != 0)
        return rc;
    const double above = signed_rank_cdf(sorted, n, walsh_at_most(sorted, n, margin));
    const double below = signed_rank_cdf(sorted, n, walsh_at_least(sorted, n, -margin));
    *out = fmin(1, 2 * fmin(above, below));
    free(sorted);
    return 0;
}

/* log(baseline / variant) in *out, to be freed by the caller. */
static int log_ratios_new(const double *baseline, const double *variant, size_t n, double **out)
{
    if (n == 0)
        return -EINVAL;
    double *logs = malloc(n * sizeof *logs);
    if (logs == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (!(baseline[i] > 0) || !(variant[i] > 0) || !isfinite(baseline[i]) || !isfinite(variant[i])) {
            free(logs);
            return -EDOM;
        }
        logs[i] = log(baseline[i]) - log(variant[i]);
    }
    *out = logs;
    return 0;
}

int stats_ratio(const double *baseline, const double *variant, size_t n, double confidence, struct stats_interval *out)
{
    double *logs = NULL;
    int rc = log_ratios_new(baseline, variant, n, &logs);
    if (rc != 0)
        return rc;
    struct stats_interval interval;
    rc = stats_signed_rank(logs, n, confidence, &interval);
    free(logs);
    if (rc != 0)
        return rc;
    *out = (struct stats_interval){
        .estimate = exp(interval.estimate),
        .low = exp(interval.low),
        .high = exp(interval.high),
        .coverage = interval.coverage,
    };
    return 0;
}

int stats_ratio_estimate(const double *baseline, const double *variant, size_t n, double *out)
{
    double *logs = NULL;
    int rc = log_ratios_new(baseline, variant, n, &logs);
    if (rc != 0)
        return rc;
    double estimate = 0;
    rc = stats_pseudomedian(logs, n, &estimate);
    free(logs);
    if (rc == 0)
        *out = exp(estimate);
    return rc;
}

int stats_holm(const double *p, size_t n, double *adjusted)
{
    for (size_t i = 0; i < n; i++)
        if (!(p[i] >= 0 && p[i] <= 1))
            return -EDOM;
    if (n == 0)
        return 0;
    size_t *order = malloc(n * sizeof *order);
    if (order == NULL)
        return -ENOMEM;
    gsl_sort_index(order, p, 1, n);
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fmin(1, (double)(n - i) * p[order[i]]));
        adjusted[order[i]] = most;
    }
    free(order);
    return 0;
}
