/* SPDX-License-Identifier: MIT */
/*
 * How a model scales with its workers, as two laws fitted to measured gains:
 *
 *   Amdahl:  C(N) = N / (1 + s (N - 1))                        s: the serial fraction
 *   USL:     C(N) = N / (1 + s (N - 1) + k N (N - 1))          s: contention, k: coherency
 *
 * and gain(N) = scale * C(N), where `scale` is the gain of one worker (a thread pool with one thread is a little slower
 * than a plain loop). Sources: Amdahl, AFIPS Conf. Proc. 30 (1967) 483-485; Gunther, Guerrilla Capacity Planning (2007),
 * chapter 4, whose peak is at N = sqrt((1 - s) / k).
 *
 * Fitted by least squares of log(gain), as noise is a factor and not a number of units, by Levenberg-Marquardt (GSL).
 * Intervals are the linear ones of 95%: estimate -+ t(n - p) standard errors, from the residuals. No parameter is held
 * above 0: a small negative value means that the law's effect was not there (or that work became cheaper by sharing).
 * Pure; no state.
 */
#ifndef BENCH_STATS_USL_H
#define BENCH_STATS_USL_H

#include <stdbool.h>
#include <stddef.h>

/* Fewer different numbers of workers are no curve. */
#define FIT_POINTS_MIN 4
/* The points may lie off the curve by this much (root mean square of the relative residuals, degrees of freedom
 * counted); a poorer fit is refused. */
#define FIT_POOR_RMS 0.10

enum fit_law { FIT_AMDAHL, FIT_USL, FIT_LAWS };

struct fit_point {
    double workers; /* 1 or more */
    double gain;    /* above 0 */
};

struct fit_term {
    double value, low, high;
};

struct fit {
    enum fit_law law;
    bool accepted;
    char reason[160];                             /* why not; "" where accepted */
    size_t points;                                /* different numbers of workers */
    double rms;                                   /* NaN where nothing was fitted */
    struct fit_term scale, contention, coherency; /* NaN where not accepted; Amdahl has no coherency */
    double peak_workers, peak_gain; /* where the USL turns; NaN: it does not within any number of workers */
};

/* Always fills *out. 0, or -EDOM (a point is no positive number); what cannot be fitted is no error but a refusal with its
 * reason. */
int fit_make(enum fit_law law, const struct fit_point *points, size_t n, struct fit *out);
/* The fitted gain of so many workers; NaN where the fit was refused. */
double fit_gain(const struct fit *fit, double workers);
/* "amdahl", "usl". */
const char *fit_law_name(enum fit_law law);

#endif
