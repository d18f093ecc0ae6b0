/* SPDX-License-Identifier: MIT */
/* The summary of made-up results whose answers are known by hand. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/analysis/ranking.h"
#include "bench/analysis/summary.h"
#include "bench/report/findings.h"
#include "tests/unit/unit.h"

#define MS INT64_C(1000000)
enum { CELLS = 6, ROUNDS = 12 };
/* The made-up plan: one group of c and py, each with sync; c with an A/A control, copies and threads. */
enum { C_SYNC, C_CONTROL, C_COPIES, C_THREADS, PY_SYNC, PY_THREADS };

struct world {
    struct results results;
    struct plan_group groups[60];
    struct result_cell cells[120];
    struct summary summary;
};

/* Every sample takes `ms` of work and 2 ms around it; round r is slower by r%, for all cells alike. */
static void cell_fill(struct result_cell *cell, int64_t ms, int64_t rounds)
{
    free(cell->samples);
    cell->samples = calloc((size_t)rounds, sizeof *cell->samples);
    cell->count = (size_t)rounds;
    for (int32_t r = 0; r < rounds; r++) {
        const int64_t work = ms * MS * (100 + r) / 100;
        struct sample *s = &cell->samples[r];
        *s = (struct sample){.round = r + 1, .whole_ns = work + 2 * MS, .work_ns = work, .cpu_ns = 2 * work};
        s->work_cpu_ns = -1;
        s->ready_ns = MS;
        s->end_ns = MS / 2;
        s->connections = s->origin_cpu_ns = s->origin_wall_ns = -1;
        s->service_cpu_ns = s->service_wait_ns = -1;
        memset(s->latency_ns, -1, sizeof s->latency_ns);
    }
}

/* The first rounds of a cell were disturbed. */
static void cell_disturb(struct result_cell *cell, size_t rounds)
{
    for (size_t i = 0; i < rounds; i++)
        cell->samples[i].disturbances = 1;
}

/* A further cell, of the last group. */
static void cell_add(struct world *w, const char *runtime, const char *model, enum plan_role role, int64_t ms)
{
    struct result_cell *cell = &w->cells[w->results.cell_count++];
    *cell = (struct result_cell){.group = w->results.group_count - 1, .runtime = runtime, .model = model, .role = role};
    cell->status = CELL_OK;
    cell->peak_pss_bytes = cell->memory_looks = -1;
    cell->copies = role == ROLE_CAPACITY ? 2 : 1;
    cell->baseline = role == ROLE_MODEL && strcmp(model, "sync") == 0;
    cell_fill(cell, ms, w->results.rounds);
}

static void group_add(struct world *w)
{
    struct plan_group *group = &w->groups[w->results.group_count++];
    *group = (struct plan_group){.name = "count", .task = "count", .kind = "cpu", .asks = "nothing"};
    group->params = json_object();
    group->jobs = 8;
    group->workers = 2;
    group->ideal = 2;
}

/* Leaves neither groups nor cells, and `rounds` for those to come. */
static void world_clear(struct world *w, int64_t rounds)
{
    summary_free(&w->summary);
    for (size_t i = 0; i < w->results.cell_count; i++) {
        free(w->cells[i].samples);
        free(w->cells[i].reason);
    }
    for (size_t g = 0; g < w->results.group_count; g++)
        json_decref(w->groups[g].params);
    w->results = (struct results){.suite = "s", .common = "py", .created = "", .rounds = rounds, .margin = 0.01};
    w->results.groups = w->groups;
    w->results.cells = w->cells;
}

static int world_make(void **state)
{
    struct world *w = *state = calloc(1, sizeof *w);
    world_clear(w, ROUNDS);
    group_add(w);
    cell_add(w, "c", "sync", ROLE_MODEL, 100);
    cell_add(w, "c", "sync", ROLE_CONTROL, 100);
    cell_add(w, "c", "sync", ROLE_CAPACITY, 110);
    cell_add(w, "c", "threads", ROLE_MODEL, 60);
    cell_add(w, "py", "sync", ROLE_MODEL, 1000);
    cell_add(w, "py", "threads", ROLE_MODEL, 1000);
    return 0;
}

static int world_free(void **state)
{
    world_clear(*state, 0);
    free(*state);
    return 0;
}

static void world_summarise(struct world *w)
{
    summary_free(&w->summary);
    summary_make(&w->summary, &w->results);
}

static void world_take_rounds(struct world *w, size_t rounds)
{
    for (size_t i = 0; i < CELLS; i++)
        w->cells[i].count = rounds;
}

static const struct summary_cell *row(const struct world *w, size_t id)
{
    for (size_t i = 0; i < w->summary.cell_count; i++)
        if (w->summary.cells[i].cell == &w->cells[id])
            return &w->summary.cells[i];
    fail_msg("cell %zu is not in the summary", id);
    return NULL;
}

static void assert_near(double got, double expected)
{
    if (!(fabs(got - expected) < 1e-9))
        fail_msg("%.17g is not %.17g", got, expected);
}

static const char *shown(const char *name) { return name == NULL ? "none" : name; }

static void assert_doubt(const struct summary_cell *cell, enum doubt doubt)
{
    assert_string_equal(shown(doubt_name(cell->doubt)), shown(doubt_name(doubt)));
}

static void assert_finding(const struct summary_cell *cell, enum finding finding)
{
    assert_string_equal(shown(finding_name(cell->finding)), shown(finding_name(finding)));
}

/* -- what comes out ---------------------------------------------------------------------------------------------------------- */

TEST_WITH(ratios_medians_and_phases, world_make, world_free, struct world *w)
{
    world_summarise(w);
    const struct summary_cell *c = row(w, C_THREADS);
    assert_near(c->speedup[RATIO_WORK][RATIO_OWN_SYNC].ratio, 100 / 60.0);
    assert_near(c->speedup[RATIO_WORK][RATIO_OWN_SYNC].low, 100 / 60.0); /* drift common to the pair is gone */
    assert_near(c->speedup[RATIO_WORK][RATIO_PY_SYNC].ratio, 1000 / 60.0);
    assert_int_equal(c->speedup[RATIO_WORK][RATIO_OWN_SYNC].rounds, ROUNDS);
    assert_near(c->work_s, 0.060 * 1.055);
    assert_near(c->median_s, 0.060 * 1.055 + 0.002);
    assert_near(c->cpu_s, 0.120 * 1.055);
    assert_near(c->phase_s[PHASE_START], 0.0005);
    assert_near(c->phase_s[PHASE_START] + c->phase_s[PHASE_READY] + c->phase_s[PHASE_WORK] + c->phase_s[PHASE_END],
                c->median_s);
    assert_true(isnan(c->connections) && isnan(c->origin_share) && isnan(c->latency_s[LATENCY_P50]));
    assert_doubt(c, DOUBT_NONE);
    assert_finding(c, FINDING_NONE);
    assert_true(c->verified);
    assert_int_equal(row(w, C_SYNC)->speedup[RATIO_WHOLE][RATIO_OWN_SYNC].state, RATIO_SELF);
    assert_near(w->summary.capacities[0].ratio.ratio, 200 / 110.0);
    assert_near(w->summary.controls[0].ratio.ratio, 1);
    assert_false(w->summary.controls[0].flagged);
    assert_false(w->summary.interrupted);
    assert_int_equal(w->summary.failed, 0);
}

