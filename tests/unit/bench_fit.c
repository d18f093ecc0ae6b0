/* SPDX-License-Identifier: MIT */
/* The fits against known parameters: exact data, noisy data in 500 trials, and data that no law describes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "bench/stats/usl.h"
#include "tests/unit/numbers.h"

#define TRIALS 500
#define NOISE  0.02

static const double counts[] = {1, 2, 4, 8, 16, 32, 64};

struct known {
    const char *what;
    double scale, contention, coherency;
};

static const struct known table[] = {
    {"hardly anything shared", 1.0, 0.01, 0.0001},
    {"a tenth is serial", 0.95, 0.1, 0.001},
    {"half is serial", 1.1, 0.5, 0.004},
    {"a lock around everything", 0.9, 1.0, 0.01},
};

static double gain_of(const struct known *k, double workers)
{
    return k->scale * workers / (1 + k->contention * (workers - 1) + k->coherency * workers * (workers - 1));
}

static size_t points_make(const struct known *k, gsl_rng *rng, struct fit_point *points)
{
    for (size_t i = 0; i < COUNT(counts); i++) {
        const double noise = rng == NULL ? 0 : gsl_ran_gaussian(rng, NOISE);
        points[i] = (struct fit_point){.workers = counts[i], .gain = gain_of(k, counts[i]) * exp(noise)};
    }
    return COUNT(counts);
}

static struct known amdahl_of(const struct known *k)
{
    return (struct known){.what = k->what, .scale = k->scale, .contention = k->contention, .coherency = 0};
}

static void assert_within(double got, double expected, double part)
{
    assert_near(got, expected, part * fabs(expected));
}

TEST(test_exact_data_gives_the_parameters_back)
{
    for (size_t i = 0; i < COUNT(table); i++) {
        struct fit_point points[COUNT(counts)];
        struct fit fit;
        size_t n = points_make(&table[i], NULL, points);
        assert_int_equal(fit_make(FIT_USL, points, n, &fit), 0);
        assert_true(fit.accepted);
        assert_within(fit.scale.value, table[i].scale, 0.001);
        assert_within(fit.contention.value, table[i].contention, 0.001);
        assert_within(fit.coherency.value, table[i].coherency, 0.001);
        if (table[i].contention < 1) {
            assert_within(fit.peak_workers, sqrt((1 - table[i].contention) / table[i].coherency), 0.001);
            assert_within(fit.peak_gain, gain_of(&table[i], fit.peak_workers), 0.001);
        } else {
            assert_true(isnan(fit.peak_workers) || fit.peak_workers < 2);
        }
        const struct known amdahl = amdahl_of(&table[i]);
        n = points_make(&amdahl, NULL, points);
        assert_int_equal(fit_make(FIT_AMDAHL, points, n, &fit), 0);
        assert_true(fit.accepted);
        assert_within(fit.contention.value, amdahl.contention, 0.001);
        assert_true(isnan(fit.coherency.value) && isnan(fit.peak_workers));
        assert_within(fit_gain(&fit, 24), gain_of(&amdahl, 24), 0.001);
    }
}

/* What the trials of one law and one set of parameters came to. */
struct tally {
    double sum_contention, sum_coherency;
    size_t covered_contention, covered_coherency;
};

static struct tally try_often(enum fit_law law, const struct known *k, gsl_rng *rng)
{
    struct tally t = {.covered_contention = 0};
    for (size_t trial = 0; trial < TRIALS; trial++) {
        struct fit_point points[COUNT(counts)];
        struct fit fit;
        const size_t n = points_make(k, rng, points);
        assert_int_equal(fit_make(law, points, n, &fit), 0);
        assert_true(fit.accepted);
        t.sum_contention += fit.contention.value;
        t.covered_contention += fit.contention.low <= k->contention && k->contention <= fit.contention.high;
        if (law != FIT_USL)
            continue;
        t.sum_coherency += fit.coherency.value;
        t.covered_coherency += fit.coherency.low <= k->coherency && k->coherency <= fit.coherency.high;
    }
    return t;
}

