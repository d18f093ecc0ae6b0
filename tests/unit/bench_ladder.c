/* SPDX-License-Identifier: MIT */
/* The law of handing over against known costs, exact and noisy, and a ladder from the cells of a made-up run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/analysis/ladder.h"
#include "bench/report/document.h"
#include "bench/report/findings.h"
#include "tests/unit/numbers.h"

/* -- the law ----------------------------------------------------------------------------------------------------------- */

static const double lengths[] = {1e-5, 1e-4, 1e-3, 1e-2, 1e-1};
enum { LENGTHS = COUNT(lengths), TRIALS = 500 };
static const double known[] = {2e-7, 3e-6, 2e-4, 3e-3};

static double share(double t, double each) { return t / (t + each); }

TEST(exact_shares_give_the_cost_back)
{
    for (size_t k = 0; k < COUNT(known); k++) {
        struct handover_point points[LENGTHS];
        struct handover fit;
        for (size_t i = 0; i < LENGTHS; i++)
            points[i] = (struct handover_point){lengths[LENGTHS - 1 - i], share(lengths[LENGTHS - 1 - i], known[k])};
        assert_int_equal(handover_fit(points, LENGTHS, &fit), 0);
        assert_true(fit.accepted && fit.rms < 1e-6);
        assert_near(fit.each_s.estimate, known[k], 1e-6 * known[k]);
        assert_near(handover_length(&fit, 0.9).estimate, 9 * known[k], 1e-5 * known[k]);
        assert_near(handover_length(&fit, 0.5).high, known[k], 1e-5 * known[k]);
        assert_near(fit.shortest_s, 1e-5, 1e-12);
        assert_near(fit.longest_s, 1e-1, 1e-12);
    }
}

/* The median of the estimates is right, and the interval holds the truth in 93% or more, for every cost. */
TEST(noisy_shares_in_many_trials)
{
    uint64_t random = 20261129;
    for (size_t k = 0; k < COUNT(known); k++) {
        size_t holds = 0, above = 0;
        for (size_t trial = 0; trial < TRIALS; trial++) {
            struct handover_point points[LENGTHS];
            struct handover fit;
            for (size_t i = 0; i < LENGTHS; i++)
                points[i] = (struct handover_point){lengths[i],
                                                    share(lengths[i], known[k]) * exp(0.05 * normal(&random))};
            assert_int_equal(handover_fit(points, LENGTHS, &fit), 0);
            assert_true(fit.accepted);
            holds += fit.each_s.low <= known[k] && known[k] <= fit.each_s.high;
            above += fit.each_s.estimate > known[k];
        }
        print_message("%.1e s: in the interval %zu of %d, estimate above it %zu\n", known[k], holds, TRIALS, above);
        assert_true(holds >= TRIALS * 93 / 100);
        assert_true(above > TRIALS * 4 / 10 && above < TRIALS * 6 / 10);
    }
}

TEST(what_is_no_curve_is_refused)
{
    struct handover fit;
    const struct handover_point two[] = {{1e-3, 0.5}, {1e-1, 0.9}};
    assert_int_equal(handover_fit(two, 2, &fit), 0);
    assert_string_equal(fit.reason, "needs 3 lengths of job, has 2");
    const struct handover_point near[] = {{1e-3, 0.5}, {2e-3, 0.6}, {3e-3, 0.7}};
    assert_int_equal(handover_fit(near, 3, &fit), 0);
    assert_string_equal(fit.reason, "the longest job is only 3 times the shortest");
    /* A lock, such as Python's: no length of job gains. */
    const struct handover_point lock[] = {{1e-5, 0.5}, {1e-3, 0.5}, {1e-1, 0.5}};
    assert_int_equal(handover_fit(lock, 3, &fit), 0);
    assert_non_null(strstr(fit.reason, "off the law's curve"));
    assert_false(fit.accepted);
    assert_true(isnan(fit.each_s.estimate) && isnan(handover_length(&fit, 0.9).estimate));
    assert_int_equal(handover_fit(NULL, 0, &fit), 0);
    assert_false(fit.accepted);
    const struct handover_point bad[] = {{1e-5, 0.5}, {1e-3, NAN}, {1e-1, 0.5}};
    assert_int_equal(handover_fit(bad, 3, &fit), -EDOM);
}

/* Where the points fit no curve they still say between which of them a share is reached. */
TEST(between_two_lengths_without_a_law)
{
    const struct handover_point points[] = {{1e-2, 0.95}, {1e-5, 0.1}, {1e-3, 0.97}, {1e-4, 0.91}, {2e-3, 0.8}};
    const struct stats_interval most = handover_between(points, COUNT(points), 0.9),
                                half = handover_between(points, COUNT(points), 0.5),
                                all = handover_between(points, COUNT(points), 0.05),
                                none = handover_between(points, COUNT(points), 0.99);
    assert_true(isnan(most.estimate));
    assert_near(most.low, 2e-3, 0);
    assert_near(most.high, 1e-2, 0);
    assert_near(half.low, 1e-5, 0);
    assert_near(half.high, 1e-4, 0);
    assert_near(all.low, 0, 0);
    assert_near(none.low, 1e-2, 0);
    assert_true(isnan(none.high));
}

