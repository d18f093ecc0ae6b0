/* SPDX-License-Identifier: MIT */
/* When it is enough. What the rule does to intervals is simulated by `make validate-statistics ONLY=stopping`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "bench/stopping.h"

static void test_rounds_for_a_precision(void **state)
{
    (void)state;
    assert_int_equal(stopping_rounds(0.0, 0.02), STOPPING_LEAST);
    assert_int_equal(stopping_rounds(0.01, 0.02), STOPPING_LEAST);
    assert_int_equal(stopping_rounds(NAN, 0.02), STOPPING_LEAST);
    assert_int_equal(stopping_rounds(0.02, 0.02), STOPPING_LEAST); /* 20 */
    /* Twice as wide on the scale of the logarithm: four times the rounds, and a quarter more. */
    assert_int_equal(stopping_rounds(1.02 * 1.02 - 1, 0.02), 80);
    assert_int_equal(stopping_rounds(1.02 * 1.02 * 1.02 - 1, 0.02), 180);
    assert_true(stopping_rounds(1e300, 0.0001) == 1000000);
    assert_true(stopping_rounds(INFINITY, 0.02) == 1000000);
    assert_true(fabs(stopping_half_width(0.5, 0.5 * 1.21) - 0.1) < 1e-12);
}

static void test_what_ends_a_group(void **state)
{
    (void)state;
    static const struct {
        struct stopping asked;
        int64_t done, planned;
        double spent_s, round_s;
        enum stopping_why why;
    } table[] = {
        {{10, 0, 0}, 9, 0, 1e9, 1e9, STOPPING_GOES_ON},
        {{10, 0, 0}, 10, 0, 0, 0, STOPPING_ROUNDS},
        {{0, 60, 0}, 3, 0, 50, 10, STOPPING_GOES_ON},
        {{0, 60, 0}, 3, 0, 50, 10.5, STOPPING_BUDGET},
        {{0, 60, 0}, 0, 0, 500, 10, STOPPING_GOES_ON}, /* one round there always is */
        {{5, 60, 0}, 5, 0, 10, 10, STOPPING_ROUNDS},
        {{0, 600, 0.02}, 16, 0, 10, 10, STOPPING_GOES_ON},
        {{0, 600, 0.02}, 39, 40, 10, 10, STOPPING_GOES_ON},
        {{0, 600, 0.02}, 40, 40, 10, 10, STOPPING_PRECISE},
        {{0, 600, 0.02}, 40, 40, 1000, 10, STOPPING_PRECISE},
        {{0, 600, 0.02}, 30, 40, 595, 10, STOPPING_BUDGET},
        {{30, 600, 0.02}, 30, 40, 10, 10, STOPPING_ROUNDS},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(
            stopping_look(&table[i].asked, table[i].done, table[i].planned, table[i].spent_s, table[i].round_s), table[i].why);
    assert_null(stopping_name(STOPPING_GOES_ON));
    assert_string_equal(stopping_name(STOPPING_BUDGET), "budget");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds_for_a_precision),
        cmocka_unit_test(test_what_ends_a_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
