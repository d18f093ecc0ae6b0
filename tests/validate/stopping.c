/* SPDX-License-Identifier: MIT */
/* The section on --precision: do intervals keep their 95% where the rule of bench/plan/stopping.h decided on the rounds? */
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>

#include "bench/stats/signed_rank.h"
#include "bench/plan/stopping.h"
#include "tests/validate/simulate.h"
#include "tests/validate/validate.h"

enum { CAP = 400 }; /* a budget: rounds are not free */

/* What came of many runs under the rule. */
struct outcome {
    size_t held, reached, trials;
    double rounds; /* sum */
};

static void fill_normal(gsl_rng *rng, size_t n, double *base, double *variant)
{
    for (size_t i = 0; i < n; i++) {
        base[i] = exp(gsl_ran_gaussian(rng, 0.05));
        variant[i] = 0.5 * exp(gsl_ran_gaussian(rng, 0.05));
    }
}

/* Heavy tails with a variance, other than those of `noises`. */
static void fill_disturbed(gsl_rng *rng, size_t n, double *base, double *variant)
{
    fill_normal(rng, n, base, variant);
    for (size_t i = 0; i < n; i++)
        if (gsl_rng_uniform(rng) < 0.1)
            variant[i] *= 1 + gsl_ran_exponential(rng, 0.3);
}

static const struct noise more_noises[] = {
    {"normal noise", fill_normal, true},
    {"normal noise, one variant in ten disturbed", fill_disturbed, false},
};
enum { MORE_NOISES = sizeof more_noises / sizeof *more_noises };

/* The mean half-width of `n` rounds: asked for as a precision it makes the rule want about so many. */
static int usual_width(const struct noise *noise, gsl_rng *rng, size_t n, double *out)
{
    enum { TRIALS = 500 };
    double base[CAP], variant[CAP];
    struct stats_interval interval;
    *out = 0;
    for (int i = 0; i < TRIALS; i++) {
        noise->fill(rng, n, base, variant);
        const int rc = stats_ratio(base, variant, n, 0.95, &interval);
        if (rc != 0)
            return rc;
        *out += stopping_half_width(interval.low, interval.high) / TRIALS;
    }
    return 0;
}

/* One run: all rounds are made up beforehand, and the rule says how many of them it looks at. */
static int run_once(const struct noise *noise, gsl_rng *rng, double precision, double truth, struct outcome *out)
{
    double base[CAP], variant[CAP];
    struct stats_interval interval;
    noise->fill(rng, CAP, base, variant);
    int rc = stats_ratio(base, variant, STOPPING_PILOT, 0.95, &interval);
    if (rc != 0)
        return rc;
    const int64_t wanted = stopping_rounds(stopping_half_width(interval.low, interval.high), precision);
    const size_t n = wanted < CAP ? (size_t)wanted : CAP;
    rc = stats_ratio(base, variant, n, 0.95, &interval);
    if (rc != 0)
        return rc;
    out->held += log(interval.low) <= truth && truth <= log(interval.high);
    out->reached += stopping_half_width(interval.low, interval.high) <= precision;
    out->rounds += (double)n;
    out->trials++;
    return 0;
}

static int stopping_show(struct validation *v, gsl_rng *rng, const struct noise *noise)
{
    static const size_t wanted[] = {10, 16, 24, 40, 80, 160};
    const double truth = noise_truth(noise, rng);
    int rc = 0;
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted && rc == 0; k++) {
        struct outcome outcome = {.trials = 0};
        double precision = 0;
        char text[160];
        rc = usual_width(noise, rng, wanted[k], &precision);
        while (rc == 0 && outcome.trials < v->trials / 2)
            rc = run_once(noise, rng, precision, truth, &outcome);
        if (rc != 0)
            break;
        snprintf(text, sizeof text, "%s, --precision %.2g%%: %.0f rounds (mean), reached in %.0f%%; the interval holds",
                 noise->name, 100 * precision, outcome.rounds / (double)outcome.trials,
                 100.0 * (double)outcome.reached / (double)outcome.trials);
        figure_print(v, &(struct figure){text, outcome.held, outcome.trials, noise->symmetric ? 0.94 : 0, 1});
    }
    return rc;
}

int section_stopping(struct validation *v)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    int rc = rng == NULL ? -ENOMEM : 0;
    if (rng != NULL)
        gsl_rng_set(rng, (unsigned long)v->seed + 5);
    for (size_t i = 0; i < MORE_NOISES && rc == 0; i++)
        rc = stopping_show(v, rng, &more_noises[i]);
    for (size_t i = 0; i < NOISES && rc == 0; i++)
        rc = stopping_show(v, rng, &noises[i]);
    gsl_rng_free(rng);
    return rc;
}