/* More than the capacity at every length: noise, and a cost that is none. */
TEST(no_cost_is_shown_where_there_is_none)
{
    const struct handover_point points[] = {{1e-5, 1.03}, {1e-4, 0.99}, {1e-3, 1.02}, {1e-2, 1.0}};
    struct handover fit;
    assert_int_equal(handover_fit(points, COUNT(points), &fit), 0);
    assert_true(fit.accepted && fit.each_s.low < 0 && fit.each_s.high > 0);
    assert_near(handover_length(&fit, 0.9).low, 0, 0);
}

/* -- the ladder ---------------------------------------------------------------------------------------------------------- */

enum { NULLS = 3, GROUPS = NULLS + LENGTHS, MODELS = 3, CELLS = GROUPS * MODELS };

/* Two groups of null with and one without what a job carries, and count at five lengths; each with sync, a pool and a broker. */
struct world {
    struct results results;
    struct plan_group groups[GROUPS];
    struct result_cell result_cells[CELLS];
    struct summary_cell cells[CELLS];
    struct summary_check capacities[LENGTHS];
    struct result_cell copies[LENGTHS];
    struct summary summary;
};

static const char *const models[MODELS] = {"sync", "pool", "pool+broker"};
static const double each[MODELS] = {4e-8, 4e-6, 4e-4};

static void set_cells(struct world *w, size_t g, double job_s)
{
    const struct plan_group *group = &w->groups[g];
    for (size_t m = 0; m < MODELS; m++) {
        const bool none = job_s <= 0, missing = g == 1 && m == 2; /* of the second group of null */
        const double jobs = (double)group->jobs, takes = none ? each[m] : m == 0 ? job_s : (job_s + each[m]) / 2;
        struct result_cell *result = &w->result_cells[g * MODELS + m];
        struct summary_cell *cell = &w->cells[g * MODELS + m];
        *result = (struct result_cell){.group = g,
                                       .runtime = "c",
                                       .model = models[m],
                                       .baseline = m == 0 && !none,
                                       .status = missing ? CELL_IMPOSSIBLE : CELL_OK};
        *cell = (struct summary_cell){.cell = result, .group = group, .verified = !missing, .rounds = missing ? 0 : 10};
        cell->work_s = missing ? NAN : takes * jobs;
        cell->work_ci_s = (struct summary_interval){0.9 * cell->work_s, 1.1 * cell->work_s};
        cell->cpu_s = cell->work_cpu_s = cell->median_s = cell->work_s;
        struct ratio *gain = &cell->speedup[RATIO_WORK][RATIO_OWN_SYNC];
        *gain = none ? ratio_none(RATIO_NO_BASE) : (struct ratio){.ratio = job_s / takes, .state = RATIO_FULL};
        gain->state = none ? RATIO_NO_BASE : m == 0 ? RATIO_SELF : RATIO_FULL;
    }
}

static int world_make(void **state)
{
    static const char *const carried[NULLS] = {"0", "0", "1024"};
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    for (size_t g = 0; g < GROUPS; g++) {
        w->groups[g] = (struct plan_group){
            .name = "g", .asks = "nothing", .jobs = g == 0 ? 1000000 : 20000, .workers = 2, .ideal = 2};
        w->groups[g].task = g < NULLS ? "null" : "count";
        w->groups[g].kind = g < NULLS ? "none" : "cpu";
        w->groups[g].baseline = g < NULLS ? BASELINE_NONE : NULL;
        w->groups[g].params = json_pack("{s:s}", g < NULLS ? "payload" : "size", g < NULLS ? carried[g] : "1");
        set_cells(w, g, g < NULLS ? 0 : lengths[g - NULLS]);
    }
    for (size_t i = 0; i < LENGTHS; i++) {
        w->copies[i] = (struct result_cell){.group = NULLS + i, .runtime = "c", .model = "sync", .copies = 2};
        w->capacities[i] = (struct summary_check){
            .cell = &w->copies[i], .group = &w->groups[NULLS + i], .ratio = {.ratio = 2, .state = RATIO_FULL}};
    }
    w->results = (struct results){.plan = json_pack("{s:f}", "effective_cpus", 2.0),
                                  .common = "py",
                                  .groups = w->groups,
                                  .group_count = GROUPS,
                                  .cells = w->result_cells,
                                  .cell_count = CELLS};
    w->summary = (struct summary){.results = &w->results,
                                  .cells = w->cells,
                                  .cell_count = CELLS,
                                  .capacities = w->capacities,
                                  .capacity_count = LENGTHS};
    *state = w;
    return 0;
}

static int world_free(void **state)
{
    struct world *w = *state;
    for (size_t g = 0; g < GROUPS; g++)
        json_decref(w->groups[g].params);
    json_decref(w->results.plan);
    free(w);
    return 0;
}

