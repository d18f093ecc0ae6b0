/* SPDX-License-Identifier: MIT */
/* Two-sample statistics against brute force, published tables and simulation. */
#include <errno.h>

#include "bench/stats/ranks.h"
#include "tests/unit/numbers.h"

static double tied(uint64_t *state) { return floor(4 * normal(state)) / 4; }

/* All differences, sorted, to be freed. */
static double *differences_all(const struct stats_two *two)
{
    double *all = malloc(two->m * two->n * sizeof *all);
    size_t at = 0;
    assert_non_null(all);
    for (size_t i = 0; i < two->m; i++)
        for (size_t j = 0; j < two->n; j++)
            all[at++] = two->x[i] - two->y[j];
    qsort(all, at, sizeof *all, compare_doubles);
    return all;
}

/* P(U <= u) by writing down every choice of m ranks of m + n. */
static double enumerate_cdf(unsigned m, unsigned n, double u)
{
    double hits = 0, all = 0;
    for (unsigned long set = 0; set < 1ul << (m + n); set++) {
        unsigned chosen = 0, sum = 0; /* sum: for each chosen rank, the ranks below it that are not chosen */
        for (unsigned rank = 0; rank < m + n; rank++)
            if (set >> rank & 1) {
                sum += rank - chosen;
                chosen++;
            }
        all += chosen == m;
        hits += chosen == m && sum <= u;
    }
    return hits / all;
}

TEST(cdf_is_that_of_all_choices)
{
    for (unsigned m = 1; m <= 6; m++)
        for (unsigned n = 1; n <= 7; n++)
            for (double u = -1; u <= m * n + 1; u++)
                assert_near(stats_rank_sum_cdf(m, n, u), enumerate_cdf(m, n, u), 1e-14);
}

/* The critical values of the two-sided test at 5%, as in every textbook's table of Mann-Whitney's U. */
TEST(critical_values_are_the_published_ones)
{
    static const struct {
        size_t m, n;
        double critical;
    } table[] = {{4, 4, 0},  {3, 5, 0},   {2, 8, 0},    {5, 5, 2},    {6, 6, 5},    {7, 7, 8},
                 {8, 8, 13}, {9, 12, 26}, {10, 10, 23}, {10, 20, 55}, {20, 20, 127}};
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_true(stats_rank_sum_cdf(table[i].m, table[i].n, table[i].critical) <= 0.025);
        assert_true(stats_rank_sum_cdf(table[i].m, table[i].n, table[i].critical + 1) > 0.025);
        assert_near(stats_rank_sum_cdf(table[i].n, table[i].m, table[i].critical),
                    stats_rank_sum_cdf(table[i].m, table[i].n, table[i].critical), 1e-15);
    }
}

TEST(normal_continues_the_exact_table)
{
    static const size_t sizes[][2] = {{33, 33}, {34, 34}, {50, 24}, {50, 50}};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        const double m = (double)sizes[i][0], n = (double)sizes[i][1], deviation = sqrt(m * n * (m + n + 1) / 12);
        double last = 0;
        for (double z = -4; z <= 4; z += 0.25) {
            const double u = floor(m * n / 2 + z * deviation), got = stats_rank_sum_cdf(sizes[i][0], sizes[i][1], u);
            assert_near(got, 0.5 * erfc(-(u + 0.5 - m * n / 2) / deviation / sqrt(2)), 0.0015);
            assert_true(got >= last);
            last = got;
        }
        assert_near(stats_rank_sum_cdf(sizes[i][0], sizes[i][1], m * n), 1, 0);
    }
    /* All ways counted, to the last: all but U = m n, which is one way. */
    assert_near(stats_rank_sum_cdf(33, 33, 33 * 33 - 1), 1, 1e-15);
}

TEST(least_p_is_that_of_complete_separation)
{
    assert_near(stats_rank_sum_least_p(10, 10), 2.0 / 184756, 1e-18);
    assert_near(stats_rank_sum_least_p(4, 4), 2.0 / 70, 1e-15);
    assert_near(stats_rank_sum_least_p(1, 1), 1, 0);
    assert_near(stats_rank_sum_least_p(0, 7), 1, 0);
    assert_true(stats_rank_sum_least_p(100000, 100000) < 1e-300);
}

