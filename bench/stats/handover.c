/* SPDX-License-Identifier: MIT */
/* The half-performance law, in one unknown. */
#include "bench/stats/handover.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>

#define STEPS_MAX  200
#define TOLERANCE  1e-12
#define CONFIDENCE 0.95

struct data {
    const struct handover_point *points;
    size_t n;
};

/* The sum of the squares of what the points lie off the curve; infinite where the curve does not reach one of them. */
static double squares(const struct data *d, double each)
{
    double sum = 0;
    for (size_t i = 0; i < d->n; i++) {
        const double stretched = 1 + each / d->points[i].job_s, off = log(d->points[i].share) + log(stretched);
        sum += stretched > 0 ? off * off : INFINITY;
    }
    return sum;
}

/* Half of that sum's derivative, and of its second the part that is always above 0. */
static double slope(const struct data *d, double each, double *curvature)
{
    double sum = 0;
    *curvature = 0;
    for (size_t i = 0; i < d->n; i++) {
        const double by = 1 / (d->points[i].job_s + each);
        sum += (log(d->points[i].share) + log1p(each / d->points[i].job_s)) * by;
        *curvature += by * by;
    }
    return sum;
}

/* From what the shortest job says by itself; a step that makes it worse is halved. */
static double solve(const struct data *d, const struct handover_point *shortest)
{
    double each = shortest->job_s * (1 / shortest->share - 1), curvature;
    for (int i = 0; i < STEPS_MAX; i++) {
        const double downhill = -slope(d, each, &curvature), before = squares(d, each);
        double step = downhill / curvature;
        while (squares(d, each + step) > before && fabs(step) > TOLERANCE * shortest->job_s)
            step /= 2;
        if (fabs(step) <= TOLERANCE * (shortest->job_s + fabs(each)))
            break;
        each += step;
    }
    return each;
}

static void conclude(const struct data *d, double each, struct handover *out)
{
    const double freedom = (double)(d->n - 1);
    double curvature;
    out->rms = sqrt(squares(d, each) / freedom);
    out->accepted = out->rms <= HANDOVER_POOR_RMS;
    if (!out->accepted) {
        snprintf(out->reason, sizeof out->reason, "the points lie %.0f%% off the law's curve", 100 * out->rms);
        return;
    }
    (void)slope(d, each, &curvature);
    const double half = gsl_cdf_tdist_Qinv((1 - CONFIDENCE) / 2, freedom) * out->rms / sqrt(curvature);
    out->each_s = (struct stats_interval){each, each - half, each + half};
}

int handover_fit(const struct handover_point *points, size_t n, struct handover *out)
{
    const struct handover_point *shortest = points;
    *out = (struct handover){.shortest_s = NAN, .longest_s = NAN, .rms = NAN, .each_s = {NAN, NAN, NAN}};
    for (const struct handover_point *p = points; p < points + n; p++) {
        if (!(p->job_s > 0 && isfinite(p->job_s) && p->share > 0 && isfinite(p->share)))
            return -EDOM;
        shortest = p->job_s < shortest->job_s ? p : shortest;
        out->longest_s = fmax(out->longest_s, p->job_s); /* which skips a NaN */
    }
    out->shortest_s = n > 0 ? shortest->job_s : NAN;
    if (n < HANDOVER_POINTS_MIN)
        snprintf(out->reason, sizeof out->reason, "needs %d lengths of job, has %zu", HANDOVER_POINTS_MIN, n);
    else if (out->longest_s < HANDOVER_SPAN_MIN * out->shortest_s)
        snprintf(out->reason, sizeof out->reason, "the longest job is only %.3g times the shortest",
                 out->longest_s / out->shortest_s);
    else
        conclude(&(struct data){points, n}, solve(&(struct data){points, n}, shortest), out);
    return 0;
}

struct stats_interval handover_length(const struct handover *fit, double share)
{
    const double times = share / (1 - share);
    const struct stats_interval *each = &fit->each_s;
    if (!fit->accepted)
        return (struct stats_interval){NAN, NAN, NAN};
    return (struct stats_interval){fmax(0, times * each->estimate), fmax(0, times * each->low),
                                   fmax(0, times * each->high)};
}

struct stats_interval handover_between(const struct handover_point *points, size_t n, double share)
{
    struct stats_interval out = {NAN, 0, NAN};
    for (size_t i = 0; i < n; i++)
        if (points[i].share < share)
            out.low = fmax(out.low, points[i].job_s);
    for (size_t i = 0; i < n; i++)
        if (points[i].job_s > out.low)
            out.high = fmin(out.high, points[i].job_s); /* which skips a NaN */
    return out;
}