TEST_WITH(rungs_have_costs_and_a_law, world_make, world_free, struct world *w)
{
    struct ladder l;
    ladder_make(&l, &w->summary);
    assert_int_equal(l.count, MODELS);
    assert_int_equal(l.column_count, 2); /* two groups are one column */
    for (size_t m = 0; m < MODELS; m++) {
        assert_string_equal(l.rungs[m].model, models[m]); /* the cheapest first */
        assert_near(l.rungs[m].costs[0].job_s.estimate, each[m], 1e-3 * each[m]);
        assert_near(l.rungs[m].costs[0].job_s.high, 1.1 * each[m], 1e-3 * each[m]);
    }
    assert_null(ladder_find(&l, "c", "sync"));
    assert_null(ladder_find(&l, "py", "pool"));
    const struct ladder_rung *broker = ladder_find(&l, "c", "pool+broker");
    assert_ptr_equal(broker, &l.rungs[2]);
    assert_near(broker->law.each_s.estimate, 4e-4, 1e-9);
    assert_near(broker->most_s.estimate, 36e-4, 1e-8);
    assert_near(broker->even_s.estimate, 4e-4, 1e-9); /* of 2: the job and what it costs are as long */
    assert_int_equal(ladder_beyond(broker, 36e-4), 0);
    assert_int_equal(ladder_beyond(broker, 9e-6), -1);
    assert_int_equal(ladder_beyond(broker, 0.2), 1);
    for (size_t g = 0; g < GROUPS; g++)
        assert_true(ladder_has(&l, &w->groups[g]));
    ladder_free(&l);
}

/* What groups run with tells variants of one name apart. */
TEST_WITH(other_knobs_are_another_rung, world_make, world_free, struct world *w)
{
    struct ladder l;
    w->groups[1].knobs = json_pack("{s:s}", "chunk", "100");
    ladder_make(&l, &w->summary);
    assert_int_equal(l.count, 2 * MODELS);
    char *name = ladder_name(&l.rungs[2]), *plain = ladder_name(&l.rungs[1]);
    assert_string_equal(name, "c:pool (chunk 100)");
    assert_string_equal(plain, "c:pool");
    free(plain);
    free(name);
    ladder_free(&l);
    json_decref(w->groups[1].knobs);
}

/* A point that has no gain is none; three are left, and two are too few for a law. */
TEST_WITH(a_law_needs_points, world_make, world_free, struct world *w)
{
    struct ladder l;
    for (size_t i = 0; i < 3; i++) {
        w->cells[(NULLS + i) * MODELS + 1].speedup[RATIO_WORK][RATIO_OWN_SYNC].state = RATIO_TOO_SHORT;
        ladder_make(&l, &w->summary);
        assert_int_equal(l.rungs[1].count, i < 2 ? LENGTHS - 1 - i : 0);
        assert_int_equal(ladder_find(&l, "c", "pool") != NULL, i < 2);
        ladder_free(&l);
    }
}

/* Groups of one length, or work that is not null: no run has a ladder by accident. */
TEST_WITH(other_runs_have_none, world_make, world_free, struct world *w)
{
    struct ladder l;
    for (size_t g = 0; g < NULLS; g++)
        w->groups[g].baseline = NULL;
    for (size_t g = NULLS; g < GROUPS; g++) {
        w->groups[g].jobs = 20000;
        set_cells(w, g, 1e-4);
    }
    ladder_make(&l, &w->summary);
    assert_int_equal(l.count, 0);
    assert_false(ladder_has(&l, &w->groups[NULLS]));
    ladder_free(&l);
}

TEST_WITH(it_is_shown, world_make, world_free, struct world *w)
{
    static const struct {
        const struct writer_format *format;
        const char *wanted[4];
    } cases[] = {
        {&format_terminal, {"payload=1024", "c:pool+broker", "not here", "under 10.0 us"}},
        {&format_markdown, {"| c:pool+broker |", "400 us \\[400 us, 400 us\\]", "3.60 ms", "t = 9 h"}},
        {&format_json, {"\"handover\": [", "\"most_s\": 0.0036", "\"payload=1024\"", "\"even_s_low\": 0.0004"}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text;
        size_t length;
        struct writer writer = {.format = cases[i].format, .out = text_open(&text, &length), .width = 120};
        w->result_cells[MODELS * 2 + 2].status = CELL_IMPOSSIBLE;
        w->cells[MODELS * 2 + 2].verified = false;
        ladder_write(&w->summary, &writer);
        write_end(&writer);
        text_close(writer.out);
        for (size_t k = 0; k < COUNT(cases[i].wanted); k++)
            if (strstr(text, cases[i].wanted[k]) == NULL)
                fail_msg("'%s' is not in:\n%s", cases[i].wanted[k], text);
        free(text);
    }
}

TEST_WITH(it_is_said, world_make, world_free, struct world *w)
{
    struct string_list said = {NULL, 0};
    struct ladder l;
    ladder_make(&l, &w->summary);
    ladder_say(&l, &said);
    assert_int_equal(said.count, 2);
    assert_string_equal(said.items[0], "one job costs 40.0 ns (c:sync) to 400 us (c:pool+broker)");
    assert_string_equal(said.items[1], "90% of what is possible is reached by jobs of 36.0 us (c:pool) to 3.60 ms "
                                       "(c:pool+broker)");
    string_list_free(&said);
    ladder_free(&l);
}
