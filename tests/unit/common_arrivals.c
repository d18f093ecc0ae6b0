/* SPDX-License-Identifier: MIT */
/* The schedule of an open loop. That Python's is the same one is for tests/test_open_loop.py to show. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <math.h>

#include "common/arrivals.h"

TEST(test_fixed)
{
    static const struct {
        double rate;
        int64_t at[4];
    } rows[] = {
        {1, {0, 1000000000, 2000000000, 3000000000}},
        {3, {0, 333333333, 666666666, 1000000000}}, /* each from its own number: no error adds up */
        {1000000, {0, 1000, 2000, 3000}},
        {0.001, {0, 1000000000000, 2000000000000, 3000000000000}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arrivals_walk walk = {.arrivals = {.rate = rows[i].rate, .kind = ARRIVALS_FIXED, .seed = 7}};
        for (size_t job = 0; job < 4; job++)
            assert_int_equal(arrivals_next(&walk), rows[i].at[job]);
    }
}

/* The gaps have the mean of an exponential distribution and, as its mark, a deviation of the same size; about 37% are
 * longer than the mean. 20,000 gaps from a fixed seed: the bounds are five standard errors. */
TEST(test_poisson)
{
    enum { GAPS = 20000 };
    struct arrivals_walk walk = {.arrivals = {.rate = 1000, .kind = ARRIVALS_POISSON, .seed = 42}};
    int64_t before = 0;
    double sum = 0, squares = 0;
    int longer = 0;
    for (int i = 0; i < GAPS; i++) {
        const int64_t at = arrivals_next(&walk);
        assert_true(at >= before);
        const double gap = (double)(at - before) / 1e6; /* in mean gaps */
        sum += gap;
        squares += gap * gap;
        longer += gap > 1;
        before = at;
    }
    const double mean = sum / GAPS, deviation = sqrt(squares / GAPS - mean * mean);
    assert_true(fabs(mean - 1) < 5 / sqrt(GAPS));
    assert_true(fabs(deviation - 1) < 5 * sqrt(2.0 / GAPS)); /* the kurtosis of an exponential is 9: (9 - 1) / 4 = 2 */
    assert_true(fabs((double)longer / GAPS - exp(-1)) < 5 * sqrt(0.2325 / GAPS));
}

TEST(test_a_seed_is_a_schedule)
{
    struct arrivals_walk one = {.arrivals = {.rate = 10, .kind = ARRIVALS_POISSON, .seed = 1}}, again = one,
                         other = one;
    other.arrivals.seed = 2;
    int differ = 0;
    for (int i = 0; i < 100; i++) {
        const int64_t at = arrivals_next(&one);
        assert_int_equal(at, arrivals_next(&again));
        differ += at != arrivals_next(&other);
    }
    assert_int_equal(differ, 100);
}

TEST(test_names)
{
    enum arrivals_kind kind;
    assert_int_equal(arrivals_parse("poisson", &kind), 0);
    assert_int_equal(kind, ARRIVALS_POISSON);
    assert_int_equal(arrivals_parse(arrivals_name(ARRIVALS_FIXED), &kind), 0);
    assert_int_equal(kind, ARRIVALS_FIXED);
    assert_int_equal(arrivals_parse("Fixed", &kind), -EINVAL);
    assert_int_equal(arrivals_parse("", &kind), -EINVAL);
}
