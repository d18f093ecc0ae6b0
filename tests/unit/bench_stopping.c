/* SPDX-License-Identifier: MIT */
/* When it is enough. What the rule does to intervals is simulated by `make validate-statistics ONLY=stopping`. */
#include <math.h>
#include <string.h>

#include "bench/analysis/ratio.h"
#include "bench/plan/stopping.h"
#include "tests/unit/unit.h"

TEST(test_rounds_for_a_precision)
{
    assert_int_equal(stopping_rounds(0.0, 0.02), STOPPING_LEAST);
    assert_int_equal(stopping_rounds(0.01, 0.02), STOPPING_LEAST);
    assert_int_equal(stopping_rounds(NAN, 0.02), STOPPING_LEAST);
    assert_int_equal(stopping_rounds(0.02, 0.02), STOPPING_LEAST); /* 20 */
    /* Twice as wide on the scale of the logarithm: four times the rounds, and a quarter more. */
    assert_int_equal(stopping_rounds(1.02 * 1.02 - 1, 0.02), 80);
    assert_int_equal(stopping_rounds(1.02 * 1.02 * 1.02 - 1, 0.02), 180);
    assert_true(stopping_rounds(1e300, 0.0001) == 1000000);
    assert_true(stopping_rounds(INFINITY, 0.02) == 1000000);
    assert_true(fabs(ratio_half_width(&(struct ratio){.low = 0.5, .high = 0.5 * 1.21}) - 0.1) < 1e-12);
}

TEST(test_what_ends_a_group)
{
    static const struct {
        struct stopping asked;
        int64_t done, planned;
        double spent_s, round_s;
        enum stopping_why why;
    } table[] = {
        {{10, 0, 0, 0}, 9, 0, 1e9, 1e9, STOPPING_GOES_ON},       {{10, 0, 0, 0}, 10, 0, 0, 0, STOPPING_ROUNDS},
        {{0, 60, 0, 0}, 3, 0, 50, 10, STOPPING_GOES_ON},         {{0, 60, 0, 0}, 3, 0, 50, 10.5, STOPPING_BUDGET},
        {{0, 60, 0, 0}, 0, 0, 500, 10, STOPPING_GOES_ON}, /* one round there always is */
        {{5, 60, 0, 0}, 5, 0, 10, 10, STOPPING_ROUNDS},          {{0, 600, 0.02, 0}, 16, 0, 10, 10, STOPPING_GOES_ON},
        {{0, 600, 0.02, 0}, 39, 40, 10, 10, STOPPING_GOES_ON},   {{0, 600, 0.02, 0}, 40, 40, 10, 10, STOPPING_PRECISE},
        {{0, 600, 0.02, 0}, 40, 40, 1000, 10, STOPPING_PRECISE}, {{0, 600, 0.02, 0}, 30, 40, 595, 10, STOPPING_BUDGET},
        {{30, 600, 0.02, 0}, 30, 40, 10, 10, STOPPING_ROUNDS},   {{0, 60, 0, 10}, 9, 0, 100, 10, STOPPING_GOES_ON},
        {{0, 60, 0, 10}, 10, 0, 100, 10, STOPPING_BUDGET},       {{0, 60, 0, 0}, 12, 12, 10, 1, STOPPING_BUDGET},
    };
    for (size_t i = 0; i < COUNT(table); i++)
        assert_int_equal(
            stopping_decide(&table[i].asked, table[i].done, table[i].planned, table[i].spent_s, table[i].round_s),
            table[i].why);
    assert_null(stopping_name(STOPPING_GOES_ON));
    assert_string_equal(stopping_name(STOPPING_BUDGET), "budget");
}

TEST(test_fewer_rounds_where_the_least_takes_over_twice_the_budget)
{
    static const struct {
        struct stopping_pace pace;
        int64_t fewest, least;
    } table[] = {
        {{0, 10, 11}, 6, 10}, {{0, 10, 11.1}, 6, 6}, {{9, 109, 11}, 6, 10},
        {{6, 77, 11}, 6, 6},  {{0, 10, 11.1}, 8, 8}, {{0, 10, 100}, 12, 10},
    };
    for (size_t i = 0; i < COUNT(table); i++)
        assert_int_equal(stopping_least(&(struct stopping){0, 60, 0, 10}, &table[i].pace, table[i].fewest),
                         table[i].least);
}