TEST_WITH(a_round_that_one_lacks_is_no_pair, world_make, world_free, struct world *w)
{
    struct result_cell *c = &w->cells[C_THREADS];
    memmove(&c->samples[3], &c->samples[4], (ROUNDS - 4) * sizeof *c->samples);
    c->count--;
    w->cells[C_SYNC].samples[7].work_ns = -1; /* a time that is not known is no pair either */
    world_summarise(w);
    assert_int_equal(row(w, C_THREADS)->speedup[RATIO_WORK][RATIO_OWN_SYNC].rounds, ROUNDS - 2);
    assert_int_equal(row(w, C_THREADS)->speedup[RATIO_WHOLE][RATIO_OWN_SYNC].rounds, ROUNDS - 1);
    assert_near(row(w, C_THREADS)->speedup[RATIO_WORK][RATIO_OWN_SYNC].ratio, 100 / 60.0);
    assert_true(w->summary.interrupted);
}

/* 100 and 144 ms: as one of 120, but for the control itself. */
TEST_WITH(a_control_is_the_second_run_of_its_baseline, world_make, world_free, struct world *w)
{
    cell_fill(&w->cells[C_CONTROL], 144, ROUNDS);
    w->cells[C_SYNC].again = &w->cells[C_CONTROL];
    world_summarise(w);
    assert_near(row(w, C_THREADS)->speedup[RATIO_WORK][RATIO_OWN_SYNC].ratio, 2);
    assert_near(row(w, C_SYNC)->speedup[RATIO_WORK][RATIO_PY_SYNC].ratio, 1000 / 120.0);
    assert_near(w->summary.capacities[0].ratio.ratio, 240 / 110.0);
    assert_true(w->summary.controls[0].ratio.ratio < 0.72);
    w->cells[C_CONTROL].count = 1; /* of the other rounds there is one run */
    world_summarise(w);
    assert_int_equal(row(w, C_THREADS)->speedup[RATIO_WORK][RATIO_OWN_SYNC].rounds, ROUNDS);
    assert_near(row(w, C_THREADS)->speedup[RATIO_WORK][RATIO_OWN_SYNC].ratio, 100 / 60.0);
}

TEST_WITH(few_rounds_have_no_interval, world_make, world_free, struct world *w)
{
    w->results.rounds = 5;
    world_take_rounds(w, 5);
    world_summarise(w);
    const struct ratio *r = &row(w, C_THREADS)->speedup[RATIO_WORK][RATIO_OWN_SYNC];
    assert_int_equal(r->state, RATIO_NO_INTERVAL);
    assert_near(r->ratio, 100 / 60.0);
    assert_true(isnan(r->low) && isnan(r->high) && !r->unresolved);
    assert_true(isnan(w->summary.controls[0].p) && !w->summary.controls[0].flagged);
}

TEST_WITH(short_work_has_no_work_ratio, world_make, world_free, struct world *w)
{
    cell_fill(&w->cells[C_THREADS], 3, ROUNDS);
    world_summarise(w);
    const struct summary_cell *c = row(w, C_THREADS);
    /* So short a command drifts against its baseline: 2 ms of it do not grow with the rounds. */
    assert_doubt(c, DOUBT_DRIFT);
    assert_int_equal(ratio_level(&c->speedup[RATIO_WORK][RATIO_OWN_SYNC]), LEVEL_INVALID);
    assert_int_equal(ratio_level(&c->speedup[RATIO_WHOLE][RATIO_OWN_SYNC]), LEVEL_DOUBTFUL);
    assert_int_equal(c->speedup[RATIO_WORK][RATIO_OWN_SYNC].state, RATIO_TOO_SHORT);
    assert_int_equal(c->speedup[RATIO_WHOLE][RATIO_OWN_SYNC].state, RATIO_FULL);
}

TEST_WITH(a_short_baseline_has_none_either, world_make, world_free, struct world *w)
{
    cell_fill(&w->cells[C_SYNC], 3, ROUNDS);
    cell_fill(&w->cells[C_CONTROL], 3, ROUNDS);
    world_summarise(w);
    assert_int_equal(row(w, C_THREADS)->speedup[RATIO_WORK][RATIO_OWN_SYNC].state, RATIO_BASE_TOO_SHORT);
    assert_int_equal(row(w, C_THREADS)->speedup[RATIO_WORK][RATIO_PY_SYNC].state, RATIO_FULL);
    assert_doubt(row(w, C_THREADS), DOUBT_DRIFT); /* against 2 ms that do not grow */
}

TEST_WITH(a_failed_baseline_takes_the_ratios_away, world_make, world_free, struct world *w)
{
    w->cells[C_SYNC].status = CELL_FAILED;
    w->cells[C_SYNC].reason = strdup("it fell over");
    w->cells[PY_THREADS].status = CELL_IMPOSSIBLE;
    w->cells[PY_THREADS].reason = strdup("no memory");
    world_summarise(w);
    const struct summary_cell *c = row(w, C_THREADS);
    assert_true(c->verified);
    assert_int_equal(c->speedup[RATIO_WHOLE][RATIO_OWN_SYNC].state, RATIO_BASE_FAILED);
    assert_int_equal(c->speedup[RATIO_WHOLE][RATIO_PY_SYNC].state, RATIO_FULL);
    assert_string_equal(c->note, "no ratio to c:sync, which is failed: it fell over");
    assert_string_equal(row(w, C_SYNC)->note, "failed: it fell over");
    assert_string_equal(row(w, PY_THREADS)->note, "not possible here: no memory");
    assert_false(row(w, PY_THREADS)->verified);
    assert_int_equal(row(w, PY_THREADS)->speedup[RATIO_WORK][RATIO_PY_SYNC].state, RATIO_NOT_RUN);
    assert_int_equal(w->summary.controls[0].ratio.state, RATIO_BASE_FAILED);
    assert_int_equal(w->summary.capacities[0].ratio.state, RATIO_BASE_FAILED);
    assert_int_equal(w->summary.failed, 1); /* what cannot run here has not failed */
    assert_false(w->summary.interrupted);
}

/* More than the copies of sync got is too good for work on CPUs; waiting may gain more. */
TEST_WITH(too_good_is_marked, world_make, world_free, struct world *w)
{
    cell_fill(&w->cells[C_THREADS], 20, ROUNDS);
    world_summarise(w);
    assert_doubt(row(w, C_THREADS), DOUBT_ABOVE_CAPACITY);
    w->groups->kind = "io";
    world_summarise(w);
    assert_doubt(row(w, C_THREADS), DOUBT_NONE);
}

