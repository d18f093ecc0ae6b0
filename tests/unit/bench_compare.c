/* SPDX-License-Identifier: MIT */
/* Two runs: matching, verdicts and the gate over whole tables, differences of facts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/compare.h"
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

/* Every time is 100 ms, times noise of 3%. */
static void run_make(struct run *run, size_t cells, size_t rounds, uint64_t *seed)
{
    memset(run, 0, sizeof *run);
    run->group = (struct plan_group){.name = "g", .task = "t", .kind = "cpu", .jobs = 8, .workers = 2};
    run->group.params = json_object();
    for (size_t i = 0; i < cells; i++) {
        snprintf(run->names[i], sizeof run->names[i], "m%zu", i);
        for (size_t k = 0; k < rounds; k++) {
            struct sample *s = &run->samples[i][k];
            *s = (struct sample){.round = (int32_t)k + 1, .whole_ns = (int64_t)(1e8 * exp(0.03 * normal(seed)))};
            s->work_ns = s->cpu_ns = s->ready_ns = s->end_ns = -1;
        }
        run->cells[i] = (struct result_cell){.runtime = "c", .model = run->names[i], .baseline = i == 0, .copies = 1};
        run->cells[i].status = CELL_OK;
        run->cells[i].samples = run->samples[i];
        run->cells[i].count = rounds;
    }
    run->results = (struct results){
        .suite = "s", .common = "py", .created = "t", .rounds = (int64_t)rounds, .margin = 0.01};
    run->results.plan = json_object();
    run->results.machine = json_object();
    run->results.groups = &run->group;
    run->results.group_count = 1;
    run->results.cells = run->cells;
    run->results.cell_count = cells;
}

static void run_free(struct run *run)
{
    json_decref((json_t *)(uintptr_t)run->group.params);
    json_decref(run->results.plan);
    json_decref(run->results.machine);
}

/* Two runs of as many cells and rounds, and what came of comparing them. */
struct both {
    struct run a, b;
    struct compare c;
};

static void both_make(struct both *both, size_t cells, size_t rounds, uint64_t *seed)
{
    run_make(&both->a, cells, rounds, seed);
    run_make(&both->b, cells, rounds, seed);
}

static void both_compare(struct both *both, double slower)
{
    const struct compare_options options = {.margin = -1, .time = RATIO_WHOLE, .slower = slower};
    struct error err;
    assert_int_equal(compare_make(&both->c, &both->a.results, &both->b.results, &options, &err), 0);
}

static void both_free(struct both *both)
{
    compare_free(&both->c);
    run_free(&both->a);
    run_free(&both->b);
}

/* Of 400 comparisons of 60 equal cells, with a limit of nothing, at most 1 in 20 may fail; without Holm most would. */
TEST(a_large_table_does_not_fail_at_random)
{
    enum { TRIALS = 400 };
    static struct both both;
    size_t failed = 0, different = 0, beyond = 0;
    uint64_t seed = 1;
    for (size_t trial = 0; trial < TRIALS; trial++) {
        bool any = false, any_beyond = false;
        both_make(&both, 60, 10, &seed);
        both_compare(&both, 1e-9);
        for (size_t i = 0; i < both.c.row_count; i++) {
            const struct ratio *time = &both.c.rows[i].change[COMPARE_TIME].ratio;
            any |= time->verdict == VERDICT_FASTER || time->verdict == VERDICT_SLOWER;
            any_beyond |= time->high < 1;
        }
        failed += both.c.gate_fails;
        different += any;
        beyond += any_beyond;
        both_free(&both);
    }
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
    static struct both both;
    uint64_t seed = 99;
    for (size_t t = 0; t < COUNT(table); t++) {
        const size_t last = table[t].cells - 1;
        both_make(&both, table[t].cells, table[t].rounds, &seed);
        for (size_t k = 0; k < table[t].rounds; k++)
            both.b.samples[last][k].whole_ns = both.b.samples[last][k].whole_ns * 13 / 10;
        both_compare(&both, 0.05);
        assert_int_equal(both.c.row_count, table[t].cells);
        assert_int_equal(both.c.rows[last].gate, table[t].slow);
        assert_int_equal(both.c.rows[0].gate, table[t].other);
        assert_int_equal(both.c.rows[last].change[COMPARE_TIME].ratio.verdict, table[t].verdict);
        assert_true(both.c.gate_fails); /* slower, or nothing could be compared */
        both_free(&both);
    }
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
    static struct both both;
    uint64_t seed = 7;
    for (size_t t = 0; t < COUNT(table); t++) {
        both_make(&both, 3, 10, &seed);
        both.a.cells[2].status = table[t].a;
        both.b.cells[2].status = table[t].b;
        both.a.cells[2].reason = both.b.cells[2].reason = (char[]){"why"};
        both_compare(&both, 0.5);
        assert_int_equal(both.c.rows[2].gate, table[t].gate);
        assert_int_equal(both.c.gate_fails, table[t].fails);
        if (table[t].gate != GATE_PASSES)
            assert_int_equal(both.c.rows[2].change[COMPARE_TIME].ratio.state, RATIO_NOT_RUN);
        both_free(&both);
    }
}

/* Cells that differ in nothing but the start method are told apart; one that has no such counterpart is matched all the same. */
TEST(start_methods_are_matched_first)
{
    static const char *const of_a[] = {"fork", "fork", "spawn"}, *const of_b[] = {NULL, "spawn", "fork"};
    static struct both both;
    uint64_t seed = 5;
    both_make(&both, 3, 10, &seed);
    for (size_t i = 0; i < 3; i++) {
        both.a.cells[i].model = both.b.cells[i].model = i == 0 ? "m0" : "m1";
        both.a.cells[i].start_method = of_a[i];
        both.b.cells[i].start_method = of_b[i];
    }
    both_compare(&both, 0);
    assert_int_equal(both.c.row_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(compare_both(&both.c.rows[i]));
        if (i > 0)
            assert_string_equal(both.c.rows[i].cell[COMPARE_A]->cell->start_method,
                                both.c.rows[i].cell[COMPARE_B]->cell->start_method);
    }
    compare_free(&both.c);
    both.b.group.workers = 3;
    both_compare(&both, 0.05);
    assert_int_equal(both.c.row_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_false(compare_both(&both.c.rows[i]));
    assert_true(both.c.gate_fails); /* nothing is left to be compared */
    both_free(&both);
}

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
         "\"-Wall -Wextra -Wshadow -Wconversion -O3 -g -fwrapv -fstack-protector\"",
         "…onversion -O2 -g -fwrapv -fstack-protector", "…onversion -O3 -g -fwrapv -fstack-protector"},
        {"\"ääääääääääääääääääääääääääääääääääääääääää1\"", "\"ääääääääääääääääääääääääääääääääääääääääää2\"",
         "…ääääää1", "…ääääää2"},
        {"\"1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "\"1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
         "…aaaaaaaaaaaa", "…aaaaaaaaaaaaa"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
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
