/* SPDX-License-Identifier: MIT */
/* Two runs: matching, verdicts and the gate over whole tables, differences of facts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/compare.h"
#include "bench/util/alloc.h"
#include "tests/unit/numbers.h"

enum { MOST_CELLS = 64, MOST_ROUNDS = 16 };

/* A run of one group, of a baseline and cells called m1, m2, ..., in whole-command time alone. */
struct run {
    struct results results;
    struct plan_group group;
    struct result_cell cells[MOST_CELLS];
    struct sample samples[MOST_CELLS][MOST_ROUNDS];
    char names[MOST_CELLS][8];
};

/* Every time is 100 ms, times `factor`, times noise of 3%. */
static void run_make(struct run *run, size_t cells, size_t rounds, double factor, uint64_t *seed)
{
    memset(run, 0, sizeof *run);
    run->group = (struct plan_group){
        .name = "g", .task = "t", .kind = "cpu", .params = json_object(), .jobs = 8, .workers = 2};
    for (size_t i = 0; i < cells; i++) {
        snprintf(run->names[i], sizeof run->names[i], "m%zu", i);
        for (size_t k = 0; k < rounds; k++)
            run->samples[i][k] = (struct sample){.round = (int32_t)k + 1,
                                                 .whole_ns = (int64_t)(1e8 * factor * exp(0.03 * normal(seed))),
                                                 .work_ns = -1,
                                                 .cpu_ns = -1,
                                                 .ready_ns = -1,
                                                 .end_ns = -1};
        run->cells[i] = (struct result_cell){.runtime = "c",
                                             .model = run->names[i],
                                             .baseline = i == 0,
                                             .copies = 1,
                                             .status = CELL_OK,
                                             .samples = run->samples[i],
                                             .count = rounds};
    }
    run->results = (struct results){.plan = json_object(),
                                    .machine = json_object(),
                                    .suite = "s",
                                    .created = "t",
                                    .rounds = (int64_t)rounds,
                                    .margin = 0.01,
                                    .groups = &run->group,
                                    .group_count = 1,
                                    .cells = run->cells,
                                    .cell_count = cells};
}

static void run_free(struct run *run)
{
    json_decref((json_t *)(uintptr_t)run->group.params);
    json_decref(run->results.plan);
    json_decref(run->results.machine);
}

static void compare_runs(struct compare *out, const struct run *a, const struct run *b, double slower)
{
    const struct compare_options options = {.margin = -1, .time = RATIO_WHOLE, .slower = slower};
    struct error err;
    assert_int_equal(compare_make(out, &a->results, &b->results, &options, &err), 0);
}

/* -- tables --------------------------------------------------------------------------------------------------------------- */

/* Of 400 comparisons of 60 equal cells, with a limit of nothing, at most 1 in 20 may fail; without Holm most would. */
TEST(a_large_table_does_not_fail_at_random)
{
    enum { TRIALS = 400 };
    size_t failed = 0, different = 0, beyond = 0;
    struct run *a = xmalloc(sizeof *a), *b = xmalloc(sizeof *b);
    uint64_t seed = 1;
    for (size_t trial = 0; trial < TRIALS; trial++) {
        struct compare c;
        bool any = false, any_beyond = false;
        run_make(a, 60, 10, 1, &seed);
        run_make(b, 60, 10, 1, &seed);
        compare_runs(&c, a, b, 1e-9);
        for (size_t i = 0; i < c.row_count; i++) {
            const enum verdict verdict = c.rows[i].change[COMPARE_TIME].ratio.verdict;
            any |= verdict == VERDICT_FASTER || verdict == VERDICT_SLOWER;
            any_beyond |= c.rows[i].change[COMPARE_TIME].ratio.high < 1;
        }
        failed += c.gate_fails;
        different += any;
        beyond += any_beyond;
        compare_free(&c);
        run_free(a);
        run_free(b);
    }
    free(a);
    free(b);
    assert_true(failed <= 30); /* 5% of 400 and two deviations */
    assert_true(different <= 30);
    assert_true(beyond >= 200); /* intervals alone: what the adjustment is for */
}