/* Percents of a cell's work in which the origin ran, and in which it waited for a CPU, in even and in odd rounds. */
static void origin_fill(struct result_cell *cell, int cpu, int cpu_odd, int wait, int wait_odd)
{
    for (size_t i = 0; i < ROUNDS; i++) {
        struct sample *s = &cell->samples[i];
        s->origin_cpu_ns = s->work_ns * (i % 2 ? cpu_odd : cpu) / 100;
        s->origin_wait_ns = s->work_ns * (i % 2 ? wait_odd : wait) / 100;
    }
}

TEST_WITH(a_busy_origin_is_marked, world_make, world_free, struct world *w)
{
    origin_fill(&w->cells[C_THREADS], 102, 80, 0, 0);
    world_summarise(w);
    assert_true(fabs(row(w, C_THREADS)->origin_share - 0.91) < 0.01);
    assert_doubt(row(w, C_THREADS), DOUBT_ORIGIN);
    origin_fill(&w->cells[C_THREADS], 40, 40, 50, 53); /* it waits for a CPU */
    world_summarise(w);
    assert_true(fabs(row(w, C_THREADS)->origin_wait_share - 0.515) < 0.01);
    assert_doubt(row(w, C_THREADS), DOUBT_ORIGIN);
    origin_fill(&w->cells[C_SYNC], 96, 96, 0, 0); /* what sync keeps busy is the limit of every model */
    origin_fill(&w->cells[C_THREADS], 70, 70, 0, 0);
    world_summarise(w);
    assert_doubt(row(w, C_THREADS), DOUBT_ORIGIN);
}

/* Two of a service's processes can run at once, so that one CPU of two is not its limit. */
TEST_WITH(a_busy_service_is_marked, world_make, world_free, struct world *w)
{
    static const struct {
        int64_t cpus;
        int percent, waits;
        enum doubt doubt;
    } table[] = {{1, 95, 0, DOUBT_SERVICE},   {1, 50, 45, DOUBT_SERVICE},
                 {1, 80, 0, DOUBT_NONE},      {2, 95, -1, DOUBT_NONE},
                 {2, 185, -1, DOUBT_SERVICE}, {-1, 95, 0, DOUBT_SERVICE}}; /* waits -1: of the whole command */
    for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
        struct result_cell *cell = &w->cells[C_THREADS];
        cell->service_cpus = table[t].cpus;
        for (size_t i = 0; i < ROUNDS; i++) {
            struct sample *s = &cell->samples[i];
            s->service_cpu_ns = (table[t].waits < 0 ? s->whole_ns : s->work_ns) * table[t].percent / 100;
            s->service_wait_ns = table[t].waits < 0 ? -1 : s->work_ns * table[t].waits / 100;
        }
        world_summarise(w);
        assert_doubt(row(w, C_THREADS), table[t].doubt);
    }
}

/* -- side by side, or not ----------------------------------------------------------------------------------------------------- */

/* What c:threads (60 ms of work, 100 ms one job after the other) is made to have done. */
struct flight_case {
    const char *kind;
    int64_t most, busy_ms, cpu_ms, work_ms;
    enum finding finding;
};

static void flight_make(struct world *w, const struct flight_case *c)
{
    w->groups->kind = c->kind;
    cell_fill(&w->cells[C_THREADS], c->work_ms, ROUNDS);
    for (size_t i = 0; i < ROUNDS; i++) {
        struct sample *s = &w->cells[C_THREADS].samples[i];
        w->cells[C_SYNC].samples[i].cpu_ns = w->cells[C_SYNC].samples[i].work_ns + 10 * MS; /* the start-up */
        s->in_flight_max = i == 3 ? c->most : 1;
        s->busy_ns = c->busy_ms * s->work_ns / c->work_ms;
        s->cpu_ns = c->cpu_ms * s->work_ns / c->work_ms + 10 * MS;
    }
}

static void flight_check(struct world *w, const struct flight_case *c)
{
    flight_make(w, c);
    world_summarise(w);
    assert_finding(row(w, C_THREADS), c->finding);
}

TEST_WITH(jobs_that_only_seem_to_run_side_by_side_are_marked, world_make, world_free, struct world *w)
{
    static const struct flight_case table[] = {
        {"cpu", 2, 116, 116, 60, FINDING_NONE},
        {"cpu", 2, 196, 100, 100, FINDING_TAKES_TURNS}, /* one CPU and no gain, whatever the stamps say */
        {"cpu", 2, 196, 149, 100, FINDING_TAKES_TURNS},
        {"cpu", 2, 196, 151, 100, FINDING_CONTENDS}, /* two CPUs, and as much more CPU time than sync */
        {"cpu", 2, 196, 240, 130, FINDING_CONTENDS},
        {"cpu", 2, 400, 250, 200, FINDING_CONTENDS},   /* of 1.25 CPUs, as under a quota: the CPU time in all decides */
        {"cpu", 2, 158, 100, 79, FINDING_TAKES_TURNS}, /* the capacity is 1.82: less than a third of that gain */
        {"cpu", 2, 156, 100, 78, FINDING_OFF_CPU},     /* a gain: then a third of the time nothing ran for its jobs */
        {"cpu", 2, 140, 100, 100, FINDING_OFF_CPU},    /* they hardly met */
        {"cpu", 2, 140, 115, 70, FINDING_NONE},        /* 18% off: copies of sync lose 9% themselves */
        {"cpu", 2, 140, 105, 70, FINDING_OFF_CPU},
        {"cpu", 1, 100, 100, 100, FINDING_NEVER_OVERLAPS},
        {"cpu", 0, 100, 100, 100, FINDING_NEVER_OVERLAPS}, /* not known in one round */
        {"io", 2, 196, 5, 100, FINDING_TAKES_TURNS},       /* waited together and gained nothing */
        {"io", 2, 196, 70, 100, FINDING_NONE},             /* the CPU may be why */
        {"io", 2, 100, 5, 50, FINDING_NONE},
        {"io", 1, 100, 5, 100, FINDING_BLOCKS},
        {"cpu", 1, 100, 40, 100, FINDING_BLOCKS},
        {"io", 1, 100, 60, 100, FINDING_NEVER_OVERLAPS},
        {"cpu", 1, 3, 3, 3, FINDING_NONE},      /* too short to tell */
        {"none", 1, 10, 30, 100, FINDING_NONE}, /* jobs that are over at once never meet */
    };
    for (size_t i = 0; i < COUNT(table); i++)
        flight_check(w, &table[i]);
}