/* Mean estimates within 5%, and intervals that hold the truth in at least 90% of 500 trials. */
TEST(test_noisy_data_in_many_trials)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    assert_non_null(rng);
    gsl_rng_set(rng, 20261121);
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct known amdahl = amdahl_of(&table[i]);
        const struct tally usl = try_often(FIT_USL, &table[i], rng), one = try_often(FIT_AMDAHL, &amdahl, rng);
        print_message("%-24s USL contention %.4f (true %.4f), in the interval %zu of %d; coherency %.5f (true %.5f), "
                      "%zu; Amdahl %.4f, %zu\n",
                      table[i].what, usl.sum_contention / TRIALS, table[i].contention, usl.covered_contention, TRIALS,
                      usl.sum_coherency / TRIALS, table[i].coherency, usl.covered_coherency,
                      one.sum_contention / TRIALS, one.covered_contention);
        assert_within(usl.sum_contention / TRIALS, table[i].contention, 0.05);
        assert_within(usl.sum_coherency / TRIALS, table[i].coherency, 0.05);
        assert_within(one.sum_contention / TRIALS, amdahl.contention, 0.05);
        assert_true(usl.covered_contention >= TRIALS * 9 / 10);
        assert_true(usl.covered_coherency >= TRIALS * 9 / 10);
        assert_true(one.covered_contention >= TRIALS * 9 / 10);
    }
    gsl_rng_free(rng);
}

/* Gains that only scatter about a line of no coherency: no peak is told that the interval does not show. */
TEST(test_a_peak_needs_a_coherency_that_is_shown)
{
    const struct fit_point points[] = {{1, 1.0}, {2, 2.04}, {4, 3.88}, {8, 7.9}, {12, 11.9}, {16, 15.2}};
    struct fit fit;
    assert_int_equal(fit_make(FIT_USL, points, COUNT(points), &fit), 0);
    assert_true(fit.accepted && fit.coherency.value > 0 && fit.coherency.low <= 0);
    assert_true(isnan(fit.peak_workers) && isnan(fit.peak_gain));
}

TEST(test_too_few_points_are_refused)
{
    const struct fit_point points[] = {{1, 1}, {2, 1.9}, {2, 1.8}, {4, 3.5}, {4, 3.4}};
    struct fit fit;
    for (enum fit_law law = 0; law < FIT_LAWS; law++) {
        assert_int_equal(fit_make(law, points, COUNT(points), &fit), 0);
        assert_false(fit.accepted);
        assert_string_equal(fit.reason, "needs 4 different numbers of workers, has 3");
        assert_true(isnan(fit.contention.value) && isnan(fit_gain(&fit, 2)));
        assert_int_equal(fit_make(law, points, 0, &fit), 0);
        assert_false(fit.accepted);
    }
}

TEST(test_a_poor_fit_is_refused)
{
    const struct fit_point zigzag[] = {{1, 1}, {2, 4}, {4, 1}, {8, 9}, {16, 2}};
    struct fit fit;
    for (enum fit_law law = 0; law < FIT_LAWS; law++) {
        assert_int_equal(fit_make(law, zigzag, COUNT(zigzag), &fit), 0);
        assert_false(fit.accepted);
        assert_non_null(strstr(fit.reason, "off the law's curve"));
        assert_true(fit.rms > FIT_POOR_RMS);
    }
}

TEST(test_what_is_no_gain_is_an_error)
{
    static const struct fit_point bad[] = {{0, 1}, {-1, 1}, {1, 0}, {1, -2}, {1, NAN}, {NAN, 1}, {1, INFINITY}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct fit_point points[] = {{1, 1}, {2, 2}, {4, 4}, {8, 8}, bad[i]};
        struct fit fit;
        assert_int_equal(fit_make(FIT_USL, points, COUNT(points), &fit), -EDOM);
        assert_false(fit.accepted);
    }
}

TEST(test_flat_and_ideal_curves)
{
    struct fit_point flat[COUNT(counts)], ideal[COUNT(counts)];
    struct fit fit;
    for (size_t i = 0; i < COUNT(counts); i++) {
        flat[i] = (struct fit_point){counts[i], 0.97};
        ideal[i] = (struct fit_point){counts[i], counts[i]};
    }
    assert_int_equal(fit_make(FIT_USL, flat, COUNT(flat), &fit), 0);
    assert_true(fit.accepted && fabs(fit.contention.value - 1) < 1e-6 && fabs(fit.coherency.value) < 1e-6);
    assert_int_equal(fit_make(FIT_AMDAHL, ideal, COUNT(ideal), &fit), 0);
    assert_true(fit.accepted && fabs(fit.contention.value) < 1e-6);
    assert_string_equal(fit_law_name(FIT_USL), "usl");
}