TEST(test_the_room_of_a_budget)
{
    static const struct {
        double budget_s;
        struct stopping_pace pace;
        int64_t room;
    } table[] = {
        {10, {0, 1, 2}, 4},                        /* 9 s are left: four rounds and a half */
        {10, {0, 2, 2}, 4},                        /* to the second */
        {10, {0, 2.5, 2}, 3}, {10, {3, 8, 2}, 4},  /* three are done, one more fits */
        {10, {0, 9, 2}, 1},                        /* the first always runs */
        {10, {0, 50, 2}, 1},  {10, {2, 50, 2}, 3}, /* taken up in the middle of its third */
        {10, {0, 0, NAN}, 1}, {604800, {0, 0, 1e-9}, 1000000},
    };
    for (size_t i = 0; i < COUNT(table); i++)
        assert_int_equal(stopping_fitting(table[i].budget_s, &table[i].pace), table[i].room);
    /* A round that has room is not refused, one that has none is. */
    for (int64_t done = 1; done < 9; done++) {
        const struct stopping_pace pace = {done, 0.5 + 1.25 * (double)done, 1.25};
        const struct stopping asked = {.budget_s = 8};
        assert_int_equal(stopping_decide(&asked, done, 0, pace.spent_s, pace.round_s),
                         done < 6 ? STOPPING_GOES_ON : STOPPING_BUDGET);
        assert_int_equal(stopping_fitting(asked.budget_s, &pace), done < 6 ? 6 : done + 1);
    }
}

TEST(test_a_budget_without_room_in_words)
{
    static const struct {
        double budget_s;
        struct stopping_pace pace;
        const char *said;
    } table[] = {
        {10,
         {0, 2.5, 2.4567},
         "a budget of 10 s has room for about 3 rounds of 2.5 s here; an interval needs 6 (begin with "
         "--budget 19s or more, or with fewer cells)"},
        {1.5,
         {0, 1, 0.8},
         "a budget of 1.5 s has room for about 1 round of 0.8 s here; an interval needs 6 (begin with "
         "--budget 7s or more, or with fewer cells)"},
        {120,
         {1, 60, 60},
         "a budget of 2 min has room for about 2 rounds of 1 min here; an interval needs 6 (begin with "
         "--budget 7m or more, or with fewer cells)"},
        {3600,
         {0, 0, 7200},
         "a budget of 1 h has room for about 1 round of 2 h here; an interval needs 6 (begin with "
         "--budget 14h or more, or with fewer cells)"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        char text[240];
        stopping_fitting_text(table[i].budget_s, &table[i].pace, 6, text, sizeof text);
        assert_string_equal(text, table[i].said);
    }
}

/* Four variants with their baseline, its control and its copies; what each is to have in all. */
TEST(test_a_budget_is_shared_out)
{
    enum { SYNC, CONTROL, COPIES, WIDE, DEAR, HALF, NARROW, CELLS };
    static const struct stopping_cell group[CELLS] = {
        [SYNC] = {NAN, 1, SYNC, 10, 10},     [CONTROL] = {NAN, 1, SYNC, 10, 10}, [COPIES] = {NAN, 1, COPIES, 10, 10},
        [WIDE] = {0.3, 1, SYNC, 10, 10},     [DEAR] = {0.3, 16, SYNC, 10, 10},   [HALF] = {0.14, 1, SYNC, 10, 10},
        [NARROW] = {0.009, 1, SYNC, 10, 10},
    };
    struct stopping_cell cells[CELLS];
    memcpy(cells, group, sizeof cells);
    stopping_share(cells, CELLS, 2.5); /* one more round of a variant and both runs of sync takes 3 s */
    for (size_t i = 0; i < CELLS; i++)
        assert_int_equal(cells[i].rounds, 10);
    memcpy(cells, group, sizeof cells);
    stopping_share(cells, CELLS, 2000);
    /* In proportion to width over root of cost: 3 s for the one that is ahead, as sync and its control run with it. */
    assert_true(cells[WIDE].rounds > 200);
    const double wide = (double)cells[WIDE].rounds;
    assert_true(fabs(wide / (double)cells[DEAR].rounds - 4 / sqrt(3)) < 0.3);
    assert_true(cells[HALF].rounds > 2 * cells[DEAR].rounds && cells[HALF].rounds <= cells[WIDE].rounds);
    assert_int_equal(cells[NARROW].rounds, 10);
    assert_int_equal(cells[COPIES].rounds, 10);
    assert_int_equal(cells[SYNC].rounds, cells[WIDE].rounds);
    assert_int_equal(cells[CONTROL].rounds, cells[WIDE].rounds);
    double takes_s = 0;
    for (size_t i = 0; i < CELLS; i++)
        takes_s += (double)(cells[i].rounds - 10) * group[i].sample_s;
    assert_true(takes_s > 1900 && takes_s <= 2000);
    assert_true(stopping_width(&cells[WIDE]) < 0.08 && stopping_width(&cells[WIDE]) > 0.01);
}
