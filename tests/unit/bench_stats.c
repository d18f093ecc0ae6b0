/* SPDX-License-Identifier: MIT */
/* Statistics against brute force, published tables and simulation. */
#include <errno.h>

#include "bench/stats/ranks.h"
#include "tests/unit/numbers.h"

/* All Walsh averages, sorted, to be freed. */
static double *walsh_all(const double *x, size_t n)
{
    double *all = malloc(n * (n + 1) / 2 * sizeof *all);
    size_t at = 0;
    assert_non_null(all);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            all[at++] = x[i] / 2 + x[j] / 2;
    qsort(all, at, sizeof *all, compare_doubles);
    return all;
}

/* P(W+ <= w) by writing down all 2^n assignments of signs. */
static double enumerate_cdf(size_t n, size_t w)
{
    size_t hits = 0;
    for (size_t signs = 0; signs < (size_t)1 << n; signs++) {
        size_t sum = 0;
        for (size_t rank = 1; rank <= n; rank++)
            sum += signs >> (rank - 1) & 1 ? rank : 0;
        hits += sum <= w;
    }
    return (double)hits / (double)((size_t)1 << n);
}

TEST(cdf_is_that_of_all_signs)
{
    for (size_t n = 1; n <= 12; n++)
        for (size_t w = 0; w <= n * (n + 1) / 2; w++)
            assert_near(stats_signed_rank_cdf(n, (double)w), enumerate_cdf(n, w), 1e-15);
    assert_near(stats_signed_rank_cdf(10, -1), 0, 0);
    assert_near(stats_signed_rank_cdf(10, 55), 1, 0);
    assert_near(stats_signed_rank_cdf(10, 1000), 1, 0);
}

TEST(normal_continues_the_exact_table)
{
    /* n = 50 is exact, 51 is not: values of the standardised statistic beside each other must be close. */
    for (double z = -3; z <= 3; z += 0.25) {
        const double exact = stats_signed_rank_cdf(50, floor(637.5 + z * sqrt(50 * 51 * 101 / 24.0)));
        const double normal = stats_signed_rank_cdf(51, floor(663 + z * sqrt(51 * 52 * 103 / 24.0)));
        assert_near(normal, exact, 0.004);
    }
}

TEST(coverage_is_the_published_one)
{
    /* n, k, coverage: Hollander and Wolfe, table A.4; k = 1 is the whole range. */
    static const struct {
        size_t n, k;
        double confidence, coverage;
    } table[] = {
        {6, 1, 0.95, 0.96875},      {7, 3, 0.95, 0.953125},  {8, 4, 0.95, 0.9609375},    {9, 6, 0.95, 0.9609375},
        {10, 9, 0.95, 0.951171875}, {8, 1, 0.99, 0.9921875}, {10, 4, 0.99, 0.990234375},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        double x[16];
        for (size_t j = 0; j < table[i].n; j++)
            x[j] = exp((double)j); /* so that all Walsh averages differ */
        struct stats_interval interval;
        assert_int_equal(stats_signed_rank(x, table[i].n, table[i].confidence, &interval), 0);
        assert_near(1 - 2 * stats_signed_rank_cdf(table[i].n, (double)table[i].k - 1), table[i].coverage, 1e-12);
        double *all = walsh_all(x, table[i].n);
        assert_true(interval.low == all[table[i].k - 1]);
        assert_true(interval.high == all[table[i].n * (table[i].n + 1) / 2 - table[i].k]);
        free(all);
    }
}

TEST(too_few_values_have_no_interval)
{
    const double x[] = {1, 2, 3, 4, 5, 6, 7};
    struct stats_interval interval = {.estimate = -1};
    for (size_t n = 1; n < STATS_MIN_95; n++)
        assert_int_equal(stats_signed_rank(x, n, 0.95, &interval), -ERANGE);
    assert_int_equal(stats_signed_rank(x, STATS_MIN_95, 0.95, &interval), 0);
    assert_int_equal(stats_signed_rank(x, STATS_MIN_99 - 1, 0.99, &interval), -ERANGE);
    assert_near(interval.estimate, 4, 0); /* alone */
    assert_true(isnan(interval.low) && isnan(interval.high));
}