/* One of 60 cells 30% slower: with 10 rounds it is found, with 4 there are too few for any of so many. */
TEST(one_slow_cell_is_found_where_rounds_suffice)
{
    static const struct {
        size_t cells, rounds;
        enum compare_gate slow, other;
        enum verdict verdict;
    } table[] = {
        {60, 10, GATE_SLOWER, GATE_PASSES, VERDICT_SLOWER},
        {60, 6, GATE_UNKNOWN, GATE_UNKNOWN, VERDICT_TOO_FEW_ROUNDS}, /* 60 * 2 / 924 is over 5% */
        {20, 6, GATE_SLOWER, GATE_PASSES, VERDICT_SLOWER},
        {1, 4, GATE_SLOWER, GATE_SLOWER, VERDICT_SLOWER},
        {2, 4, GATE_UNKNOWN, GATE_UNKNOWN, VERDICT_TOO_FEW_ROUNDS},
        {2, 3, GATE_UNKNOWN, GATE_UNKNOWN, VERDICT_NONE},
    };
    struct run *a = xmalloc(sizeof *a), *b = xmalloc(sizeof *b);
    uint64_t seed = 99;
    for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
        struct compare c;
        const size_t last = table[t].cells - 1;
        run_make(a, table[t].cells, table[t].rounds, 1, &seed);
        run_make(b, table[t].cells, table[t].rounds, 1, &seed);
        for (size_t k = 0; k < table[t].rounds; k++)
            b->samples[last][k].whole_ns = b->samples[last][k].whole_ns * 13 / 10;
        compare_runs(&c, a, b, 0.05);
        assert_int_equal(c.row_count, table[t].cells);
        assert_int_equal(c.rows[last].gate, table[t].slow);
        assert_int_equal(c.rows[0].gate, table[t].other);
        assert_int_equal(c.rows[last].change[COMPARE_TIME].ratio.verdict, table[t].verdict);
        assert_true(c.gate_fails); /* slower, or nothing could be judged */
        compare_free(&c);
        run_free(a);
        run_free(b);
    }
    free(a);
    free(b);
}

/* What failed in one run has no change, and is no news where it had failed before. */
TEST(broken_cells)
{
    static const struct {
        enum cell_status a, b;
        enum compare_gate gate;
        bool fails;
    } table[] = {
        {CELL_OK, CELL_OK, GATE_PASSES, false},        {CELL_OK, CELL_REFUSED, GATE_BROKEN, true},
        {CELL_OK, CELL_IMPOSSIBLE, GATE_BROKEN, true}, {CELL_FAILED, CELL_FAILED, GATE_UNKNOWN, false},
        {CELL_FAILED, CELL_OK, GATE_UNKNOWN, false},   {CELL_OK, CELL_UNSEEN, GATE_UNKNOWN, false},
    };
    struct run *a = xmalloc(sizeof *a), *b = xmalloc(sizeof *b);
    uint64_t seed = 7;
    for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
        struct compare c;
        run_make(a, 3, 10, 1, &seed);
        run_make(b, 3, 10, 1, &seed);
        a->cells[2].status = table[t].a;
        b->cells[2].status = table[t].b;
        a->cells[2].reason = b->cells[2].reason = (char[]){"why"};
        compare_runs(&c, a, b, 0.5);
        assert_int_equal(c.rows[2].gate, table[t].gate);
        assert_int_equal(c.gate_fails, table[t].fails);
        if (table[t].gate != GATE_PASSES)
            assert_int_equal(c.rows[2].change[COMPARE_TIME].ratio.state, RATIO_NOT_RUN);
        compare_free(&c);
        run_free(a);
        run_free(b);
    }
    free(a);
    free(b);
}

