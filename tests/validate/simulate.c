/* SPDX-License-Identifier: MIT */
/* The made-up noise. Times are about 1 s for the baseline and half of it for the variant. */
#include "tests/validate/simulate.h"

#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/ranks.h"
#include "bench/util/alloc.h"

#define MARGIN 0.01

gsl_rng *rng_new(unsigned long seed)
{
    gsl_rng *rng = gsl_rng_alloc(
        gsl_rng_mt19937); /* ends the program where there is no memory, as GSL's handler does */
    gsl_rng_set(rng, seed);
    return rng;
}

void must(int rc)
{
    if (rc == 0)
        return;
    fprintf(stderr, "statistics: %s\n", strerror(-rc));
    exit(2);
}

/* -- kinds of noise ----------------------------------------------------------------------------------------------------------- */

/* Interruptions only ever add time. */
static void fill_skewed(gsl_rng *rng, size_t n, double *base, double *variant)
{
    for (size_t i = 0; i < n; i++) {
        base[i] = 1 + gsl_ran_exponential(rng, 0.1);
        variant[i] = 0.5 * (1 + gsl_ran_exponential(rng, 0.1));
    }
}

/* Student's t with two degrees of freedom: the variance is infinite. */
static void fill_heavy(gsl_rng *rng, size_t n, double *base, double *variant)
{
    for (size_t i = 0; i < n; i++) {
        base[i] = exp(0.05 * gsl_ran_tdist(rng, 2));
        variant[i] = 0.5 * exp(0.05 * gsl_ran_tdist(rng, 2));
    }
}

/* A clock so coarse that a time has one of five values. */
static void fill_tied(gsl_rng *rng, size_t n, double *base, double *variant)
{
    for (size_t i = 0; i < n; i++) {
        base[i] = 1 + 0.02 * (double)gsl_rng_uniform_int(rng, 5);
        variant[i] = 0.5 * (1 + 0.02 * (double)gsl_rng_uniform_int(rng, 5));
    }
}

/* Both of a pair are slowed by what is a walk over the rounds, and by half as much again from the first to the last. */
static void fill_drift(gsl_rng *rng, size_t n, double *base, double *variant)
{
    double level = 0;
    for (size_t i = 0; i < n; i++) {
        level += gsl_ran_gaussian(rng, 0.1) + 0.5 / (double)n;
        base[i] = exp(level + gsl_ran_gaussian(rng, 0.03));
        variant[i] = 0.5 * exp(level + gsl_ran_gaussian(rng, 0.03));
    }
}

/* All of these at once. */
static void fill_all(gsl_rng *rng, size_t n, double *base, double *variant)
{
    fill_drift(rng, n, base, variant);
    for (size_t i = 0; i < n; i++) {
        base[i] = ceil(50 * base[i] * exp(0.05 * fabs(gsl_ran_tdist(rng, 2)))) / 50;
        variant[i] = ceil(50 * 2 * variant[i] * exp(0.05 * fabs(gsl_ran_tdist(rng, 2)))) / 100;
    }
}

/* Only the variant is disturbed, so that the log ratio itself is skewed. */
static void fill_one_sided(gsl_rng *rng, size_t n, double *base, double *variant)
{
    for (size_t i = 0; i < n; i++) {
        base[i] = exp(gsl_ran_gaussian(rng, 0.02));
        variant[i] = 0.5 * (1 + gsl_ran_exponential(rng, 0.1));
    }
}

const struct noise noises[NOISES] = {
    {"skewed noise", fill_skewed, true},  {"heavy-tailed noise", fill_heavy, true},
    {"tied times", fill_tied, true},      {"drift common to the pair", fill_drift, true},
    {"all four at once", fill_all, true}, {"skewed noise of the variant alone", fill_one_sided, false},
};

/* -- coverage ------------------------------------------------------------------------------------------------------------------ */

double noise_truth(const struct noise *noise, gsl_rng *rng)
{
    enum { SAMPLE = 4000000 };
    if (noise->symmetric)
        return log(2);
    double *base = xcalloc(SAMPLE, sizeof *base), *variant = xcalloc(SAMPLE, sizeof *variant), truth = NAN;
    noise->fill(rng, SAMPLE, base, variant);
    /* The median of the mean of two independent values, and not of all pairs of them, which would take a day. */
    for (size_t i = 0; i < SAMPLE / 2; i++)
        base[i] = (log(base[2 * i] / variant[2 * i]) + log(base[2 * i + 1] / variant[2 * i + 1])) / 2;
    must(stats_median(base, SAMPLE / 2, &truth));
    free(base);
    free(variant);
    return truth;
}

/* The ends of an interval are sums of logarithms; with ties they may be the truth but for the last bit. */
static bool holds(const struct ratio *ratio, double truth)
{
    return log(ratio->low) <= truth + 1e-12 && truth - 1e-12 <= log(ratio->high);
}

size_t noise_coverage(const struct noise *noise, gsl_rng *rng, size_t n, size_t trials)
{
    const double truth = noise_truth(noise, rng);
    struct pairs pairs;
    size_t held = 0;
    pairs_open(&pairs, n);
    pairs.n = n;
    for (size_t i = 0; i < trials; i++) {
        noise->fill(rng, n, pairs.base, pairs.variant);
        const struct ratio ratio = ratio_of(&pairs);
        held += holds(&ratio, truth);
    }
    pairs_close(&pairs);
    return held;
}

/* -- series --------------------------------------------------------------------------------------------------------------------- */

static double innovate(enum innovation innovation, gsl_rng *rng)
{
    switch (innovation) {
    case INNOVATION_HEAVY:
        return gsl_ran_tdist(rng, 3);
    case INNOVATION_SKEWED:
        return gsl_ran_exponential(rng, 1) - 1;
    default:
        return gsl_ran_gaussian(rng, 1);
    }
}

struct series_counts series_counts(const struct series *series, gsl_rng *rng, size_t n, size_t trials)
{
    struct series_counts counts = {0};
    struct pairs pairs;
    pairs_open(&pairs, n);
    pairs.n = n;
    for (size_t trial = 0; trial < trials; trial++) {
        for (size_t i = 0; i < n; i++) {
            pairs.base[i] = exp(0.03 * innovate(series->innovation, rng) + series->drift * (double)i / (double)(n - 1) +
                                (i == 0 ? series->first : 0));
            pairs.variant[i] = 1;
            pairs.round[i] = (int32_t)i + 1;
        }
        struct ratio ratio = ratio_of(&pairs);
        ratio_test(&ratio, &pairs, MARGIN);
        counts.first += ratio.doubt == DOUBT_FIRST_ROUND;
        counts.drift += ratio.doubt == DOUBT_DRIFT;
    }
    pairs_close(&pairs);
    return counts;
}
