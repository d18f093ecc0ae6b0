/* SPDX-License-Identifier: MIT */
/* The Theil-Sen slope, and prices from the cells of a made-up run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>

#include "bench/report/document.h"
#include "bench/report/format.h"
#include "bench/analysis/scaling.h"
#include "bench/stats/theil_sen.h"
#include "tests/unit/unit.h"

static void near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-9 * fmax(1, fabs(wanted))))
        fail_msg("%.12g is not %.12g", got, wanted);
}

/* Of n! orders: 1, 1+1, 1+2+2+1, 1+3+5+6+5+3+1, ... with 0, 1, 2 ... pairs out of order (OEIS A008302). */
TEST(the_distribution_is_kendalls)
{
    static const struct {
        size_t n, k;
        double p;
    } cases[] = {{2, 0, 1.0 / 2},    {3, 0, 1.0 / 6},     {3, 1, 3.0 / 6},      {3, 3, 1},
                 {4, 0, 1.0 / 24},   {4, 2, 9.0 / 24},    {5, 0, 1.0 / 120},    {5, 1, 5.0 / 120},
                 {6, 2, 20.0 / 720}, {7, 3, 76.0 / 5040}, {7, 4, 174.0 / 5040}, {50, 1225, 1}};
    for (size_t i = 0; i < COUNT(cases); i++)
        near(kendall_cdf(cases[i].n, cases[i].k), cases[i].p);
}

/* By hand: y = 2 x but for the last point. */
TEST(a_wild_point_does_not_move_it)
{
    const double x[] = {1, 2, 3, 4, 5, 6, 7}, y[] = {2, 4, 6, 8, 10, 12, 1000};
    struct stats_interval s;
    assert_int_equal(slope_make(x, y, 7, &s), 0);
    near(s.estimate, 2);
    near(s.low, 2);
    assert_true(s.high > 2); /* 6 of the 21 slopes are wild, 4 are cut off */
}

TEST(five_points_have_the_whole_range)
{
    const double x[] = {1, 2, 3, 4, 5}, y[] = {0, 1, 4, 9, 16}; /* slopes 1..7: sums of the places beside */
    struct stats_interval s;
    assert_int_equal(slope_make(x, y, 5, &s), 0);
    near(s.estimate, 4);
    near(s.low, 1);
    near(s.high, 7);
    assert_int_equal(slope_make(x, y, 4, &s), 0);
    near(s.estimate, 3);
    assert_true(isnan(s.low) && isnan(s.high));
    assert_int_equal(slope_make(x, y, 2, &s), 0);
    near(s.estimate, 1);
}

TEST(what_is_no_line_is_refused)
{
    static const struct {
        double x[3], y[3];
        size_t n;
        int rc;
    } cases[] = {{{1, 2, 3}, {1, 2, 3}, 1, -ERANGE},
                 {{1, 2, 3}, {1, 2, 3}, 0, -ERANGE},
                 {{1, 1, 2}, {1, 2, 3}, 3, -EDOM},
                 {{1, 2, NAN}, {1, 2, 3}, 3, -EDOM},
                 {{1, 2, 3}, {1, INFINITY, 3}, 3, -EDOM}};
    double many[SLOPE_POINTS_MAX + 1];
    struct stats_interval s = {7, 7, 7};
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(slope_make(cases[i].x, cases[i].y, cases[i].n, &s), cases[i].rc);
    near(s.estimate, 7);
    for (size_t i = 0; i <= SLOPE_POINTS_MAX; i++)
        many[i] = (double)i;
    assert_int_equal(slope_make(many, many, SLOPE_POINTS_MAX + 1, &s), -ERANGE);
    assert_int_equal(slope_make(many, many, SLOPE_POINTS_MAX, &s), 0);
    near(s.estimate, 1);
}

enum { POINTS = 5, CELLS = 2 * POINTS + 1 };

struct world {
    struct results results;
    struct plan_group groups[POINTS + 1];
    struct result_cell result_cells[CELLS];
    struct summary_cell cells[CELLS];
    struct summary summary;
};

static void cell_set(struct world *w, size_t c, size_t g, const char *runtime)
{
    const double workers = (double)w->groups[g].workers, each = strcmp(runtime, "c") == 0 ? 1000 : 5000;
    w->result_cells[c] = (struct result_cell){.group = g, .runtime = runtime, .model = "pool", .start_method = "fork"};
    w->result_cells[c].peak_pss_bytes = (int64_t)(300000 + each * workers);
    w->result_cells[c].memory_looks = 3;
    w->cells[c] = (struct summary_cell){
        .cell = &w->result_cells[c], .group = &w->groups[g], .verified = true, .rounds = 7};
    w->cells[c].median_s = 0.01 + 3e-5 * workers;
    w->cells[c].in_flight_max = workers;
    w->cells[c].phase_s[PHASE_START] = 0.001;
    w->cells[c].phase_s[PHASE_READY] = 0.002 + 2e-5 * workers;
}