/* What keeps c:threads from the ideal of 4x; sync has 100 ms of work and answers in 10. */
TEST_WITH(the_limit_of_waiting_work_is_named, world_make, world_free, struct world *w)
{
    static const struct {
        int64_t work_ms, other_ms, p50_ms, cpu_ms, origin_ms;
        enum finding finding;
    } table[] = {
        {50, 50, 20, 20, -1, FINDING_SERVER}, {100, 100, 40, 20, -1, FINDING_SERVER}, /* and no lock */
        {50, 60, 20, 20, -1, FINDING_NONE},                                           /* the other is slower */
        {50, 40, 20, 20, -1, FINDING_NONE},                                           /* or faster */
        {50, 50, 10, 20, -1, FINDING_NONE},                                           /* answers took no longer */
        {50, 50, 20, 20, 20, FINDING_NONE}, /* the origin, which says itself how busy it is */
        {50, 50, 20, 30, -1, FINDING_NONE}, /* not idle */
        {30, 30, 12, 10, -1, FINDING_NONE}, /* not far from 4x */
        {50, 50, 20, 43, -1, FINDING_CLIENT}, {100, 100, 40, 91, 51, FINDING_CLIENT},
        {50, 50, 20, 39, -1, FINDING_NONE},   {30, 30, 12, 29, -1, FINDING_NONE},
    };
    w->groups->kind = "io";
    w->groups->asks = "url";
    w->groups->workers = 4;
    w->groups->ideal = 4;
    w->cells[C_COPIES].status = CELL_IMPOSSIBLE;
    w->cells[C_COPIES].reason = strdup("the work waits");
    w->cells[PY_THREADS].model = "async";
    for (size_t i = 0; i < COUNT(table); i++) {
        cell_fill(&w->cells[C_THREADS], table[i].work_ms, ROUNDS);
        cell_fill(&w->cells[PY_THREADS], table[i].other_ms, ROUNDS);
        for (size_t r = 0; r < ROUNDS; r++) {
            struct sample *s = &w->cells[C_THREADS].samples[r];
            w->cells[C_SYNC].samples[r].latency_ns[LATENCY_P50] = 10 * MS;
            s->latency_ns[LATENCY_P50] = table[i].p50_ms * MS;
            s->cpu_ns = table[i].cpu_ms * s->work_ns / table[i].work_ms + 2 * MS;
            s->origin_cpu_ns = table[i].origin_ms < 0 ? -1 : table[i].origin_ms * MS;
            s->in_flight_max = 4;
            s->busy_ns = 4 * s->work_ns;
        }
        world_summarise(w);
        assert_finding(row(w, C_THREADS), table[i].finding);
    }
}

/* Where the host says what CPU time came after the gate opened, starting does not hide a job that blocks. */
TEST_WITH(start_up_is_not_taken_for_computing, world_make, world_free, struct world *w)
{
    struct flight_case c = {"io", 1, 100, 60, 100, FINDING_NEVER_OVERLAPS};
    flight_check(w, &c);
    for (int percent = 5; percent <= 60; percent += 55) {
        for (size_t i = 0; i < ROUNDS; i++)
            w->cells[C_THREADS].samples[i].work_cpu_ns = w->cells[C_THREADS].samples[i].work_ns * percent / 100;
        world_summarise(w);
        assert_finding(row(w, C_THREADS), percent == 5 ? FINDING_BLOCKS : FINDING_NEVER_OVERLAPS);
    }
}

/* As the third case above, but some rounds gained: the interval reaches what one CPU alone cannot do. */
TEST_WITH(a_gain_that_is_unresolved_accuses_nobody, world_make, world_free, struct world *w)
{
    flight_check(w, &(struct flight_case){"cpu", 2, 196, 100, 100, FINDING_TAKES_TURNS});
    for (size_t i = 0; i < ROUNDS; i += 4)
        w->cells[C_THREADS].samples[i].work_ns = w->cells[C_THREADS].samples[i].work_ns * 6 / 10;
    world_summarise(w);
    assert_true(row(w, C_THREADS)->speedup[RATIO_WORK][RATIO_OWN_SYNC].ratio < 1.27);
    assert_int_not_equal(row(w, C_THREADS)->finding, FINDING_TAKES_TURNS);
}

TEST_WITH(what_was_in_flight_is_in_the_summary, world_make, world_free, struct world *w)
{
    flight_check(w, &(struct flight_case){"cpu", 2, 196, 100, 100, FINDING_TAKES_TURNS});
    assert_near(row(w, C_THREADS)->in_flight_max, 2);
    assert_true(fabs(row(w, C_THREADS)->in_flight_mean - 1.96) < 1e-3);
    assert_true(fabs(row(w, C_THREADS)->cpus_used - 1) < 1e-3);
    assert_true(isnan(row(w, PY_THREADS)->in_flight_max) && isnan(row(w, PY_THREADS)->in_flight_mean));
    for (size_t i = 0; i < ROUNDS; i++) /* mostly start-up: then the work's own CPU time is not known */
        w->cells[C_THREADS].samples[i].whole_ns += 100 * MS;
    world_summarise(w);
    assert_true(isnan(row(w, C_THREADS)->cpus_used));
}

/* What the machine and the plan let c:threads do decides as well. */
TEST_WITH(what_could_not_be_is_no_fault_of_the_model, world_make, world_free, struct world *w)
{
    static const struct {
        struct flight_case flight;
        int64_t workers, copies_ms; /* copies of 150 get 1.33 times what one gets; 0: there is no capacity */
        size_t disturbed;           /* rounds */
    } table[] = {
        {{"cpu", 1, 100, 100, 100, FINDING_NONE}, 1, 110, 0},
        {{"cpu", 2, 140, 105, 70, FINDING_OFF_CPU}, 2, 110, 3},
        {{"cpu", 2, 140, 105, 70, FINDING_NONE}, 2, 110, 4}, /* others took that from it */
        {{"cpu", 1, 100, 3, 100, FINDING_BLOCKS}, 2, 110, 3},
        {{"cpu", 1, 100, 3, 100, FINDING_NEVER_OVERLAPS}, 2, 110, 4}, /* nor that it waits */
        {{"cpu", 2, 196, 120, 100, FINDING_NONE}, 2, 150, 0},
        {{"cpu", 2, 196, 100, 100, FINDING_OFF_CPU}, 2, 150, 0}, /* and not that they take turns */
        {{"mixed", 2, 196, 5, 100, FINDING_NONE}, 2, 150, 0},
        {{"cpu", 2, 400, 380, 200, FINDING_CONTENDS}, 2, 150, 0}, /* which any machine shows */
        {{"mixed", 2, 196, 30, 100, FINDING_TAKES_TURNS}, 2, 0, 0},
        {{"mixed", 2, 196, 30, 100, FINDING_NONE},
         2,
         0,
         ROUNDS}, /* who waits uses as little where others took the CPUs */
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        w->groups->workers = table[i].workers;
        w->cells[C_COPIES].runtime = table[i].copies_ms == 0 ? "py" : "c";
        cell_fill(&w->cells[C_COPIES], table[i].copies_ms, ROUNDS);
        flight_make(w, &table[i].flight);
        cell_disturb(&w->cells[C_THREADS], table[i].disturbed);
        world_summarise(w);
        assert_finding(row(w, C_THREADS), table[i].flight.finding);
    }
}

