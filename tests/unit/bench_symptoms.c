/* SPDX-License-Identifier: MIT */
/* Jobs in flight from made-up stamps and stamps that cannot be. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/protocol/slots.h"
#include "common/clock.h"
#include "tests/unit/unit.h"

enum { JOBS_MAX = 6 };

static struct slots_view view_of(struct slot *slots, uint64_t jobs)
{
    return (struct slots_view){.slots = slots, .jobs = jobs};
}

TEST(test_in_flight)
{
    static const struct {
        uint64_t jobs;
        int64_t stamps[JOBS_MAX][2];
        struct {
            int64_t most, busy_ns;
        } expected;
    } table[] = {
        {1, {{10, 20}}, {1, 10}},
        {1, {{10, 10}}, {1, 0}},
        {3, {{10, 20}, {20, 30}, {30, 40}}, {1, 30}}, /* one ends as the next begins */
        {3, {{10, 20}, {19, 30}, {30, 40}}, {2, 31}},
        {3, {{30, 40}, {20, 30}, {10, 20}}, {1, 30}}, /* handed out from the last to the first */
        {4, {{10, 50}, {20, 30}, {25, 40}, {30, 35}}, {3, 70}},
        {4, {{10, 50}, {10, 50}, {10, 50}, {10, 50}}, {4, 160}},
        {2, {{1, INT64_MAX}, {1, INT64_MAX}}, {2, -1}}, /* more than can be summed */
        {3, {{1, INT64_MAX}, {1, INT64_MAX}, {1, 2}}, {3, -1}},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct slot slots[JOBS_MAX] = {{0}};
        for (uint64_t j = 0; j < table[i].jobs; j++)
            slots[j] = (struct slot){
                .start_ns = table[i].stamps[j][0], .end_ns = table[i].stamps[j][1], .waited_us = 3};
        const struct slots_view view = view_of(slots, table[i].jobs);
        struct slots_in_flight got;
        slots_count_in_flight(&view, false, &got);
        assert_int_equal(got.most, table[i].expected.most);
        assert_int_equal(got.busy_ns, table[i].expected.busy_ns);
        assert_int_equal(got.waited_ns, 3000 * table[i].jobs);
    }
}

/* Job 0 needs job 1, which runs in the middle of it, as under sync; job 2 asks for nothing. */
TEST(test_a_job_is_not_in_flight_while_it_waits_for_jobs)
{
    const struct slot slots[] = {{.start_ns = 10, .replied_ns = 40, .end_ns = 50},
                                 {.start_ns = 12, .end_ns = 38},
                                 {.start_ns = 50, .end_ns = 60}};
    const struct slots_view view = {.slots = slots, .jobs = COUNT(slots)};
    struct slots_in_flight nested, waiting;
    slots_count_in_flight(&view, true, &nested);
    assert_int_equal(nested.most, 1);
    assert_int_equal(nested.busy_ns, 10 + 26 + 10);
    slots_count_in_flight(&view, false, &waiting); /* waiting for anything else it is */
    assert_int_equal(waiting.most, 2);
    assert_int_equal(waiting.busy_ns, 40 + 26 + 10);
}

TEST(test_too_many_jobs_are_not_sorted)
{
    struct slot slot = {0};
    const struct slots_view view = view_of(&slot, SLOTS_SORTED_MAX + 1);
    struct slots_in_flight got;
    slots_count_in_flight(&view, false, &got);
    assert_int_equal(got.most, -1);
    assert_int_equal(got.busy_ns, -1);
}

TEST(test_stamps_outside_the_work)
{
    static const struct {
        int64_t start, end;
        const char *said; /* NULL: sound */
    } table[] = {
        {1000000, 9000000, NULL},
        {1500000, 1500000, NULL},
        {999999, 2000000, "job 1 began 0.000 ms before the gate opened"},
        {-4000000, 2000000, "job 1 began 5.000 ms before the gate opened"},
        {2000000, 11500000, "job 1 ended 2.500 ms after the end of the work"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct slot slots[] = {{.start_ns = 1000000, .end_ns = 9000000},
                               {.start_ns = table[i].start, .end_ns = table[i].end}};
        const struct slots_view view = view_of(slots, 2);
        struct error err = {.text = ""};
        assert_int_equal(slots_check_times(&view, 1000000, 9000000, &err), table[i].said == NULL ? 0 : -EBADMSG);
        assert_string_equal(err.text, table[i].said == NULL ? "" : table[i].said);
    }
}