/* One group for its price, with two runtimes; and one that compares. */
static int world_make(void **state)
{
    static const int64_t workers[POINTS] = {1, 1000, 250, 500, 750}; /* out of order on purpose */
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    for (size_t g = 0; g <= POINTS; g++) {
        w->groups[g] = (struct plan_group){.name = "g", .task = "wait", .kind = "io", .asks = "delay"};
        w->groups[g].sweep = g < POINTS ? "piece" : "other";
        w->groups[g].scaling = g < POINTS ? "prices" : "weak";
        w->groups[g].jobs = w->groups[g].workers = g < POINTS ? workers[g] : 8;
    }
    for (size_t g = 0; g < POINTS; g++) {
        cell_set(w, 2 * g, g, "c");
        cell_set(w, 2 * g + 1, g, "py");
    }
    cell_set(w, 2 * POINTS, POINTS, "c");
    w->results = (struct results){
        .groups = w->groups, .group_count = POINTS + 1, .cells = w->result_cells, .cell_count = CELLS};
    w->summary = (struct summary){.results = &w->results, .cells = w->cells, .cell_count = CELLS};
    *state = w;
    return 0;
}

static int world_free(void **state)
{
    free(*state);
    return 0;
}

TEST_WITH(a_price_is_the_slope, world_make, world_free, struct world *w)
{
    struct prices prices;
    prices_make(&prices, &w->summary);
    assert_int_equal(prices.count, 2);
    const struct price *c = &prices.rows[0];
    assert_string_equal(c->piece, "piece");
    assert_string_equal(c->runtime, "c");
    assert_string_equal(c->model, "pool");
    assert_true(c->points == POINTS && c->from == 1 && c->to == 1000);
    near(c->memory_bytes.estimate, 1000);
    near(c->setup_s.estimate, 2e-5);
    near(c->whole_s.estimate, 3e-5);
    assert_string_equal(c->note, "");
    near(prices.rows[1].memory_bytes.estimate, 5000);
    prices_free(&prices);
}

TEST_WITH(a_point_that_shows_nothing_does_not_count, world_make, world_free, struct world *w)
{
    struct prices prices;
    w->cells[2].verified = false; /* c, 1000 workers */
    w->cells[2].note = (char[]){"failed: job 3"};
    w->cells[2].cell = &(struct result_cell){.runtime = "c", .model = "pool", .peak_pss_bytes = 9};
    w->cells[5].in_flight_max = 249; /* py, 250 workers */
    prices_make(&prices, &w->summary);
    const struct price *c = &prices.rows[0], *py = &prices.rows[1];
    assert_true(c->points == 4 && c->to == 750 && py->points == 4 && py->to == 1000);
    near(c->memory_bytes.estimate, 1000);
    assert_true(isnan(c->memory_bytes.low));
    assert_string_equal(c->note, "with 1000 workers: failed: job 3");
    assert_string_equal(py->note, "with 250 workers: no more than 249 were in flight at once: the delay is too short");
    prices_free(&prices);
}

TEST_WITH(memory_that_nobody_saw_has_no_price, world_make, world_free, struct world *w)
{
    struct prices prices;
    for (size_t g = 0; g < POINTS; g++) {
        w->result_cells[2 * g].memory_looks = 0; /* while the jobs waited: their memory has gone in the end pause */
        w->result_cells[2 * g + 1].peak_pss_bytes = -1;
    }
    prices_make(&prices, &w->summary);
    for (size_t i = 0; i < 2; i++) {
        assert_true(isnan(prices.rows[i].memory_bytes.estimate));
        near(prices.rows[i].whole_s.estimate, 3e-5);
        assert_string_equal(prices.rows[i].note, "with 1 worker: nobody looked at its memory while it waited");
    }
    prices_free(&prices);
    for (size_t g = 0; g < POINTS; g++)
        w->groups[g].kind = "none"; /* a pool's workers are there in the end pause */
    prices_make(&prices, &w->summary);
    near(prices.rows[0].memory_bytes.estimate, 1000);
    prices_free(&prices);
}

TEST_WITH(two_points_are_no_price, world_make, world_free, struct world *w)
{
    struct prices prices;
    for (size_t c = 4; c < 2 * POINTS; c++)
        w->cells[c].group = &w->groups[POINTS];
    prices_make(&prices, &w->summary);
    assert_int_equal(prices.count, 2);
    assert_true(isnan(prices.rows[0].memory_bytes.estimate) && isnan(prices.rows[0].whole_s.estimate));
    assert_string_equal(prices.rows[0].note, "2 numbers of workers are too few for a price");
    prices_free(&prices);
}

TEST_WITH(the_table_fits, world_make, world_free, struct world *w)
{
    char *text;
    size_t length;
    struct writer writer = {.format = &format_terminal, .out = text_open(&text, &length), .width = 80};
    marginal_cost_write(&w->summary, &writer);
    text_close(writer.out);
    static const char *const wanted[] = {"What one more costs", "memory each", "1..1000", "the Theil-Sen slope"};
    for (size_t i = 0; i < COUNT(wanted); i++)
        if (strstr(text, wanted[i]) == NULL)
            fail_msg("no '%s' in\n%s", wanted[i], text);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (format_columns(line) > 80)
            fail_msg("%d columns: %s", format_columns(line), line);
    free(text);
}