/* Hollander, Wolfe, Chicken, example 4.1 (and that of R's wilcox.test): the chorioamnion's permeability. */
TEST(the_example_of_the_book_comes_out)
{
    static const double x[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
                        y[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    const struct stats_two two = {x, y, COUNT(x), COUNT(y)};
    struct stats_interval interval;
    double p = 0;
    assert_int_equal(stats_shift(&two, 0.95, &interval), 0);
    assert_near(interval.estimate, 0.305, 1e-12);
    assert_near(interval.low, -0.15, 1e-12);
    assert_near(interval.high, 0.76, 1e-12);
    assert_int_equal(stats_shift_outside_p(&two, 0, 0, &p), 0);
    assert_near(p, 2 * 0.1272, 1e-4); /* the one-sided value of the book and of R */
}

TEST(selection_is_that_of_all_differences)
{
    uint64_t seed = 5;
    for (size_t trial = 0; trial < 300; trial++) {
        double x[30], y[30];
        const struct stats_two two = {x, y, 4 + trial % 27, 4 + trial / 27 % 23};
        for (size_t i = 0; i < 30; i++) {
            x[i] = trial % 3 == 0 ? tied(&seed) : 1e3 * normal(&seed);
            y[i] = trial % 3 == 0 ? tied(&seed) : exponential(&seed);
        }
        double *all = differences_all(&two);
        const size_t count = two.m * two.n;
        struct stats_interval interval;
        assert_int_equal(stats_shift(&two, 0.95, &interval), 0);
        size_t k = 0;
        while (stats_rank_sum_cdf(two.m, two.n, (double)k) < 0.025)
            k++;
        assert_true(k >= 1);
        assert_near(interval.low, all[k - 1], 0);
        assert_near(interval.high, all[count - k], 0);
        assert_near(interval.estimate, count % 2 ? all[count / 2] : all[count / 2 - 1] / 2 + all[count / 2] / 2, 0);
        free(all);
    }
}

TEST(too_few_values_have_no_interval)
{
    static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const struct {
        size_t m, n;
        int rc;
    } table[] = {{1, 8, -ERANGE}, {2, 7, -ERANGE}, {3, 4, -ERANGE}, {3, 3, -ERANGE}, {4, 4, 0}, {3, 5, 0}, {2, 8, 0}};
    for (size_t i = 0; i < COUNT(table); i++)
        for (size_t swapped = 0; swapped < 2; swapped++) {
            const struct stats_two two = {x, x, swapped ? table[i].n : table[i].m, swapped ? table[i].m : table[i].n};
            struct stats_interval interval;
            assert_int_equal(stats_shift(&two, 0.95, &interval), table[i].rc);
            assert_true(isfinite(interval.estimate) && isnan(interval.low) == (table[i].rc != 0));
        }
}

TEST(p_is_dual_to_the_interval)
{
    uint64_t seed = 11;
    size_t outside = 0, below = 0;
    for (size_t trial = 0; trial < 2000; trial++) {
        double x[60], y[60], p = 0, beyond = 0;
        struct stats_two two = {x, y, 5 + trial % 56, 5 + trial / 7 % 56};
        for (size_t i = 0; i < 60; i++) {
            x[i] = trial % 2 ? tied(&seed) : normal(&seed);
            y[i] = (trial % 2 ? tied(&seed) : normal(&seed)) + 0.7;
        }
        struct stats_interval interval;
        const double margin = 0.1 * (double)(trial % 5);
        assert_int_equal(stats_shift(&two, 0.95, &interval), 0);
        assert_int_equal(stats_shift_outside_p(&two, -margin, margin, &p), 0);
        assert_int_equal(p<0.05, interval.low> margin || interval.high < -margin);
        assert_int_equal(stats_shift_outside_p(&two, -margin, INFINITY, &beyond), 0);
        assert_int_equal(beyond < 0.05, interval.high < -margin);
        assert_true(p >= 0 && p <= 1 && beyond >= p);
        outside += p < 0.05;
        below += beyond < 0.05;
    }
    assert_true(outside >= 200 && outside <= 1800); /* both answers came up */
    assert_true(below >= 200 && below <= 1800);
}

TEST(many_rounds_are_no_burden)
{
    enum { N = 100000 };
    double *x = malloc(2 * N * sizeof *x);
    uint64_t seed = 3;
    assert_non_null(x);
    for (size_t i = 0; i < 2 * N; i++)
        x[i] = exponential(&seed) + (i < N ? 1 : 0);
    struct stats_interval interval;
    assert_int_equal(stats_shift(&(struct stats_two){x, x + N, N, N}, 0.99, &interval), 0); /* 1e10 differences */
    assert_true(interval.low < interval.estimate && interval.estimate < interval.high);
    assert_near(interval.estimate, 1, 0.02);
    free(x);
}

TEST(constant_samples_have_a_point)
{
    double x[100], p = NAN;
    for (size_t i = 0; i < COUNT(x); i++)
        x[i] = 2;
    for (size_t n = 10; n <= 100; n += 90) { /* exact and approximate: nothing is left of the variance */
        const struct stats_two two = {x, x, n, n};
        struct stats_interval interval;
        assert_int_equal(stats_shift(&two, 0.95, &interval), 0);
        assert_near(interval.low, 0, 0);
        assert_near(interval.high, 0, 0);
        assert_int_equal(stats_shift_outside_p(&two, -1, 1, &p), 0);
        assert_near(p, 1, 0);
        assert_int_equal(stats_shift_outside_p(&two, 1, 2, &p), 0);
        assert_true(p < 1e-4);
    }
}

TEST(bad_values_are_errors)
{
    const double good[] = {1, 2, 3, 4, 5}, bad[] = {1, 2, NAN, 4, 5}, large[] = {1, 2, 3, 4, INFINITY};
    struct stats_interval interval;
    double out = -1;
    assert_int_equal(stats_shift(&(struct stats_two){good, bad, 5, 5}, 0.95, &interval), -EDOM);
    assert_int_equal(stats_shift(&(struct stats_two){large, good, 5, 5}, 0.95, &interval), -EDOM);
    assert_int_equal(stats_shift(&(struct stats_two){good, good, 5, 0}, 0.95, &interval), -EINVAL);
    assert_int_equal(stats_shift(&(struct stats_two){good, good, 5, 5}, 1, &interval), -EINVAL);
    assert_int_equal(stats_shift(&(struct stats_two){good, good, 5, 5}, NAN, &interval), -EINVAL);
    assert_int_equal(stats_shift(&(struct stats_two){good, good, 0, 5}, 0.95, &interval), -EINVAL);
    assert_int_equal(stats_shift_outside_p(&(struct stats_two){good, good, 5, 5}, 1, -1, &out), -EINVAL);
    assert_int_equal(stats_shift_outside_p(&(struct stats_two){good, good, 5, 5}, NAN, 1, &out), -EINVAL);
    assert_near(out, -1, 0);
}
