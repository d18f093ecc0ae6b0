/* SPDX-License-Identifier: MIT */
/* The simulated sections. Each has a generator of its own, so that it does not depend on which were asked for. */
#include <gsl/gsl_randist.h>
#include <math.h>

#include "bench/analysis/ratio.h"
#include "bench/plan/stopping.h"
#include "bench/stats/order.h"
#include "bench/stats/ranks.h"
#include "bench/stats/series.h"
#include "tests/validate/simulate.h"
#include "tests/validate/validate.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const size_t rounds[] = {6, 10, 30, 60};

void section_intervals(struct validation *v)
{
    gsl_rng *rng = rng_new(v->seed + 1);
    for (size_t k = 0; k < NOISES; k++)
        for (size_t i = 0; i < COUNT(rounds); i++) {
            const size_t held = noise_coverage(&noises[k], rng, rounds[i], v->trials);
            figure_print(v, (struct figure){held, v->trials, 0.94, 1}, "%s, %zu rounds: the interval holds",
                         noises[k].name, rounds[i]);
        }
    gsl_rng_free(rng);
}

void section_medians(struct validation *v)
{
    gsl_rng *rng = rng_new(v->seed + 2);
    for (size_t i = 0; i < COUNT(rounds); i++) {
        struct figure figure = {.trials = v->trials, .least = 0.95 - 0.005, .most = 1};
        for (size_t trial = 0; trial < v->trials; trial++) {
            double x[64];
            struct stats_interval interval;
            for (size_t r = 0; r < rounds[i]; r++)
                x[r] = gsl_ran_exponential(rng, 1);
            must(stats_median_interval(x, rounds[i], 0.95, &interval));
            figure.hits += interval.low <= log(2) && log(2) <= interval.high;
        }
        figure_print(v, figure, "skewed times, %zu rounds: the interval holds", rounds[i]);
    }
    gsl_rng_free(rng);
}

/* -- series --------------------------------------------------------------------------------------------------------------------- */

void section_series(struct validation *v)
{
    static const char *const names[INNOVATIONS] = {
        [INNOVATION_NORMAL] = "normal", [INNOVATION_HEAVY] = "heavy-tailed", [INNOVATION_SKEWED] = "skewed"};
    gsl_rng *rng = rng_new(v->seed + 3);
    for (enum innovation k = INNOVATION_NORMAL; k < INNOVATIONS; k++)
        for (size_t i = 0; i < 3; i++) {
            const size_t n = rounds[i], trials = v->trials;
            const double least = n >= 10 ? 0.8 : 0;
            const struct series_counts calm = series_counts(&(struct series){k, 0, 0}, rng, n, trials);
            const struct series_counts cold = series_counts(&(struct series){k, 1, 0}, rng, n, trials);
            const struct series_counts drifting = series_counts(&(struct series){k, 0, 0.3}, rng, n, trials);
            figure_print(v, (struct figure){calm.drift, trials, 0, STATS_DRIFT_LEVEL + 0.004},
                         "%s, %zu rounds, nothing planted: drift marked", names[k], n);
            figure_print(v, (struct figure){calm.first, trials, 0, 1},
                         "%s, %zu rounds, nothing planted: first round marked", names[k], n);
            figure_print(v, (struct figure){drifting.drift, trials, least, 1},
                         "%s, %zu rounds, a drift of 10 deviations: marked", names[k], n);
            figure_print(v, (struct figure){cold.first, trials, least, 1},
                         "%s, %zu rounds, round 1 at 33 deviations: marked", names[k], n);
        }
    gsl_rng_free(rng);
}

/* -- verdicts ------------------------------------------------------------------------------------------------------------------- */

enum { VARIANTS = 24 };

/* Does a column of variants that are all their baseline hold a "faster" or "slower"? The margin is 0, the hardest case. */
static bool column_errs(gsl_rng *rng, size_t n, struct pairs *pairs)
{
    struct ratio ratios[VARIANTS], *family[VARIANTS];
    double base[64];
    bool errs = false;
    for (size_t i = 0; i < n; i++)
        base[i] = 1 + gsl_ran_exponential(rng, 0.1);
    for (size_t k = 0; k < VARIANTS; k++) {
        pairs->n = n;
        for (size_t i = 0; i < n; i++) {
            pairs->base[i] = base[i];
            pairs->variant[i] = 1 + gsl_ran_exponential(rng, 0.1);
            pairs->round[i] = (int32_t)i + 1;
        }
        family[k] = &ratios[k];
        ratios[k] = ratio_of(pairs);
        ratio_test(&ratios[k], pairs, 0);
    }
    ratios_decide(family, VARIANTS, 0);
    for (size_t k = 0; k < VARIANTS; k++)
        errs |= ratios[k].verdict == VERDICT_FASTER || ratios[k].verdict == VERDICT_SLOWER;
    return errs;
}

void section_verdicts(struct validation *v)
{
    gsl_rng *rng = rng_new(v->seed + 4);
    struct pairs pairs;
    pairs_open(&pairs, 64);
    for (size_t i = 0; i < COUNT(rounds); i++) {
        struct figure figure = {.trials = v->trials / 4, .most = RATIO_FAMILY_ERROR};
        for (size_t trial = 0; trial < figure.trials; trial++)
            figure.hits += column_errs(rng, rounds[i], &pairs);
        figure_print(v, figure, "%d variants like their baseline, %zu rounds: a column has a wrong verdict", VARIANTS,
                     rounds[i]);
    }
    pairs_close(&pairs);
    gsl_rng_free(rng);
}

