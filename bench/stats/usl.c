/* SPDX-License-Identifier: MIT */
/* Amdahl's law and the USL, fitted by GSL's trust-region solver with analytic derivatives. */
#include "bench/stats/usl.h"

#include <errno.h>
#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#define ITERATIONS_MAX 200
#define TOLERANCE      1e-12
#define CONFIDENCE     0.95
/* Where a step leaves the law's domain (a curve through infinity) the residual is this: any step back is better. */
#define OUTSIDE 1e3

enum term { TERM_LOG_SCALE, TERM_CONTENTION, TERM_COHERENCY };

struct data {
    const struct fit_point *points;
    size_t n, terms;
};

/* What N is divided by in the law. */
static double divisor(double workers, double contention, double coherency)
{
    return 1 + contention * (workers - 1) + coherency * workers * (workers - 1);
}

static double divisor_at(const gsl_vector *x, const struct data *d, double workers)
{
    return divisor(workers, gsl_vector_get(x, TERM_CONTENTION),
                   d->terms > TERM_COHERENCY ? gsl_vector_get(x, TERM_COHERENCY) : 0);
}

static int residuals(const gsl_vector *x, void *params, gsl_vector *f)
{
    const struct data *d = params;
    for (size_t i = 0; i < d->n; i++) {
        const double workers = d->points[i].workers, by = divisor_at(x, d, workers);
        const double off = gsl_vector_get(x, TERM_LOG_SCALE) + log(workers) - log(by) - log(d->points[i].gain);
        gsl_vector_set(f, i, by > 0 && isfinite(off) ? off : OUTSIDE);
    }
    return GSL_SUCCESS;
}

static int derivatives(const gsl_vector *x, void *params, gsl_matrix *j)
{
    const struct data *d = params;
    for (size_t i = 0; i < d->n; i++) {
        const double workers = d->points[i].workers, by = divisor_at(x, d, workers);
        gsl_matrix_set(j, i, TERM_LOG_SCALE, 1);
        gsl_matrix_set(j, i, TERM_CONTENTION, by > 0 ? -(workers - 1) / by : 0);
        if (d->terms > TERM_COHERENCY)
            gsl_matrix_set(j, i, TERM_COHERENCY, by > 0 ? -workers * (workers - 1) / by : 0);
    }
    return GSL_SUCCESS;
}

/* -- what may be fitted ----------------------------------------------------------------------------------------------- */

static size_t different(const struct fit_point *points, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen |= fabs(points[k].workers - points[i].workers) < 0.5; /* they are whole numbers */
        count += !seen;
    }
    return count;
}

static const struct fit_point *extreme(const struct fit_point *points, size_t n, double sign)
{
    const struct fit_point *found = points;
    for (size_t i = 1; i < n; i++)
        if (sign * points[i].workers > sign * found->workers)
            found = &points[i];
    return found;
}

/* -- fitting ---------------------------------------------------------------------------------------------------------- */

/* The curve through the first and the last point with no coherency. */
static void start(const struct data *d, gsl_vector *x)
{
    const struct fit_point *first = extreme(d->points, d->n, -1), *last = extreme(d->points, d->n, 1);
    const double relative = last->gain / first->gain * first->workers;
    const double contention = (last->workers / relative - 1) / (last->workers - 1);
    gsl_vector_set_zero(x);
    gsl_vector_set(x, TERM_LOG_SCALE, log(first->gain / first->workers));
    gsl_vector_set(x, TERM_CONTENTION, fmin(fmax(contention, 0), 1));
}

static struct fit_term term(const gsl_vector *x, const gsl_matrix *covariance, size_t i, double reach)
{
    const double value = gsl_vector_get(x, i), half = reach * sqrt(gsl_matrix_get(covariance, i, i));
    return (struct fit_term){.value = value, .low = value - half, .high = value + half};
}