/* At its best a busy machine had a second CPU for the copies, at its worst it had not. */
TEST_WITH(a_busy_machine_is_no_lock, world_make, world_free, struct world *w)
{
    for (size_t i = 0; i < ROUNDS; i++)
        w->cells[C_COPIES].samples[i].work_ns = w->cells[C_SYNC].samples[i].work_ns * (i % 2 ? 15 : 11) / 10;
    flight_check(w, &(struct flight_case){"mixed", 2, 196, 5, 100, FINDING_NONE});
}

/* A sync that sleeps 30 ms of 100 in each job: nothing overlaps, and no CPU ran. */
TEST_WITH(sleep_shows_in_sync_too, world_make, world_free, struct world *w)
{
    for (size_t i = 0; i < ROUNDS; i++) {
        struct sample *s = &w->cells[C_SYNC].samples[i];
        s->in_flight_max = 1;
        s->busy_ns = s->work_ns;
        s->cpu_ns = s->work_ns * 70 / 100;
    }
    world_summarise(w);
    assert_finding(row(w, C_SYNC), FINDING_OFF_CPU);
    assert_true(fabs(row(w, C_SYNC)->off_cpu_share - 0.3) < 1e-6);
    assert_true(isnan(row(w, PY_SYNC)->off_cpu_share));
}

/* One that mostly sleeps has no capacity, for copies of it only sleep side by side; where others took its CPU, nobody knows. */
TEST_WITH(copies_that_sleep_are_no_capacity, world_make, world_free, struct world *w)
{
    for (size_t i = 0; i < ROUNDS; i++)
        w->cells[C_SYNC].samples[i].cpu_ns = w->cells[C_SYNC].samples[i].work_ns * 40 / 100;
    world_summarise(w);
    assert_false(ratio_known(&w->summary.capacities[0].ratio));
    assert_non_null(strstr(w->summary.capacities[0].note, "c:sync mostly slept"));
    assert_true(isnan(limit_of(&w->summary, row(w, C_THREADS)).gain));
    cell_disturb(&w->cells[C_SYNC], ROUNDS);
    world_summarise(w);
    assert_true(ratio_known(&w->summary.capacities[0].ratio));
}

/* Of 5 rounds there is no interval, and nobody is accused. */
TEST_WITH(few_rounds_accuse_nobody, world_make, world_free, struct world *w)
{
    static const struct flight_case cases[] = {
        {"io", 2, 196, 5, 100, FINDING_TAKES_TURNS},
        {"cpu", 2, 196, 120, 100, FINDING_TAKES_TURNS},
        {"cpu", 2, 196, 190, 100, FINDING_CONTENDS},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        world_take_rounds(w, 6);
        flight_check(w, &cases[k]);
        world_take_rounds(w, 5);
        world_summarise(w);
        assert_int_not_equal(row(w, C_THREADS)->finding, cases[k].finding);
    }
}

TEST_WITH(disturbed_rounds_are_a_doubt_where_they_are_many, world_make, world_free, struct world *w)
{
    cell_disturb(&w->cells[C_THREADS], 3);
    world_summarise(w);
    assert_int_equal(row(w, C_THREADS)->disturbed_rounds, 3);
    assert_doubt(row(w, C_THREADS), DOUBT_NONE);
    cell_disturb(&w->cells[C_THREADS], 4);
    world_summarise(w);
    assert_doubt(row(w, C_THREADS), DOUBT_DISTURBED);
}

TEST_WITH(memory_nobody_looked_at_in_time_is_marked, world_make, world_free, struct world *w)
{
    w->cells[C_SYNC].memory_looks = 1;
    w->cells[C_THREADS].memory_looks = 0;
    world_summarise(w);
    assert_false(summary_memory_is_least(row(w, C_SYNC)));
    assert_true(summary_memory_is_least(row(w, C_THREADS)));
    assert_false(summary_memory_is_least(row(w, PY_SYNC))); /* not known */
}

TEST_WITH(wide_intervals_are_unresolved, world_make, world_free, struct world *w)
{
    for (size_t i = 0; i < ROUNDS; i++)
        w->cells[C_THREADS].samples[i].whole_ns = (i % 2 ? 40 : 90) * MS;
    world_summarise(w);
    assert_doubt(row(w, C_THREADS), DOUBT_NONE); /* 1.7x give or take a half is faster all the same */
    assert_true(row(w, C_THREADS)->speedup[RATIO_WHOLE][RATIO_OWN_SYNC].unresolved);
    assert_false(row(w, C_THREADS)->speedup[RATIO_WORK][RATIO_OWN_SYNC].unresolved);
}

/* -- verdicts ----------------------------------------------------------------------------------------------------------------- */

static void assert_verdict(const struct ratio *ratio, enum verdict verdict)
{
    if (ratio->verdict != verdict)
        fail_msg("%.3f [%.3f,%.3f] p %.4f is %s, not %s", ratio->ratio, ratio->low, ratio->high, ratio->p_adjusted,
                 verdict_name(ratio->verdict), verdict_name(verdict));
}

/* A family of one: the margin decides. */
TEST_WITH(a_verdict_needs_the_margin, world_make, world_free, struct world *w)
{
    static const struct {
        int64_t ms;
        double margin;
        enum verdict verdict;
    } table[] = {
        {500, 0.01, VERDICT_FASTER},        {2000, 0.01, VERDICT_SLOWER},        {1000, 0.01, VERDICT_NO_DIFFERENCE},
        {995, 0.01, VERDICT_NO_DIFFERENCE}, {1005, 0.01, VERDICT_NO_DIFFERENCE}, {980, 0.01, VERDICT_FASTER},
        {1020, 0.01, VERDICT_SLOWER},       {980, 0.05, VERDICT_NO_DIFFERENCE},  {995, 0, VERDICT_FASTER},
        {1000, 0, VERDICT_NO_DIFFERENCE},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        cell_fill(&w->cells[PY_THREADS], table[i].ms, ROUNDS);
        w->results.margin = table[i].margin;
        world_summarise(w);
        assert_verdict(&row(w, PY_THREADS)->speedup[RATIO_WORK][RATIO_OWN_SYNC], table[i].verdict);
        assert_verdict(&row(w, PY_SYNC)->speedup[RATIO_WORK][RATIO_OWN_SYNC], VERDICT_NONE);
    }
}

TEST_WITH(wide_and_unclear_is_unresolved, world_make, world_free, struct world *w)
{
    for (size_t i = 0; i < ROUNDS; i++)
        w->cells[C_THREADS].samples[i].whole_ns = (i % 2 ? 70 : 150) * MS;
    world_summarise(w);
    assert_verdict(&row(w, C_THREADS)->speedup[RATIO_WHOLE][RATIO_OWN_SYNC], VERDICT_UNRESOLVED);
    assert_doubt(row(w, C_THREADS), DOUBT_WIDE);
    assert_verdict(&row(w, C_THREADS)->speedup[RATIO_WHOLE][RATIO_PY_SYNC], VERDICT_FASTER); /* wide, but far from 1 */
    assert_true(row(w, C_THREADS)->speedup[RATIO_WHOLE][RATIO_PY_SYNC].unresolved);
}

