/* SPDX-License-Identifier: MIT */
/* The open loop over made-up slots: what a stall does to the p99 of each loop, and which rates count as kept. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/protocol/open_loop.h"
#include "common/clock.h"
#include "tests/unit/unit.h"

#define GATE (100 * NS_PER_S)
#define MS   NS_PER_MS

/* Jobs that take `service_ns` each, of which a server that stands still for `stall_ns` from `stall_at` on answers none
 * meanwhile; `workers` at once. With a rate they come on schedule, else as workers are free. */
struct scene {
    uint64_t jobs;
    unsigned workers;
    double rate;
    int64_t service_ns, stall_at, stall_ns;
};

enum { WORKERS_MAX = 64 };

static struct slots_view scene_play(const struct scene *scene)
{
    struct slot *slots = calloc(scene->jobs, sizeof *slots);
    int64_t free_at[WORKERS_MAX];
    struct arrivals_walk walk = {.arrivals = {.rate = scene->rate, .kind = ARRIVALS_FIXED}};
    for (unsigned w = 0; w < scene->workers; w++)
        free_at[w] = GATE;
    for (uint64_t job = 0; job < scene->jobs; job++) {
        struct slot *s = &slots[job];
        unsigned first = 0;
        for (unsigned w = 1; w < scene->workers; w++)
            first = free_at[w] < free_at[first] ? w : first;
        s->due_ns = scene->rate > 0 ? GATE + arrivals_next(&walk) : 0;
        s->start_ns = free_at[first] > s->due_ns ? free_at[first] : s->due_ns;
        s->end_ns = s->start_ns + scene->service_ns;
        const int64_t from = GATE + scene->stall_at, to = from + scene->stall_ns;
        if (s->end_ns > from && s->start_ns < to)
            s->end_ns = s->start_ns < from ? s->end_ns + scene->stall_ns : to + scene->service_ns;
        free_at[first] = s->end_ns;
        s->state = SLOT_DONE;
        s->runs = 1;
    }
    return (struct slots_view){.slots = slots, .jobs = scene->jobs};
}

static void scene_end(struct slots_view *view) { free((void *)(uintptr_t)view->slots); }

/* 2,000 jobs of 4 ms on 4 workers, that is 1,000 a second at most; 200 ms once. In the closed loop 4 jobs meet the stall,
 * which is 0.2% and above the p99; at 500 a second 100 arrive in it, which is 5%. */
TEST(test_a_stall_shows_in_the_open_loop_only)
{
    const struct scene closed = {2000, 4, 0, 4 * MS, 700 * MS, 200 * MS},
                       open = {2000, 4, 500, 4 * MS, 700 * MS, 200 * MS};
    struct slots_latency in_closed, in_open;
    struct open_loop found;
    struct slots_view view = scene_play(&closed);
    slots_latency(&view, &in_closed);
    scene_end(&view);
    view = scene_play(&open);
    slots_latency(&view, &in_open);
    open_loop_measure(&view, &found);
    scene_end(&view);
    assert_int_equal(in_closed.p99, 4 * MS);
    assert_int_equal(in_closed.max, 204 * MS);
    assert_true(in_open.p99 > 150 * MS && in_open.p99 <= 204 * MS);
    assert_int_equal(in_open.p50, 4 * MS);
    assert_true(found.kept); /* the stall is over: the queue it left is worked off */
    assert_true(found.late.p99 > 100 * MS && found.late.p50 == 0);
    assert_true(fabs(open_loop_rate(2000, found.ends_ns) - 500) < 1);
}

TEST(test_which_rates_are_kept)
{
    static const struct {
        struct scene scene;
        bool kept;
    } rows[] = {
        {{1000, 4, 990, 4 * MS, 0, 0}, true},  /* 1,000 a second can be done */
        {{1000, 4, 1040, 4 * MS, 0, 0}, true}, /* 4% too much is within the bound of 5% */
        {{1000, 4, 1080, 4 * MS, 0, 0}, false},
        {{1000, 1, 1000, 4 * MS, 0, 0}, false},
        {{1000, 1, 1000, 1 * MS, 500 * MS, 100 * MS}, false}, /* just kept but for a stall that is never made good */
        {{10, 1, 1000, 2 * MS, 0, 0}, true},                  /* the last one waits 9 ms: too short to tell */
        {{1, 1, 1000, 2 * MS, 0, 0}, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slots_view view = scene_play(&rows[i].scene);
        struct open_loop found;
        open_loop_measure(&view, &found);
        if (found.kept != rows[i].kept)
            fail_msg("row %zu: drift %lld ns of %lld ns", i, (long long)found.drift_ns, (long long)found.span_ns);
        scene_end(&view);
    }
}

TEST(test_an_overloaded_rate_is_told_with_numbers)
{
    const struct scene scene = {2000, 4, 2000, 4 * MS, 0, 0}; /* twice what can be done */
    struct slots_view view = scene_play(&scene);
    struct open_loop found;
    open_loop_measure(&view, &found);
    assert_true(fabs(open_loop_rate(2000, found.span_ns) - 2000) < 0.1);
    assert_true(fabs(open_loop_rate(2000, found.ends_ns) - 1000) < 2);
    assert_true(llabs(found.drift_ns - 900 * MS) < 5 * MS); /* the last tenth came at 0.95 s of 1 s and left at 1.9 s */
    assert_false(found.kept);
    json_t *json = open_loop_json(&found);
    assert_true(json_is_false(json_object_get(json, "kept")));
    assert_true(fabs(json_real_value(json_object_get(json, "achieved_rate")) - 1000) < 2);
    json_decref(json);
    scene_end(&view);
}

TEST(test_one_job_has_no_rate)
{
    const struct scene scene = {1, 1, 5, MS, 0, 0};
    struct slots_view view = scene_play(&scene);
    struct open_loop found;
    open_loop_measure(&view, &found);
    json_t *json = open_loop_json(&found);
    assert_true(json_is_null(json_object_get(json, "offered_rate")) &&
                json_is_null(json_object_get(json, "achieved_rate")));
    json_decref(json);
    scene_end(&view);
}

TEST(test_a_schedule_that_is_another_one)
{
    const struct scene scene = {50, 2, 100, MS, 0, 0};
    struct slots_view view = scene_play(&scene);
    struct slot *slots = (struct slot *)(uintptr_t)view.slots;
    const struct arrivals right = {.rate = 100, .kind = ARRIVALS_FIXED}, wrong = {.rate = 101, .kind = ARRIVALS_FIXED};
    struct error err;
    assert_int_equal(open_loop_check(&view, &right, GATE, &err), 0);
    assert_int_equal(open_loop_check(&view, &right, GATE + 1, &err), -EBADMSG);
    assert_string_equal(err.text, "job 0 was due -1 ns off the schedule");
    assert_int_equal(open_loop_check(&view, &wrong, GATE, &err), -EBADMSG);
    slots[7].due_ns += 3;
    assert_int_equal(open_loop_check(&view, &right, GATE, &err), -EBADMSG);
    assert_string_equal(err.text, "job 7 was due 3 ns off the schedule");
    slots[7].due_ns -= 3;
    slots[8].start_ns = slots[8].due_ns - 1;
    assert_int_equal(slots_check(&view, &err), -EBADMSG);
    assert_string_equal(err.text, "job 8 began before it was due");
    scene_end(&view);
}