/* Takes over what the solver found. */
static void conclude(struct fit *fit, const struct data *d, gsl_multifit_nlinear_workspace *w, gsl_matrix *covariance)
{
    const gsl_vector *x = gsl_multifit_nlinear_position(w), *f = gsl_multifit_nlinear_residual(w);
    const double freedom = (double)(d->n - d->terms);
    const double variance = pow(gsl_blas_dnrm2(f), 2) / freedom;
    fit->rms = sqrt(variance);
    fit->accepted = fit->rms <= FIT_POOR_RMS;
    if (!fit->accepted) {
        snprintf(fit->reason, sizeof fit->reason, "the points lie %.0f%% off the law's curve", 100 * fit->rms);
        return;
    }
    gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(w), 0, covariance);
    gsl_matrix_scale(covariance, variance);
    const double reach = gsl_cdf_tdist_Qinv((1 - CONFIDENCE) / 2, freedom);
    const struct fit_term scale = term(x, covariance, TERM_LOG_SCALE, reach);
    fit->scale = (struct fit_term){.value = exp(scale.value), .low = exp(scale.low), .high = exp(scale.high)};
    fit->contention = term(x, covariance, TERM_CONTENTION, reach);
    if (d->terms > TERM_COHERENCY)
        fit->coherency = term(x, covariance, TERM_COHERENCY, reach);
}

/* GSL ends the command where memory is wanting. */
static void solve(struct fit *fit, const struct data *d)
{
    const gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_fdf system = {
        .f = residuals, .df = derivatives, .n = d->n, .p = d->terms, .params = (void *)(uintptr_t)d};
    gsl_multifit_nlinear_workspace *w = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &parameters, d->n,
                                                                   d->terms);
    gsl_vector *x = gsl_vector_alloc(d->terms);
    gsl_matrix *covariance = gsl_matrix_alloc(d->terms, d->terms);
    int why;
    start(d, x);
    gsl_multifit_nlinear_init(x, &system, w);
    /* No further progress at full precision is an end like any other: the residuals judge it. */
    (void)gsl_multifit_nlinear_driver(ITERATIONS_MAX, TOLERANCE, TOLERANCE, 0, NULL, NULL, &why, w);
    conclude(fit, d, w, covariance);
    gsl_matrix_free(covariance);
    gsl_vector_free(x);
    gsl_multifit_nlinear_free(w);
}

/* Where the USL turns down: only with a coherency whose interval does not hold 0, and before contention alone has stopped it. */
static void find_peak(struct fit *fit)
{
    if (fit->law != FIT_USL || !fit->accepted || fit->coherency.low <= 0 || fit->contention.value >= 1)
        return;
    const double at = sqrt((1 - fit->contention.value) / fit->coherency.value);
    if (at < 1)
        return;
    fit->peak_workers = at;
    fit->peak_gain = fit_gain(fit, at);
}

int fit_make(enum fit_law law, const struct fit_point *points, size_t n, struct fit *out)
{
    static const struct fit_term none = {NAN, NAN, NAN};
    *out = (struct fit){.law = law,
                        .rms = NAN,
                        .scale = none,
                        .contention = none,
                        .coherency = none,
                        .peak_workers = NAN,
                        .peak_gain = NAN,
                        .points = different(points, n)};
    for (size_t i = 0; i < n; i++)
        if (!(points[i].workers >= 1 && isfinite(points[i].workers) && points[i].gain > 0 && isfinite(points[i].gain)))
            return -EDOM;
    if (out->points < FIT_POINTS_MIN) {
        snprintf(out->reason, sizeof out->reason, "needs %d different numbers of workers, has %zu", FIT_POINTS_MIN,
                 out->points);
        return 0;
    }
    solve(out, &(struct data){.points = points, .n = n, .terms = law == FIT_USL ? 3 : 2});
    find_peak(out);
    return 0;
}

double fit_gain(const struct fit *fit, double workers)
{
    if (!fit->accepted)
        return NAN;
    const double coherency = fit->law == FIT_USL ? fit->coherency.value : 0;
    return fit->scale.value * workers / divisor(workers, fit->contention.value, coherency);
}

const char *fit_law_name(enum fit_law law)
{
    static const char *const names[FIT_LAWS] = {[FIT_AMDAHL] = "amdahl", [FIT_USL] = "usl"};
    return names[law];
}