/* A gain within the margin pays from 100 jobs on by the medians alone: no interval shows it, so nothing is said. */
TEST_WITH(a_break_even_needs_an_interval_that_clears_1, world_make, world_free, struct world *w)
{
    static const struct {
        int64_t ms;
        enum break_even_state state;
    } table[] = {{60, BREAK_EVEN_FROM}, {97, BREAK_EVEN_UNKNOWN}, {210, BREAK_EVEN_NEVER}};
    w->results.margin = 0.05;
    for (size_t i = 0; i < COUNT(table); i++) {
        cell_fill(&w->cells[C_THREADS], table[i].ms, ROUNDS);
        world_summarise(w);
        assert_int_equal(break_even_of(&w->summary, row(w, C_THREADS)).state, table[i].state);
    }
}

/* A group of `count` variants beside its sync, all but the first of them identical to it. */
static void world_crowd(struct world *w, size_t count, int64_t rounds)
{
    world_clear(w, rounds);
    group_add(w);
    cell_add(w, "c", "sync", ROLE_MODEL, 100);
    for (size_t i = 0; i < count; i++)
        cell_add(w, "c", "m", ROLE_MODEL, i == 0 ? 50 : 100);
    world_summarise(w);
}

/* With 10 rounds no p is below 2^-9: 25 times that is below 5%, 26 times is not. */
TEST_WITH(verdicts_are_adjusted_over_a_column, world_make, world_free, struct world *w)
{
    static const struct {
        size_t count;
        int rounds;
        enum verdict verdict;
    } table[] = {
        {1, 6, VERDICT_FASTER},   {2, 6, VERDICT_TOO_FEW_ROUNDS},   {2, 7, VERDICT_FASTER},
        {25, 10, VERDICT_FASTER}, {26, 10, VERDICT_TOO_FEW_ROUNDS}, {26, 11, VERDICT_FASTER},
    };
    for (size_t t = 0; t < COUNT(table); t++) {
        world_crowd(w, table[t].count, table[t].rounds);
        const struct ratio *odd = &row(w, 1)->speedup[RATIO_WHOLE][RATIO_OWN_SYNC];
        assert_verdict(odd, table[t].verdict);
        assert_near(odd->p, ldexp(1, 1 - table[t].rounds));
        assert_near(odd->p_adjusted, fmin(1, (double)table[t].count * odd->p));
        for (size_t i = 2; i <= table[t].count; i++)
            assert_verdict(&row(w, i)->speedup[RATIO_WHOLE][RATIO_OWN_SYNC], VERDICT_NO_DIFFERENCE);
    }
    assert_int_equal(ratio_rounds_needed(1), 6);
    assert_int_equal(ratio_rounds_needed(25), 10);
    assert_int_equal(ratio_rounds_needed(26), 11);
    assert_int_equal(ratio_rounds_needed(819), 15);
}

TEST_WITH(too_few_rounds_for_a_verdict_is_a_warning, world_make, world_free, struct world *w)
{
    struct warnings warnings;
    world_crowd(w, 26, 10);
    warnings_make(&warnings, &w->summary);
    assert_int_equal(warnings.count, 1);
    assert_string_equal(warnings.items[0].text,
                        "count: it takes 11 rounds to call one of so many variants (up to 26) faster or slower");
    warnings_free(&warnings);
}

/* Noise of 1% that knows nothing of the rounds beside, the same every time. */
static double noise(size_t i)
{
    static const double table[ROUNDS] = {0.2, -0.9, 0.4, 0.8, -0.5, 0.1, -0.7, 1.0, -0.2, 0.6, -1.0, 0.3};
    return 1 + table[i] / 100;
}

TEST_WITH(a_cold_first_round_is_marked, world_make, world_free, struct world *w)
{
    struct sample *samples = w->cells[C_THREADS].samples;
    for (size_t i = 0; i < ROUNDS; i++)
        samples[i].work_ns = (int64_t)((double)samples[i].work_ns * noise(i) * (i == 0 ? 1.2 : 1));
    world_summarise(w);
    assert_doubt(row(w, C_THREADS), DOUBT_FIRST_ROUND);
    assert_int_equal(row(w, C_THREADS)->speedup[RATIO_WORK][RATIO_OWN_SYNC].doubt, DOUBT_FIRST_ROUND);
    assert_int_equal(row(w, C_THREADS)->speedup[RATIO_WHOLE][RATIO_OWN_SYNC].doubt, DOUBT_NONE);
    samples[0].round = 13; /* a cell whose first pair is not of round 1 has no first-round effect */
    struct sample first = samples[0];
    memmove(samples, samples + 1, (ROUNDS - 1) * sizeof *samples);
    samples[ROUNDS - 1] = first;
    world_summarise(w);
    assert_doubt(row(w, C_THREADS), DOUBT_NONE);
}

TEST_WITH(a_drifting_ratio_is_marked, world_make, world_free, struct world *w)
{
    struct sample *samples = w->cells[C_THREADS].samples;
    for (size_t i = 0; i < ROUNDS; i++)
        samples[i].work_ns = (int64_t)((double)samples[i].work_ns * noise(i) * (1 + 0.01 * (double)i));
    world_summarise(w);
    assert_doubt(row(w, C_THREADS), DOUBT_DRIFT);
    assert_doubt(row(w, PY_THREADS), DOUBT_NONE);
    summary_free(&w->summary);
    w->results.margin = 0.2; /* a drift within the margin is none in practice */
    world_summarise(w);
    assert_int_not_equal(row(w, C_THREADS)->doubt, DOUBT_DRIFT);
}

TEST_WITH(outliers_are_marked_and_kept, world_make, world_free, struct world *w)
{
    w->cells[C_THREADS].samples[4].whole_ns *= 3;
    w->cells[C_THREADS].samples[9].whole_ns /= 3;
    world_summarise(w);
    const struct summary_cell *c = row(w, C_THREADS);
    assert_int_equal(c->outlier_count, 2);
    assert_int_equal(c->outliers[0], 5);
    assert_int_equal(c->outliers[1], 10);
    assert_int_equal(c->rounds, ROUNDS);
    assert_int_equal(c->speedup[RATIO_WHOLE][RATIO_OWN_SYNC].rounds, ROUNDS);
    assert_int_equal(row(w, C_SYNC)->outlier_count, 0);
    /* 12 rounds: from the third smallest to the third largest */
    assert_near(row(w, C_SYNC)->work_ci_s.low, 0.102);
    assert_near(row(w, C_SYNC)->work_ci_s.high, 0.109);
}

TEST_WITH(a_control_that_misses_is_flagged, world_make, world_free, struct world *w)
{
    static const struct {
        int64_t control_ms;
        bool flagged;
    } table[] = {{100, false}, {101, false}, {103, true}, {97, true}, {130, true}};
    for (size_t i = 0; i < COUNT(table); i++) {
        cell_fill(&w->cells[C_CONTROL], table[i].control_ms, ROUNDS);
        world_summarise(w);
        assert_int_equal(w->summary.controls[0].flagged, table[i].flagged);
        assert_doubt(row(w, C_THREADS), table[i].flagged ? DOUBT_CONTROL : DOUBT_NONE);
        assert_doubt(row(w, PY_THREADS), DOUBT_NONE);
    }
}