/* -- --precision: do intervals keep their 95% where the rule of bench/plan/stopping.h decided on the rounds? ---------------------- */

enum { CAP = 400 }; /* a budget: rounds are not free */

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

static double half_width(const struct stats_interval *interval)
{
    return ratio_half_width(&(struct ratio){.low = interval->low, .high = interval->high});
}

/* The mean half-width of `n` rounds: asked for as a precision it makes the rule want about so many. */
static double usual_width(const struct noise *noise, gsl_rng *rng, size_t n)
{
    enum { TRIALS = 500 };
    double base[CAP], variant[CAP], sum = 0;
    struct stats_interval interval;
    for (int i = 0; i < TRIALS; i++) {
        noise->fill(rng, n, base, variant);
        must(stats_ratio(base, variant, n, 0.95, &interval));
        sum += half_width(&interval);
    }
    return sum / TRIALS;
}

/* Runs whose rounds are all made up beforehand; the rule says how many of them count. */
static void stopping_show(struct validation *v, gsl_rng *rng, const struct noise *noise)
{
    static const size_t wanted[] = {10, 16, 24, 40, 80, 160};
    const double truth = noise_truth(noise, rng);
    for (size_t k = 0; k < COUNT(wanted); k++) {
        struct figure figure = {.trials = v->trials / 2, .least = noise->symmetric ? 0.94 : 0, .most = 1};
        const double precision = usual_width(noise, rng, wanted[k]), trials = (double)figure.trials;
        double sum = 0, reached = 0, base[CAP], variant[CAP];
        for (size_t i = 0; i < figure.trials; i++) {
            struct stats_interval interval;
            noise->fill(rng, CAP, base, variant);
            must(stats_ratio(base, variant, STOPPING_PILOT, 0.95, &interval));
            const int64_t asked = stopping_rounds(half_width(&interval), precision);
            const size_t n = asked < CAP ? (size_t)asked : CAP;
            must(stats_ratio(base, variant, n, 0.95, &interval));
            figure.hits += log(interval.low) <= truth && truth <= log(interval.high);
            reached += half_width(&interval) <= precision;
            sum += (double)n;
        }
        figure_print(v, figure, "%s, --precision %.2g%%: %.0f rounds (mean), reached in %.0f%%; the interval holds",
                     noise->name, 100 * precision, sum / trials, 100 * reached / trials);
    }
}

void section_stopping(struct validation *v)
{
    gsl_rng *rng = rng_new(v->seed + 5);
    for (size_t i = 0; i < COUNT(more_noises); i++)
        stopping_show(v, rng, &more_noises[i]);
    for (size_t i = 0; i < NOISES; i++)
        stopping_show(v, rng, &noises[i]);
    gsl_rng_free(rng);
}

/* -- `cobench compare --fail-if-slower` --------------------------------------------------------------------------------------------
 * How far beyond the limit must a cell lie to be found, and how often is one called slower that lies at the limit? Both
 * runs' log times are normal with the same deviation, one of the cells lies the limit and some deviations beyond, all
 * others nowhere; the limit itself does not matter to what is found. */

enum { CELLS = 25, MOST_ROUNDS = 30 };
#define LIMIT     0.05
#define DEVIATION 0.03

/* The p-value of "not slower by more than the limit" where B is slower by `shift`, and whether the interval says so too. */
static double cell_p(gsl_rng *rng, size_t n, double shift, bool *clears)
{
    double a[MOST_ROUNDS], b[MOST_ROUNDS], p = 1;
    const struct stats_two two = {a, b, n, n};
    struct stats_interval interval;
    for (size_t i = 0; i < n; i++) {
        a[i] = gsl_ran_gaussian(rng, DEVIATION);
        b[i] = shift + gsl_ran_gaussian(rng, DEVIATION);
    }
    must(stats_shift(&two, 0.95, &interval));
    must(stats_shift_outside_p(&two, -log1p(LIMIT), INFINITY, &p));
    *clears = interval.high < -log1p(LIMIT);
    return p;
}

/* Is the first of the cells called slower? `beyond` the limit in deviations. */
static bool is_found(gsl_rng *rng, size_t n, double beyond)
{
    double p[CELLS], adjusted[CELLS];
    bool clears[CELLS];
    for (size_t k = 0; k < CELLS; k++)
        p[k] = cell_p(rng, n, k == 0 ? log1p(LIMIT) + beyond * DEVIATION : 0, &clears[k]);
    must(stats_holm(p, CELLS, adjusted));
    return clears[0] && adjusted[0] < RATIO_FAMILY_ERROR;
}

void section_gate(struct validation *v)
{
    static const struct {
        size_t n;
        double beyond;
    } cases[] = {{10, 0}, {10, 2}, {10, 2.5}, {30, 0}, {30, 1.2}};
    gsl_rng *rng = rng_new(v->seed + 6);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct figure figure = {.trials = v->trials / 10, .most = cases[i].beyond > 0 ? 1 : RATIO_FAMILY_ERROR};
        for (size_t trial = 0; trial < figure.trials; trial++)
            figure.hits += is_found(rng, cases[i].n, cases[i].beyond);
        figure_print(v, figure, "%zu rounds each, one of %d cells %.1f deviations beyond the limit: found", cases[i].n,
                     CELLS, cases[i].beyond);
    }
    gsl_rng_free(rng);
}
