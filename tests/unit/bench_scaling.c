/* SPDX-License-Identifier: MIT */
/* Curves from the cells of a made-up sweep. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/scaling.h"
#include "bench/report/document.h"
#include "tests/unit/unit.h"

enum { POINTS = 5, GROUPS = 2 * POINTS + 1, CELLS = 2 * GROUPS };

/* A strong sweep, a weak one and a group that is alone, each with sync and a pool. */
struct world {
    struct results results;
    struct plan_group groups[GROUPS];
    struct result_cell result_cells[CELLS];
    struct summary_cell cells[CELLS];
    struct summary summary;
};

static double usl(double n) { return 0.9 * n / (1 + 0.1 * (n - 1) + 0.01 * n * (n - 1)); }

static void set_cells(struct world *w, size_t g, double gain)
{
    static const char *const models[] = {"sync", "pool"};
    for (size_t m = 0; m < 2; m++) {
        const size_t c = 2 * g + m;
        w->result_cells[c] = (struct result_cell){.group = g, .runtime = "c", .model = models[m], .baseline = m == 0};
        w->cells[c] = (struct summary_cell){.cell = &w->result_cells[c], .group = &w->groups[g], .verified = true};
        w->cells[c].speedup[RATIO_WORK][RATIO_OWN_SYNC] =
            m == 0 ? (struct ratio){.ratio = 1, .state = RATIO_SELF}
                   : (struct ratio){.ratio = gain, .low = gain * 0.98, .high = gain * 1.02, .state = RATIO_FULL};
    }
}

static int world_make(void **state)
{
    static const int64_t workers[POINTS] = {8, 1, 2, 4, 16}; /* out of order on purpose */
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    for (size_t i = 0; i < POINTS; i++) {
        struct plan_group like = {.name = "g", .task = "count", .kind = "cpu", .asks = "nothing", .sweep = "s"};
        like.workers = workers[i];
        like.ideal = 4;
        w->groups[i] = w->groups[POINTS + i] = like;
        w->groups[i].scaling = "strong";
        w->groups[i].jobs = 32;
        w->groups[POINTS + i].scaling = "weak";
        w->groups[POINTS + i].jobs = 5 * workers[i];
        set_cells(w, i, usl((double)workers[i]));
        set_cells(w, POINTS + i, usl((double)workers[i]));
    }
    w->groups[2 * POINTS] = (struct plan_group){
        .name = "alone", .task = "count", .kind = "cpu", .jobs = 8, .workers = 2};
    set_cells(w, 2 * POINTS, 2);
    w->results = (struct results){
        .plan = json_pack("{s:f}", "effective_cpus", 4.0), .groups = w->groups, .group_count = GROUPS};
    w->summary = (struct summary){.results = &w->results, .cells = w->cells, .cell_count = CELLS};
    *state = w;
    return 0;
}

static int world_free(void **state)
{
    struct world *w = *state;
    json_decref(w->results.plan);
    free(w);
    return 0;
}

TEST_WITH(curves_stand_in_the_order_of_workers, world_make, world_free, struct world *w)
{
    static const int64_t workers[POINTS] = {1, 2, 4, 8, 16};
    struct scaling s;
    scaling_make(&s, &w->summary);
    assert_int_equal(s.count, 2);
    for (size_t c = 0; c < 2; c++) {
        const struct scaling_curve *curve = &s.curves[c];
        assert_string_equal(curve->scaling, c == 0 ? "strong" : "weak");
        assert_int_equal(curve->jobs, c == 0 ? 32 : 5);
        assert_string_equal(curve->model, "pool");
        assert_int_equal(curve->count, POINTS);
        for (size_t p = 0; p < POINTS; p++) {
            assert_int_equal(curve->points[p].cell->group->workers, workers[p]);
            assert_int_equal(curve->points[p].beyond, workers[p] > 4);
            assert_true(isnan(curve->points[p].capacity));
        }
        assert_true(curve->fits[FIT_USL].accepted);
        assert_true(fabs(curve->fits[FIT_USL].contention.value - 0.1) < 1e-6);
    }
    assert_false(s.curves[1].fits[FIT_AMDAHL].accepted);
    assert_string_equal(s.curves[1].fits[FIT_AMDAHL].reason, "the law speaks of a fixed amount of work");
    scaling_free(&s);
}

TEST_WITH(a_cell_without_a_ratio_is_no_point_of_the_fit, world_make, world_free, struct world *w)
{
    struct scaling s;
    for (size_t i = 0; i < 2; i++)
        w->cells[2 * i + 1].speedup[RATIO_WORK][RATIO_OWN_SYNC].state = RATIO_TOO_SHORT;
    scaling_make(&s, &w->summary);
    assert_int_equal(s.curves[0].count, POINTS);
    assert_false(s.curves[0].fits[FIT_USL].accepted);
    assert_string_equal(s.curves[0].fits[FIT_USL].reason, "needs 4 different numbers of workers, has 3");
    assert_true(s.curves[1].fits[FIT_USL].accepted);
    scaling_free(&s);
}

/* The section in a format, to be freed. */
static char *printed(const struct world *w, const struct writer_format *format)
{
    char *text;
    size_t length;
    struct writer writer = {.format = format, .out = text_open(&text, &length), .width = 80};
    document_write_scaling(&w->summary, &writer);
    write_end(&writer);
    text_close(writer.out);
    return text;
}

/* Where the points end before the law's peak, that stands beside it. */
TEST_WITH(a_peak_beyond_the_points_is_told_from_one_among_them, world_make, world_free, struct world *w)
{
    w->groups[POINTS - 1].workers = 6;
    set_cells(w, POINTS - 1, usl(6));
    char *text = printed(w, &format_markdown);
    assert_non_null(strstr(text, "peak 3.22x at 9 workers (more than measured)"));
    assert_non_null(strstr(text, "peak 3.22x at 9 workers;"));
    free(text);
}

/* Everything that a reader must find stands in each format. */
TEST_WITH(it_is_shown, world_make, world_free, struct world *w)
{
    static const struct {
        const struct writer_format *format;
        const char *wanted[5];
    } cases[] = {
        {&format_terminal,
         {"strong scaling, 32 jobs in all", "weak scaling, 5 jobs for each worker", "16*", "c:pool", "0.900x"}},
        {&format_markdown,
         {"contention 0.1 \\[0.1,0.1\\], coherency 0.01 \\[0.01,0.01\\], peak 3.22x at 9 workers; ", "16*", "c:pool",
          "0.900x", "not fitted: the law speaks of a fixed amount of work"}},
        {&format_json,
         {"\"beyond_cpus\": true", "\"workers\": 16", "\"jobs\": 32", "\"capacity\": null", "\"law\": \"usl\""}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = printed(w, cases[i].format);
        for (size_t k = 0; k < 5; k++)
            if (strstr(text, cases[i].wanted[k]) == NULL)
                fail_msg("'%s' is not in:\n%s", cases[i].wanted[k], text);
        free(text);
    }
}
