/* SPDX-License-Identifier: MIT */
/* The median's interval, outliers, and what is wrong with a series, against brute force and published figures. */
#include <errno.h>

#include "bench/stats/order.h"
#include "bench/stats/series.h"
#include "tests/unit/numbers.h"

TEST(median_intervals_are_the_published_ones)
{
    /* n, place of the lower end: the tables of the sign test (Hollander and Wolfe, table A.2). */
    static const struct {
        size_t n, k;
        double confidence;
    } table[] = {{6, 1, 0.95},  {8, 1, 0.95},  {9, 2, 0.95}, {10, 2, 0.95},
                 {12, 3, 0.95}, {20, 6, 0.95}, {8, 1, 0.99}, {30, 10, 0.95}};
    for (size_t i = 0; i < COUNT(table); i++) {
        double x[30];
        for (size_t j = 0; j < table[i].n; j++)
            x[j] = (double)((7 * j) % table[i].n); /* 7 and n share no factor */
        struct stats_interval interval;
        assert_int_equal(stats_median_interval(x, table[i].n, table[i].confidence, &interval), 0);
        assert_near(interval.low, (double)table[i].k - 1, 0);
        assert_near(interval.high, (double)(table[i].n - table[i].k), 0);
        assert_near(interval.estimate, (double)(table[i].n - 1) / 2, 1e-12);
    }
}

TEST(modified_z_scores)
{
    struct stats_spread spread;
    const double x[] = {1, 2, 3, 4, 100}; /* median 3, MAD 1 */
    assert_int_equal(stats_spread_of(x, 5, &spread), 0);
    assert_near(spread.median, 3, 0);
    assert_near(stats_modified_z(&spread, 100), 0.6745 * 97, 1e-9);
    assert_near(stats_modified_z(&spread, 1), 0.6745 * -2, 1e-9);
    const double tied[] = {5, 5, 5, 5, 5, 6}; /* MAD 0, mean absolute deviation 1/6 */
    assert_int_equal(stats_spread_of(tied, 6, &spread), 0);
    assert_near(stats_modified_z(&spread, 6), 6 / 1.253314, 1e-9);
    const double same[] = {2, 2, 2};
    assert_int_equal(stats_spread_of(same, 3, &spread), 0);
    assert_near(stats_modified_z(&spread, 2), 0, 0);
    assert_true(isinf(stats_modified_z(&spread, 2.5)) && stats_modified_z(&spread, 1) < 0);
}

TEST(a_cold_first_round_stands_out)
{
    double x[] = {0.3, 0.01, -0.01, 0.02, 0.0, -0.02, 0.01};
    struct stats_first first;
    assert_int_equal(stats_first_of(x, COUNT(x), &first), 0);
    assert_true(first.z > STATS_FIRST_CUT);
    assert_near(first.shift, 0.295, 1e-12); /* the median of the other six is 0.005 */
    x[0] = 0.015;
    x[3] = 0.3; /* another round stands out: that is no first-round effect */
    assert_int_equal(stats_first_of(x, COUNT(x), &first), 0);
    assert_true(fabs(first.z) < STATS_FIRST_CUT);
}

static double brute_tau(const double *x, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            s += (x[j] > x[i]) - (x[j] < x[i]);
    return s / ((double)n * ((double)n - 1) / 2);
}

/* All 720 orders of six values: how many have a tau at least as far from 0? */
static double brute_p(double tau)
{
    size_t orders = 0, far = 0;
    for (size_t rc = 0; rc < 46656; rc++) { /* 6^6 */
        double x[6];
        unsigned seen = 0;
        for (size_t i = 0, c = rc; i < 6; i++, c /= 6) {
            x[i] = (double)(c % 6);
            seen |= 1u << (c % 6);
        }
        if (seen != 63)
            continue;
        orders++;
        far += fabs(brute_tau(x, 6)) >= fabs(tau) - 1e-9;
    }
    return (double)far / (double)orders;
}

TEST(drift_is_that_of_all_orders)
{
    uint64_t seed = 5;
    for (int trial = 0; trial < 60; trial++) {
        double x[6];
        for (size_t i = 0; i < COUNT(x); i++)
            x[i] = uniform(&seed);
        struct stats_drift drift;
        assert_int_equal(stats_drift_of(x, COUNT(x), &drift), 0);
        assert_near(drift.tau, brute_tau(x, COUNT(x)), 1e-12);
        assert_near(drift.p, brute_p(drift.tau), 1e-12);
    }
}

