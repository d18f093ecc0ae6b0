/* SPDX-License-Identifier: MIT */
/* The signed-rank interval, ratios of pairs, and Holm's adjustment. */
#include "bench/stats/signed_rank.h"

#include <errno.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The values, sorted. */
struct walsh {
    double *sorted;
    size_t n;
    struct ranks ranks;
};

/* How many Walsh averages are at most `limit`. One rounding for every pair, and monotone in both values, so that counts and
 * bisection agree to the last bit. */
static double walsh_at_most(const void *of, double limit)
{
    const struct walsh *w = of;
    double count = 0;
    size_t end = w->n; /* of the partners j >= i that are still small enough; it only moves down as i grows */
    for (size_t i = 0; i < w->n; i++) {
        while (end > i && w->sorted[i] / 2 + w->sorted[end - 1] / 2 > limit)
            end--;
        if (end <= i)
            break;
        count += (double)(end - i);
    }
    return count;
}

/* Of W+ under the normal approximation. Values that equal each other share their ranks whatever is subtracted from all of
 * them; those that only then differ by their signs do so for single points of the scale and count as different. */
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

/* The distribution of W+ of n values; `sorted` tells the ties and may be NULL where there are none. */
static void signed_rank_fill(struct ranks *ranks, const double *sorted, size_t n)
{
    ranks->count = (double)n * ((double)n + 1) / 2;
    ranks->exact = n <= STATS_EXACT_MAX;
    if (!ranks->exact) {
        ranks->deviation = signed_rank_deviation(sorted, n);
        return;
    }
    /* How many subsets of 1..n have the sum i. */
    ranks->all = ldexp(1, (int)n);
    memset(ranks->ways, 0, sizeof ranks->ways);
    ranks->ways[0] = 1;
    for (size_t rank = 1; rank <= n; rank++)
        for (size_t i = rank * (rank + 1) / 2; i >= rank; i--)
            ranks->ways[i] += ranks->ways[i - rank];
}

static int walsh_new(struct walsh *w, const double *x, size_t n)
{
    const int rc = stats_sorted_new(x, n, &w->sorted);
    if (rc != 0)
        return rc;
    w->n = n;
    w->ranks.at_most = walsh_at_most;
    w->ranks.sample = w;
    w->ranks.low = w->sorted[0];
    w->ranks.high = w->sorted[n - 1];
    signed_rank_fill(&w->ranks, w->sorted, n);
    return 0;
}

double stats_signed_rank_cdf(size_t n, double w)
{
    struct ranks ranks;
    signed_rank_fill(&ranks, NULL, n);
    return ranks_cdf(&ranks, w);
}

int stats_pseudomedian(const double *x, size_t n, double *out)
{
    struct walsh w;
    const int rc = walsh_new(&w, x, n);
    if (rc != 0)
        return rc;
    *out = ranks_median(&w.ranks);
    free(w.sorted);
    return 0;
}

int stats_signed_rank(const double *x, size_t n, double confidence, struct stats_interval *out)
{
    struct walsh w;
    int rc = confidence > 0 && confidence < 1 ? walsh_new(&w, x, n) : -EINVAL;
    if (rc != 0)
        return rc;
    rc = ranks_interval(&w.ranks, confidence, out);
    free(w.sorted);
    return rc;
}

int stats_outside_p(const double *x, size_t n, double margin, double *out)
{
    struct walsh w;
    const int rc = margin >= 0 ? walsh_new(&w, x, n) : -EINVAL;
    if (rc != 0)
        return rc;
    *out = ranks_outside_p(&w.ranks, -margin, margin);
    free(w.sorted);
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