TEST_WITH(seven_rounds_cannot_flag, world_make, world_free, struct world *w)
{
    cell_fill(&w->cells[C_CONTROL], 150, 7);
    world_summarise(w);
    assert_false(w->summary.controls[0].flagged);
    assert_true(isnan(w->summary.controls[0].low99) && !isnan(w->summary.controls[0].ratio.low));
}

/* Sixty groups' controls: with 12 rounds the least p-value is 2^-11, so 60 of them still pass the adjustment (0.029),
 * with 10 rounds (2^-9, 0.117) none could, and the interval decides alone. */
TEST_WITH(holm_adjusts_over_groups, world_make, world_free, struct world *w)
{
    for (int64_t rounds = 12; rounds >= 10; rounds -= 2) {
        world_clear(w, rounds);
        for (size_t g = 0; g < 60; g++) {
            group_add(w);
            cell_add(w, "c", "sync", ROLE_MODEL, 100);
            cell_add(w, "c", "sync", ROLE_CONTROL, g == 3 ? 120 : 100);
        }
        world_summarise(w);
        for (size_t g = 0; g < 60; g++)
            assert_int_equal(w->summary.controls[g].flagged, g == 3);
    }
}

/* -- words ------------------------------------------------------------------------------------------------------------------------ */

TEST_WITH(warnings_come_worst_first, world_make, world_free, struct world *w)
{
    cell_fill(&w->cells[C_CONTROL], 150, ROUNDS);
    cell_fill(&w->cells[C_THREADS], 1, ROUNDS);
    w->cells[PY_THREADS].status = CELL_TIMEOUT;
    w->cells[PY_THREADS].reason = strdup("60 s are over");
    world_summarise(w);
    struct warnings warnings;
    warnings_make(&warnings, &w->summary);
    static const enum warning_kind kinds[] = {WARNING_CONTROL, WARNING_FAILED};
    assert_int_equal(warnings.count, COUNT(kinds));
    for (size_t i = 0; i < warnings.count; i++)
        assert_int_equal(warnings.items[i].kind, kinds[i]);
    assert_string_equal(warnings.items[1].text, "count: py:threads: out of time, 60 s are over");
    warnings_free(&warnings);
}