/* R's help page of wilcox.test: depression scores of 9 patients (Hollander and Wolfe, p. 29 and 40):
 * wilcox.test(x, y, paired = TRUE, conf.int = TRUE) says V = 40, p = 0.03906, (pseudo)median 0.46, 95% 0.01 to 0.786. */
TEST(the_example_of_r_comes_out)
{
    const double x[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    const double y[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
    double d[9], p = 0;
    for (size_t i = 0; i < 9; i++)
        d[i] = x[i] - y[i];
    struct stats_interval interval;
    assert_int_equal(stats_signed_rank(d, 9, 0.95, &interval), 0);
    assert_near(interval.estimate, 0.46, 1e-9);
    assert_near(interval.low, 0.010, 1e-9);
    assert_near(interval.high, 0.786, 1e-9);
    assert_int_equal(stats_outside_p(d, 9, 0, &p), 0);
    assert_near(p, 0.0390625, 1e-12);
}

TEST(selection_is_that_of_all_averages)
{
    uint64_t seed = 7;
    for (size_t n = 6; n <= 70; n += 4) {
        double x[70];
        for (size_t i = 0; i < n; i++) /* tied, negative and zero values among them */
            x[i] = n % 3 == 0 ? floor(8 * uniform(&seed)) - 3 : log(uniform(&seed)) + 1;
        double *all = walsh_all(x, n);
        const size_t m = n * (n + 1) / 2;
        struct stats_interval interval;
        assert_int_equal(stats_signed_rank(x, n, 0.95, &interval), 0);
        assert_near(interval.estimate, m % 2 ? all[m / 2] : (all[m / 2 - 1] + all[m / 2]) / 2, 1e-15);
        size_t k = 0;
        while (stats_signed_rank_cdf(n, (double)k) < 0.025)
            k++;
        assert_true(interval.low == all[k - 1] && interval.high == all[m - k]);
        free(all);
    }
}

/* Above the exact table ties take (t^3 - t) / 48 a group off the variance of W+ (Hollander and Wolfe, formula 3.13). */
TEST(the_normal_approximation_knows_ties)
{
    enum { N = 60 };
    double x[N], p = 0;
    for (size_t i = 0; i < N; i++)
        x[i] = i < 36 ? 1 : -0.5; /* 666 averages of 1, 864 of 0.25, 300 of -0.5 */
    const double variance = 60 * 61 * 121 / 24.0 - (36 * 36 * 36 - 36 + 24 * 24 * 24 - 24) / 48.0;
    const double z = (300 + 0.5 - 915) / sqrt(variance); /* 300 averages are at most 0 */
    assert_int_equal(stats_outside_p(x, N, 0, &p), 0);
    assert_near(p, erfc(-z / sqrt(2)), 1e-12);
    const double without = (300 + 0.5 - 915) / sqrt(60 * 61 * 121 / 24.0);
    assert_true(p < 0.7 * erfc(-without / sqrt(2)));
    struct stats_interval interval;
    for (size_t i = 0; i < N; i++)
        x[i] = 2; /* all the same */
    assert_int_equal(stats_signed_rank(x, N, 0.95, &interval), 0);
    assert_near(interval.low, 2, 0);
    assert_near(interval.high, 2, 0);
}

TEST(p_is_dual_to_the_interval)
{
    uint64_t seed = 11;
    for (int trial = 0; trial < 2000; trial++) {
        double x[12], p = 0;
        for (size_t i = 0; i < COUNT(x); i++)
            x[i] = exponential(&seed) - 0.4;
        struct stats_interval interval;
        assert_int_equal(stats_signed_rank(x, COUNT(x), 0.95, &interval), 0);
        assert_int_equal(stats_outside_p(x, COUNT(x), 0.1, &p), 0);
        assert_int_equal(p<0.05, interval.low> 0.1 || interval.high < -0.1);
    }
    for (int trial = 0; trial < 500; trial++) { /* above the exact table, with ties */
        double x[60], p = 0;
        for (size_t i = 0; i < COUNT(x); i++)
            x[i] = floor(8 * exponential(&seed)) / 16 - 0.25;
        struct stats_interval interval;
        assert_int_equal(stats_signed_rank(x, COUNT(x), 0.95, &interval), 0);
        assert_int_equal(stats_outside_p(x, COUNT(x), 0.1, &p), 0);
        assert_int_equal(p<0.05, interval.low> 0.1 || interval.high < -0.1);
    }
}

TEST(ratios_are_baseline_over_variant)
{
    const double base[] = {2, 2.2, 4, 1, 3, 8}, variant[] = {1, 1.1, 2, 0.5, 1.5, 4};
    struct stats_interval interval;
    assert_int_equal(stats_ratio(base, variant, 6, 0.95, &interval), 0);
    assert_near(interval.estimate, 2, 1e-12);
    assert_near(interval.low, 2, 1e-12);
    assert_near(interval.high, 2, 1e-12);
    assert_int_equal(stats_ratio(base, variant, 1, 0.95, &interval), -ERANGE);
    assert_near(interval.estimate, 2, 1e-12);
    assert_true(isnan(interval.low));
}

TEST(bad_values_are_errors)
{
    static const double bad[] = {0, -1, NAN, INFINITY, -INFINITY};
    struct stats_interval interval;
    double out = 5;
    for (size_t i = 0; i < COUNT(bad); i++) {
        double x[] = {1, 2, 3, 4, 5, 6}, good[] = {1, 2, 3, 4, 5, 6};
        x[3] = bad[i];
        assert_int_equal(stats_ratio(x, good, 6, 0.95, &interval), -EDOM);
        assert_int_equal(stats_ratio(good, x, 6, 0.95, &interval), -EDOM);
        if (isfinite(bad[i]))
            continue;
        assert_int_equal(stats_median(x, 6, &out), -EDOM);
        assert_int_equal(stats_signed_rank(x, 6, 0.95, &interval), -EDOM);
        assert_int_equal(stats_outside_p(x, 6, 0, &out), -EDOM);
    }
    assert_int_equal(stats_median(NULL, 0, &out), -EINVAL);
    assert_int_equal(stats_ratio(NULL, NULL, 0, 0.95, &interval), -EINVAL);
    assert_int_equal(stats_signed_rank(bad, 1, 1, &interval), -EINVAL);
    assert_int_equal(stats_signed_rank(bad, 1, NAN, &interval), -EINVAL);
    assert_int_equal(stats_outside_p(bad, 1, -1, &out), -EINVAL);
    assert_near(out, 5, 0);
}

TEST(medians)
{
    static const struct {
        double x[5];
        size_t n;
        double median;
    } table[] = {{{3}, 1, 3}, {{4, 2}, 2, 3}, {{9, -1, 5}, 3, 5}, {{1, 1, 1, 7}, 4, 1}, {{-5, 0, 5, 2, 1}, 5, 1}};
    for (size_t i = 0; i < COUNT(table); i++) {
        double median = NAN;
        assert_int_equal(stats_median(table[i].x, table[i].n, &median), 0);
        assert_near(median, table[i].median, 0);
    }
}

TEST(holm_is_the_textbook_one)
{
    /* R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02. */
    const double p[] = {0.01, 0.04, 0.03, 0.005}, expected[] = {0.03, 0.06, 0.06, 0.02};
    double adjusted[4];
    assert_int_equal(stats_holm(p, 4, adjusted), 0);
    for (size_t i = 0; i < 4; i++)
        assert_near(adjusted[i], expected[i], 1e-15);
    const double large[] = {0.9, 0.8};
    assert_int_equal(stats_holm(large, 2, adjusted), 0);
    assert_near(adjusted[0], 1, 0);
    assert_near(adjusted[1], 1, 0);
    assert_int_equal(stats_holm(NULL, 0, NULL), 0);
    const double bad[] = {0.5, NAN};
    assert_int_equal(stats_holm(bad, 2, adjusted), -EDOM);
}

TEST(many_rounds_are_no_burden)
{
    enum { N = 100000 };
    double *x = malloc(N * sizeof *x);
    uint64_t seed = 3;
    assert_non_null(x);
    for (size_t i = 0; i < N; i++)
        x[i] = exponential(&seed);
    struct stats_interval interval;
    assert_int_equal(stats_signed_rank(x, N, 0.99, &interval), 0); /* 5e9 Walsh averages would be 40 GB */
    assert_true(interval.low < interval.estimate && interval.estimate < interval.high);
    assert_near(interval.estimate, 0.839, 0.01); /* the median of a gamma(2) variable, halved */
    free(x);
}