/* Cells that differ in nothing but the start method are told apart; one that has no such counterpart is matched all the same. */
TEST(start_methods_are_matched_first)
{
    struct run *a = xmalloc(sizeof *a), *b = xmalloc(sizeof *b);
    uint64_t seed = 5;
    struct compare c;
    run_make(a, 3, 10, 1, &seed);
    run_make(b, 3, 10, 1, &seed);
    static const char *const of_a[] = {"fork", "fork", "spawn"}, *const of_b[] = {"fork", "spawn", "fork"};
    for (size_t i = 0; i < 3; i++) {
        a->cells[i].model = b->cells[i].model = i == 0 ? "m0" : "m1";
        a->cells[i].start_method = of_a[i];
        b->cells[i].start_method = of_b[i];
    }
    b->cells[0].start_method = NULL;
    compare_runs(&c, a, b, 0);
    assert_int_equal(c.row_count, 3);
    for (size_t i = 1; i < 3; i++) {
        assert_true(compare_both(&c.rows[i]));
        assert_string_equal(c.rows[i].cell[COMPARE_A]->cell->start_method,
                            c.rows[i].cell[COMPARE_B]->cell->start_method);
    }
    compare_free(&c);
    b->group.workers = 3;
    compare_runs(&c, a, b, 0.05);
    assert_int_equal(c.row_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_false(compare_both(&c.rows[i]));
    assert_true(c.gate_fails); /* nothing is left to be judged */
    compare_free(&c);
    run_free(a);
    run_free(b);
    free(a);
    free(b);
}

/* -- facts ---------------------------------------------------------------------------------------------------------------- */

TEST(facts_that_differ)
{
    json_t *a = json_loads(
        "{\"kernel\": \"6.1\", \"cpus\": 2, \"load1\": 0.5, \"hosts\": {\"c\": {\"cc\": \"12\", \"o\": 1}},"
        " \"same\": 2, \"old\": true}",
        0, NULL);
    json_t *b = json_loads(
        "{\"new\": 1, \"null\": null, \"load1\": 0.7, \"kernel\": \"6.2\", \"cpus\": 2.0, \"hosts\": {\"c\": {\"cc\": "
        "\"13\", \"o\": 1}, \"py\": {\"v\": 3}}, \"same\": 2}",
        0, NULL);
    struct differences changed;
    assert_non_null(a);
    assert_non_null(b);
    differences_of_machines(a, b, &changed);
    static const char *const expected[] = {"kernel", "hosts c cc", "hosts py", "old", "new"};
    assert_int_equal(changed.count, 5);
    for (size_t i = 0; i < changed.count; i++)
        assert_string_equal(changed.items[i].key, expected[i]);
    assert_null(changed.items[3].value[1]);
    assert_null(changed.items[4].value[0]);
    differences_free(&changed);
    json_decref(a);
    json_decref(b);
}

TEST(long_values_are_cut_to_where_they_differ)
{
    static const struct {
        const char *a, *b, *text_a, *text_b;
    } table[] = {
        {"\"6.1\"", "\"6.2\"", "6.1", "6.2"},
        {"true", "2.5", "true", "2.5"},
        {"\"-Wall -Wextra -Wshadow -Wconversion -O2 -g -fwrapv -fstack-protector\"",
         "\"-Wall -Wextra -Wshadow -Wconversion -O3 -g -fwrapv -fstack-protector\"", "…onversion -O2 -g -fwrapv …",
         "…onversion -O3 -g -fwrapv …"},
        {"\"ääääääääääääääääääääääääääääääääääääääääää1\"", "\"ääääääääääääääääääääääääääääääääääääääääää2\"",
         "…ääääää1", "…ääääää2"},
        {"\"1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "\"1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
         "…aaaaaaaaaaaa", "…aaaaaaaaaaaaa"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *a = json_loads(table[i].a, JSON_DECODE_ANY, NULL), *b = json_loads(table[i].b, JSON_DECODE_ANY, NULL);
        char *text[2] = {NULL, NULL};
        difference_text(&(struct difference){.key = NULL, .value = {a, b}}, text);
        assert_string_equal(text[0], table[i].text_a);
        assert_string_equal(text[1], table[i].text_b);
        free(text[0]);
        free(text[1]);
        json_decref(a);
        json_decref(b);
    }
}

int main(void) { return unit_run("bench_compare"); }
