/* SPDX-License-Identifier: MIT */
/* The simulated sections. */
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/stats/order.h"
#include "bench/stats/series.h"
#include "tests/validate/simulate.h"
#include "tests/validate/validate.h"

static const size_t rounds[] = {6, 10, 30, 60};
enum { ROUNDS = sizeof rounds / sizeof *rounds };

/* A generator of its own for each section, so that they do not depend on which were asked for. */
static gsl_rng *rng_new(const struct validation *v, unsigned long section)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    if (rng != NULL)
        gsl_rng_set(rng, (unsigned long)v->seed + section);
    else
        fprintf(stderr, "statistics: no memory\n");
    return rng;
}

int section_intervals(struct validation *v)
{
    gsl_rng *rng = rng_new(v, 1);
    int rc = rng == NULL ? -ENOMEM : 0;
    for (size_t k = 0; k < NOISES; k++)
        for (size_t i = 0; i < ROUNDS && rc == 0; i++) {
            char text[96];
            struct figure figure = {.text = text, .trials = v->trials, .least = 0.94, .most = 1};
            snprintf(text, sizeof text, "%s, %zu rounds: the interval holds", noises[k].name, rounds[i]);
            rc = noise_coverage(&noises[k], rng, rounds[i], v->trials, &figure.hits);
            if (rc == 0)
                figure_print(v, &figure);
        }
    gsl_rng_free(rng);
    return rc;
}

int section_medians(struct validation *v)
{
    gsl_rng *rng = rng_new(v, 2);
    int rc = rng == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < ROUNDS && rc == 0; i++) {
        char text[96];
        struct figure figure = {.text = text, .trials = v->trials, .least = 0.95 - 0.005, .most = 1};
        snprintf(text, sizeof text, "skewed times, %zu rounds: the interval holds", rounds[i]);
        for (size_t trial = 0; trial < v->trials && rc == 0; trial++) {
            double x[64];
            struct stats_interval interval;
            for (size_t r = 0; r < rounds[i]; r++)
                x[r] = gsl_ran_exponential(rng, 1);
            rc = stats_median_interval(x, rounds[i], 0.95, &interval);
            figure.hits += rc == 0 && interval.low <= log(2) && log(2) <= interval.high;
        }
        if (rc == 0)
            figure_print(v, &figure);
    }
    gsl_rng_free(rng);
    return rc;
}

/* -- series --------------------------------------------------------------------------------------------------------------------- */

static const char *const innovation_names[INNOVATIONS] = {
    [INNOVATION_NORMAL] = "normal", [INNOVATION_HEAVY] = "heavy-tailed", [INNOVATION_SKEWED] = "skewed"};

static int series_show(struct validation *v, gsl_rng *rng, enum innovation innovation, size_t n)
{
    struct series_counts calm, cold, drifting;
    char text[96];
    const struct series planted[] = {
        {.innovation = innovation}, {.innovation = innovation, .first = 1}, {.innovation = innovation, .drift = 0.3}};
    if (series_counts(&planted[0], rng, n, v->trials, &calm) != 0 ||
        series_counts(&planted[1], rng, n, v->trials, &cold) != 0 ||
        series_counts(&planted[2], rng, n, v->trials, &drifting) != 0)
        return -ENOMEM;
    snprintf(text, sizeof text, "%s, %zu rounds, nothing planted: drift marked", innovation_names[innovation], n);
    figure_print(v, &(struct figure){text, calm.drift, v->trials, 0, STATS_DRIFT_LEVEL + 0.004});
    snprintf(text, sizeof text, "%s, %zu rounds, nothing planted: first round marked", innovation_names[innovation], n);
    figure_print(v, &(struct figure){text, calm.first, v->trials, 0, 1});
    snprintf(text, sizeof text, "%s, %zu rounds, a drift of 10 deviations: marked", innovation_names[innovation], n);
    figure_print(v, &(struct figure){text, drifting.drift, v->trials, n >= 10 ? 0.8 : 0, 1});
    snprintf(text, sizeof text, "%s, %zu rounds, round 1 at 33 deviations: marked", innovation_names[innovation], n);
    figure_print(v, &(struct figure){text, cold.first, v->trials, n >= 10 ? 0.8 : 0, 1});
    return 0;
}

int section_series(struct validation *v)
{
    gsl_rng *rng = rng_new(v, 3);
    int rc = rng == NULL ? -ENOMEM : 0;
    for (enum innovation k = INNOVATION_NORMAL; k < INNOVATIONS; k++)
        for (size_t i = 0; i < 3 && rc == 0; i++)
            rc = series_show(v, rng, k, rounds[i]);
    gsl_rng_free(rng);
    return rc;
}

/* -- verdicts ------------------------------------------------------------------------------------------------------------------- */

enum { VARIANTS = 24 };

/* Does a column of variants that are all their baseline hold a "faster" or "slower"? The margin is 0, the hardest case. */
static int column_errs(gsl_rng *rng, size_t n, struct pairs *pairs, bool *out)
{
    struct ratio ratios[VARIANTS], *family[VARIANTS];
    double base[64];
    int rc = 0;
    for (size_t i = 0; i < n; i++)
        base[i] = 1 + gsl_ran_exponential(rng, 0.1);
    for (size_t k = 0; k < VARIANTS && rc == 0; k++) {
        pairs->n = n;
        for (size_t i = 0; i < n; i++) {
            pairs->base[i] = base[i];
            pairs->variant[i] = 1 + gsl_ran_exponential(rng, 0.1);
            pairs->round[i] = (int32_t)i + 1;
        }
        family[k] = &ratios[k];
        ratios[k] = ratio_of(pairs);
        rc = ratio_test(&ratios[k], pairs, 0);
    }
    if (rc == 0)
        rc = ratios_judge(family, VARIANTS, 0);
    *out = false;
    for (size_t k = 0; k < VARIANTS && rc == 0; k++)
        *out |= ratios[k].verdict == VERDICT_FASTER || ratios[k].verdict == VERDICT_SLOWER;
    return rc;
}

int section_verdicts(struct validation *v)
{
    gsl_rng *rng = rng_new(v, 4);
    struct pairs pairs;
    int rc = rng == NULL ? -ENOMEM : pairs_open(&pairs, 64);
    for (size_t i = 0; i < ROUNDS && rc == 0; i++) {
        char text[96];
        struct figure figure = {.text = text, .trials = v->trials / 4, .least = 0, .most = RATIO_FAMILY_ERROR};
        snprintf(text, sizeof text, "%d variants like their baseline, %zu rounds: a column has a wrong verdict",
                 VARIANTS, rounds[i]);
        for (size_t trial = 0; trial < figure.trials && rc == 0; trial++) {
            bool wrong = false;
            rc = column_errs(rng, rounds[i], &pairs, &wrong);
            figure.hits += wrong;
        }
        if (rc == 0)
            figure_print(v, &figure);
    }
    if (rng != NULL)
        pairs_close(&pairs);
    gsl_rng_free(rng);
    return rc;
}