TEST(numbers_have_three_digits)
{
    static const struct {
        double value;
        const char *ratio, *time;
    } table[] = {
        {0, "0e0x", "0 s"},
        {0.00001234, "1e-5x", "12.3 us"},
        {0.0123, "0.012x", "12.3 ms"},
        {0.00098, "0.001x", "980 us"},
        {0.099951, "0.100x", "100 ms"},
        {0.9854, "0.985x", "985 ms"},
        {0.99951, "1.00x", "1.00 s"},
        {1.944, "1.94x", "1.94 s"},
        {9.9951, "10.0x", "10.0 s"},
        {99.951, "100x", "100 s"},
        {1234.5, "1234x", "1234 s"},
        {123456, "123456x", "123456 s"},
        {NAN, "-", "-"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct format f;
        assert_string_equal(format_ratio(&f, table[i].value), table[i].ratio);
        assert_string_equal(format_time(&f, table[i].value), table[i].time);
    }
}

TEST(big_numbers_are_plain)
{
    struct plan_group group = {.kind = "io", .jobs = 100000, .workers = 100000, .ideal = 100000};
    char digits[TEXT_NUMBER_SIZE], *shape = format_shape(&group);
    assert_string_equal(shape, "100000 jobs on 100000 workers, ideal 100000x");
    free(shape);
    group.rate = 1e6;
    group.arrivals = "fixed";
    shape = format_shape(&group);
    assert_string_equal(shape, "100000 jobs at 1000000/s, fixed arrivals, on 100000 workers");
    free(shape);
    assert_string_equal(text_number(digits, 999.7), "1000");
    assert_string_equal(text_number(digits, -12345.6), "-12346");
    assert_string_equal(text_number(digits, 0.01234), "0.0123");
}

TEST(control_characters_do_not_reach_a_terminal)
{
    static const struct {
        const char *text;
        int width;
        const char *printed;
    } table[] = {
        {"abc", 5, "abc  "},
        {"abcdef", 4, "abc…"},
        {"ä≈x", 3, "ä≈x"},
        {"a\033[2Jb", 0, "a?[2Jb"},
        {"a\xc2\x9b"
         "31mb",
         0, "a?31mb"},
        {"\t\n\x7f", 0, "???"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        char *text;
        size_t length;
        FILE *out = text_open(&text, &length);
        format_put(out, table[i].text, table[i].width, false);
        text_close(out);
        assert_string_equal(text, table[i].printed);
        free(text);
    }
}

/* A quarter of a CPU each: 40 jobs that mostly wait gain no more than 8x on 2 CPUs. */
TEST_WITH(mixed_work_is_bound_by_the_cpus_over_its_share, world_make, world_free, struct world *w)
{
    w->results.plan = json_pack("{si}", "effective_cpus", 2);
    w->groups->kind = "mixed";
    w->groups->ideal = 40;
    for (size_t i = 0; i < ROUNDS; i++)
        w->cells[C_SYNC].samples[i].cpu_ns = w->cells[C_SYNC].samples[i].work_ns / 4 + 2 * MS;
    world_summarise(w);
    const struct summary_cell *threads = row(w, C_THREADS);
    assert_near(ideal_of(&w->summary, threads), 8);
    assert_true(limit_of(&w->summary, threads).measured);
    assert_near(limit_of(&w->summary, threads).gain, 200 / 110.0);
    w->cells[C_COPIES].status = CELL_FAILED;
    world_summarise(w);
    assert_false(limit_of(&w->summary, row(w, C_THREADS)).measured);
    assert_near(limit_of(&w->summary, row(w, C_THREADS)).gain, 8);
    w->groups->kind = "io";
    assert_near(ideal_of(&w->summary, row(w, C_THREADS)), 40);
    for (size_t i = 0; i < ROUNDS; i++) { /* jobs waited for one of five connections */
        w->cells[C_THREADS].samples[i].busy_ns = 2 * MS;
        w->cells[C_THREADS].samples[i].connection_wait_ns = MS;
        w->cells[C_THREADS].samples[i].connections = 5;
    }
    world_summarise(w);
    assert_near(row(w, C_THREADS)->connection_wait_share, 0.5);
    assert_near(ideal_of(&w->summary, row(w, C_THREADS)), 5);
    json_decref(w->results.plan);
}

/* -- jobs that need each other, and what they change in common ------------------------------------------------------------- */

static void cell_needs(struct result_cell *cell, int64_t work_ns, int64_t path_ns)
{
    for (size_t i = 0; i < cell->count; i++) {
        cell->samples[i].needed_work_ns = work_ns;
        cell->samples[i].needed_path_ns = path_ns;
    }
}

/* Copies of sync gain 1.82x. */
TEST_WITH(no_gain_is_held_against_more_than_the_critical_path_allows, world_make, world_free, struct world *w)
{
    world_summarise(w);
    assert_int_equal(w->summary.path_count, 0);
    assert_true(isnan(summary_parallelism(&w->summary, row(w, C_THREADS))));
    cell_needs(&w->cells[C_SYNC], 90 * MS, 60 * MS);
    world_summarise(w);
    assert_int_equal(w->summary.path_count, 1);
    assert_near(summary_parallelism(&w->summary, row(w, C_THREADS)), 1.5);
    assert_true(isnan(summary_parallelism(&w->summary, row(w, PY_THREADS)))); /* its own sync says nothing */
    assert_near(limit_of(&w->summary, row(w, C_THREADS)).gain, 1.5);
    assert_true(limit_of(&w->summary, row(w, C_THREADS)).path);
    cell_needs(&w->cells[C_SYNC], 90 * MS, 9 * MS); /* ten at once: the machine has less */
    world_summarise(w);
    assert_near(limit_of(&w->summary, row(w, C_THREADS)).gain, 200 / 110.0);
    assert_false(limit_of(&w->summary, row(w, C_THREADS)).path);
}

/* A chain: nothing overlaps, and that is no fault of the threads. */
TEST_WITH(a_chain_of_jobs_accuses_nobody, world_make, world_free, struct world *w)
{
    cell_fill(&w->cells[C_THREADS], 100, ROUNDS);
    for (size_t i = 0; i < ROUNDS; i++) {
        w->cells[C_THREADS].samples[i].in_flight_max = 1;
        w->cells[C_THREADS].samples[i].busy_ns = w->cells[C_THREADS].samples[i].work_ns;
    }
    world_summarise(w);
    assert_finding(row(w, C_THREADS), FINDING_NEVER_OVERLAPS);
    cell_needs(&w->cells[C_SYNC], 90 * MS, 90 * MS);
    world_summarise(w);
    assert_finding(row(w, C_THREADS), FINDING_NONE);
}

static void cell_audit(struct result_cell *cell, int64_t faulty, int64_t wrong)
{
    cell->audit = (struct result_audit){.runs = ROUNDS + 1, .faulty = faulty, .wrong = wrong, .of = 2000000};
    for (size_t i = 0; i < cell->count; i++)
        cell->samples[i].in_flight_max = 1; /* also of threads, by luck */
}

static const char *taken(const struct world *w, const char *runtime)
{
    struct ranking ranking;
    ranking_open(&ranking, &w->summary, &w->groups[0], runtime);
    const struct summary_cell *take = choice_of(&ranking).take;
    ranking_close(&ranking);
    return take != NULL ? take->cell->model : "none";
}

TEST_WITH(what_lost_updates_is_never_taken, world_make, world_free, struct world *w)
{
    cell_audit(&w->cells[C_SYNC], 0, 0);
    cell_audit(&w->cells[C_THREADS], 0, 0);
    world_summarise(w);
    assert_int_equal(row(w, C_THREADS)->audit, AUDIT_SOUND);
    assert_string_equal(taken(w, "c"), "threads");
    assert_near(row(w, C_THREADS)->change_rate, 2000000 / row(w, C_THREADS)->work_s);
    cell_audit(&w->cells[C_THREADS], 1, 12345); /* in one of 13 runs */
    world_summarise(w);
    assert_int_equal(row(w, C_THREADS)->audit, AUDIT_LOST);
    assert_doubt(row(w, C_THREADS), DOUBT_LOST);
    assert_int_equal(row(w, C_SYNC)->audit, AUDIT_SOUND); /* no two jobs of it were ever in flight at once */
    assert_string_equal(taken(w, "c"), "sync");
    assert_int_equal(row(w, PY_THREADS)->audit, AUDIT_NONE);
}

TEST_WITH(what_lost_none_proves_nothing_where_nothing_guards_it, world_make, world_free, struct world *w)
{
    cell_audit(&w->cells[C_SYNC], 0, 0);
    cell_audit(&w->cells[C_THREADS], 0, 0);
    json_object_set_new(w->groups[0].params, "lock", json_string("one"));
    world_summarise(w);
    assert_int_equal(row(w, C_THREADS)->audit, AUDIT_SOUND);
    json_object_set_new(w->groups[0].params, "lock", json_string("none"));
    world_summarise(w);
    assert_int_equal(row(w, C_THREADS)->audit, AUDIT_UNPROVEN);
    for (size_t i = 0; i < w->cells[C_SYNC].count; i++)
        w->cells[C_SYNC].samples[i].in_flight_max = -1;
    world_summarise(w);
    assert_int_equal(row(w, C_SYNC)->audit, AUDIT_SOUND); /* which runs one at a time, whether or not that was seen */
    assert_doubt(row(w, C_THREADS), DOUBT_UNGUARDED);
    assert_string_equal(taken(w, "c"), "sync");
    json_object_set_new(w->groups[0].params, "lock",
                        json_string("one")); /* of which another lost something all the same */
    cell_audit(&w->cells[PY_THREADS], 1, 1);
    cell_add(w, "c", "process-pool", ROLE_MODEL, 60);
    cell_audit(&w->cells[CELLS], 1, 1);
    world_summarise(w);
    assert_int_equal(row(w, C_THREADS)->audit, AUDIT_SOUND); /* neither that code nor that kind of lock */
    cell_add(w, "c", "thread-pool", ROLE_MODEL, 60);
    cell_audit(&w->cells[CELLS + 1], 1, 1);
    world_summarise(w);
    assert_int_equal(row(w, C_THREADS)->audit, AUDIT_UNPROVEN);
}

TEST(test_counts_for_people)
{
    static const struct {
        int64_t count;
        const char *text;
    } table[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {2000000, "2,000,000"}, {-12345, "-12,345"}, {-123, "-123"}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct format f;
        assert_string_equal(format_count(&f, table[i].count), table[i].text);
    }
}

TEST(test_the_median_round)
{
    struct sample samples[] = {{.round = 1, .whole_ns = 50},
                               {.round = 2, .whole_ns = 10},
                               {.round = 4, .whole_ns = 30},
                               {.round = 5, .whole_ns = 20}};
    struct result_cell cell = {.samples = samples, .count = 4};
    assert_int_equal(column_median_round(&cell, COLUMN(whole_ns)), 5);
    cell.count = 3;
    assert_int_equal(column_median_round(&cell, COLUMN(whole_ns)), 4);
    samples[0].latency_ns[LATENCY_P99] = 7;
    samples[1].latency_ns[LATENCY_P99] = 8;
    samples[2].latency_ns[LATENCY_P99] = 9;
    assert_int_equal(column_median_round(&cell, COLUMN(latency_ns[LATENCY_P99])), 2);
    cell.count = 0;
    assert_int_equal(column_median_round(&cell, COLUMN(whole_ns)), 0);
}