TEST(drift_with_ties)
{
    uint64_t seed = 6;
    for (size_t n = 6; n < 90; n += 7) {
        double x[90];
        for (size_t i = 0; i < n; i++)
            x[i] = floor(5 * uniform(&seed));
        struct stats_drift drift;
        assert_int_equal(stats_drift_of(x, n, &drift), 0);
        assert_near(drift.tau, brute_tau(x, n), 1e-12);
        assert_true(drift.p > 0 && drift.p <= 1);
    }
    /* By hand: S = 9, its variance (6 5 17 - 2 (3 2 11)) / 18 = 21, z = (9 - 1) / sqrt(21) = 1.7457, p = 0.08086. */
    const double steps[] = {1, 1, 1, 2, 2, 2};
    struct stats_drift drift;
    assert_int_equal(stats_drift_of(steps, 6, &drift), 0);
    assert_near(drift.tau, 0.6, 1e-12);
    assert_near(drift.p, 0.08086, 1e-5);
    assert_near(drift.shift, 1, 0);
    const double same[] = {3, 3, 3, 3, 3, 3};
    assert_int_equal(stats_drift_of(same, 6, &drift), 0);
    assert_near(drift.tau, 0, 0);
    assert_near(drift.p, 1, 0);
}

TEST(normal_continues_the_exact_drift)
{
    /* 50 values are exact, 51 are not: the same slope among noise must have nearly the same p. */
    for (uint64_t seed = 1; seed < 200; seed += 60) {
        double x[51], p[2];
        for (size_t i = 0; i < 51; i++) {
            uint64_t generator = 1000 * seed + i;
            x[i] = 0.01 * (double)i + uniform(&generator);
        }
        x[50] = x[49] + 1e-6;
        for (size_t i = 0; i < 2; i++) {
            struct stats_drift drift;
            assert_int_equal(stats_drift_of(x, 50 + i, &drift), 0);
            p[i] = drift.p;
        }
        assert_near(log(p[0]), log(p[1]), 0.6);
    }
}

TEST(bad_values_are_errors)
{
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    struct stats_interval interval;
    struct stats_spread spread;
    struct stats_first first;
    struct stats_drift drift;
    for (size_t i = 0; i < COUNT(bad); i++)
        for (size_t at = 0; at < 7; at += 3) {
            double x[] = {1, 2, 3, 4, 5, 6, 7};
            x[at] = bad[i];
            assert_int_equal(stats_median_interval(x, 7, 0.95, &interval), -EDOM);
            assert_int_equal(stats_spread_of(x, 7, &spread), -EDOM);
            assert_int_equal(stats_first_of(x, 7, &first), -EDOM);
            assert_int_equal(stats_drift_of(x, 7, &drift), -EDOM);
        }
    const double few[] = {1, 2, 3, 4, 5};
    assert_int_equal(stats_median_interval(few, 5, 0.95, &interval), -ERANGE);
    assert_int_equal(stats_median_interval(few, 0, 0.95, &interval), -EINVAL);
    assert_int_equal(stats_median_interval(few, 5, 1, &interval), -EINVAL);
    assert_int_equal(stats_spread_of(few, 0, &spread), -EINVAL);
    assert_int_equal(stats_first_of(few, 5, &first), -ERANGE);
    assert_int_equal(stats_drift_of(few, 5, &drift), -ERANGE);
}

TEST(tiny_and_negative_values_are_values)
{
    double x[12];
    for (size_t i = 0; i < COUNT(x); i++)
        x[i] = -4e-300 + 1e-301 * (double)i;
    struct stats_interval interval;
    struct stats_drift drift;
    assert_int_equal(stats_median_interval(x, COUNT(x), 0.95, &interval), 0);
    assert_true(interval.low < interval.estimate && interval.estimate < interval.high && interval.high < 0);
    assert_int_equal(stats_drift_of(x, COUNT(x), &drift), 0);
    assert_near(drift.tau, 1, 0);
}

TEST(many_rounds_are_no_burden)
{
    enum { N = 100000 };
    double *x = malloc(N * sizeof *x);
    uint64_t seed = 3;
    assert_non_null(x);
    for (size_t i = 0; i < N; i++)
        x[i] = uniform(&seed);
    struct stats_interval interval;
    struct stats_drift drift;
    assert_int_equal(stats_median_interval(x, N, 0.95, &interval), 0);
    assert_true(interval.low < 0.5 && 0.5 < interval.high);
    assert_int_equal(stats_drift_of(x, N, &drift), 0); /* 5e9 pairs one by one would take a minute */
    assert_true(drift.p > 0.001 && fabs(drift.tau) < 0.01);
    free(x);
}
