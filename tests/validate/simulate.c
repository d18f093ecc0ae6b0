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

/* The i-th of the columns; NULL where it is not there. */
static double *column(const struct times *times, size_t i)
{
    double *const columns[] = {times->base, times->variant, times->again};
    return columns[i];
}

enum { COLUMNS = 3 };
static const double levels[COLUMNS] = {1, 0.5, 1};

/* Interruptions only ever add time. */
static void fill_skewed(gsl_rng *rng, size_t n, const struct times *times)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < COLUMNS && column(times, k) != NULL; k++)
            column(times, k)[i] = levels[k] * (1 + gsl_ran_exponential(rng, 0.1));
}

/* Student's t with two degrees of freedom: the variance is infinite. */
static void fill_heavy(gsl_rng *rng, size_t n, const struct times *times)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < COLUMNS && column(times, k) != NULL; k++)
            column(times, k)[i] = levels[k] * exp(0.05 * gsl_ran_tdist(rng, 2));
}

/* A clock so coarse that a time has one of five values. */
static void fill_tied(gsl_rng *rng, size_t n, const struct times *times)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < COLUMNS && column(times, k) != NULL; k++)
            column(times, k)[i] = levels[k] * (1 + 0.02 * (double)gsl_rng_uniform_int(rng, 5));
}

/* All of a round are slowed by what is a walk over the rounds, and by half as much again from the first to the last. */
static void fill_drift(gsl_rng *rng, size_t n, const struct times *times)
{
    double level = 0;
    for (size_t i = 0; i < n; i++) {
        level += gsl_ran_gaussian(rng, 0.1) + 0.5 / (double)n;
        for (size_t k = 0; k < COLUMNS && column(times, k) != NULL; k++)
            column(times, k)[i] = levels[k] * exp(level + gsl_ran_gaussian(rng, 0.03));
    }
}

/* All of these at once. */
static void fill_all(gsl_rng *rng, size_t n, const struct times *times)
{
    fill_drift(rng, n, times);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < COLUMNS && column(times, k) != NULL; k++) {
            const double time = column(times, k)[i] / levels[k] * exp(0.05 * fabs(gsl_ran_tdist(rng, 2)));
            column(times, k)[i] = levels[k] * ceil(50 * time) / 50;
        }
}

/* Only the variant is disturbed, so that the log ratio itself is skewed. */
static void fill_one_sided(gsl_rng *rng, size_t n, const struct times *times)
{
    for (size_t i = 0; i < n; i++) {
        times->base[i] = exp(gsl_ran_gaussian(rng, 0.02));
        times->variant[i] = 0.5 * (1 + gsl_ran_exponential(rng, 0.1));
        if (times->again != NULL)
            times->again[i] = exp(gsl_ran_gaussian(rng, 0.02));
    }
}

const struct noise noises[NOISES] = {
    {.name = "skewed noise", .fill = fill_skewed, .symmetric = true},
    {.name = "heavy-tailed noise", .fill = fill_heavy, .symmetric = true},
    {.name = "tied times", .fill = fill_tied, .symmetric = true, .coarse = true},
    {.name = "drift common to the pair", .fill = fill_drift, .symmetric = true},
    {.name = "all four at once", .fill = fill_all, .symmetric = true},
    {.name = "skewed noise of the variant alone", .fill = fill_one_sided},
};

/* -- coverage ------------------------------------------------------------------------------------------------------------------ */

void times_open(struct times *times, size_t rows, bool twice)
{
    *times = (struct times){.base = xcalloc(rows, sizeof(double)),
                            .variant = xcalloc(rows, sizeof(double)),
                            .again = twice ? xcalloc(rows, sizeof(double)) : NULL};
}

void times_close(struct times *times)
{
    free(times->base);
    free(times->variant);
    free(times->again);
}

void noise_draw(const struct noise *noise, gsl_rng *rng, size_t n, const struct times *times)
{
    noise->fill(rng, n, times);
    if (times->again == NULL)
        return;
    struct pairs first = {.base = times->base, .variant = times->variant, .n = n}, second;
    pairs_open(&second, n);
    memcpy(second.base, times->again, n * sizeof *second.base);
    memcpy(second.variant, times->variant, n * sizeof *second.variant);
    pairs_average(&first, &second);
    pairs_close(&second);
}

double noise_truth(const struct noise *noise, gsl_rng *rng)
{
    const size_t sample = noise->twice ? 400000 : 4000000;
    struct times times;
    double truth = NAN;
    if (noise->symmetric)
        return log(2);
    times_open(&times, sample, noise->twice);
    noise_draw(noise, rng, sample, &times);
    /* The median of the mean of two independent values, and not of all pairs of them, which would take a day. */
    double *base = times.base, *variant = times.variant;
    for (size_t i = 0; i < sample / 2; i++)
        base[i] = (log(base[2 * i] / variant[2 * i]) + log(base[2 * i + 1] / variant[2 * i + 1])) / 2;
    must(stats_median(base, sample / 2, &truth));
    times_close(&times);
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
    struct times times;
    size_t held = 0;
    times_open(&times, n, noise->twice);
    for (size_t i = 0; i < trials; i++) {
        noise_draw(noise, rng, n, &times);
        const struct ratio ratio = ratio_of(&(struct pairs){.base = times.base, .variant = times.variant, .n = n});
        held += holds(&ratio, truth);
    }
    times_close(&times);
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
