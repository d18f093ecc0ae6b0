/* SPDX-License-Identifier: MIT */
/* The slots file as the driver reads it: what is a sound one, which job is the first that is not, digest, quantiles. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/protocol/slots.h"
#include "tests/unit/unit.h"

static struct error err; /* what was said last */

enum { JOBS = 10, BYTES = SLOTS_HEADER_BYTES + JOBS * sizeof(struct slot) };

struct image {
    struct slots_header *header;
    struct slot *slots;
    void *bytes;
};

static int image_new(void **state)
{
    struct image *m = malloc(sizeof *m);
    m->bytes = calloc(1, BYTES);
    m->header = m->bytes;
    m->slots = (void *)((char *)m->bytes + SLOTS_HEADER_BYTES);
    *m->header = (struct slots_header){
        .version = SLOTS_VERSION, .header_bytes = SLOTS_HEADER_BYTES, .slot_bytes = sizeof(struct slot), .jobs = JOBS};
    memcpy(m->header->magic, SLOTS_MAGIC, sizeof m->header->magic);
    for (int i = 0; i < JOBS; i++)
        m->slots[i] = (struct slot){
            .result = (uint64_t)i * 7, .start_ns = 100, .end_ns = 100 + (JOBS - i), .state = SLOT_DONE, .runs = 1};
    *state = m;
    return 0;
}

static int image_free(void **state)
{
    struct image *m = *state;
    free(m->bytes);
    free(m);
    return 0;
}

TEST_WITH(test_sound, image_new, image_free, struct image *m)
{
    struct slots_view view;
    struct slots_latency latency;
    uint64_t expected = 0;
    assert_int_equal(slots_parse(m->bytes, BYTES, JOBS, &view, &err), 0);
    assert_int_equal(slots_check(&view, &err), 0);
    for (uint64_t i = 0; i < JOBS; i++)
        expected += splitmix64(i ^ splitmix64(i * 7));
    assert_true(slots_digest(&view) == expected);
    slots_latency(&view, &latency);
    assert_int_equal(latency.p50, 5);
    assert_int_equal(latency.p90, 9);
    assert_int_equal(latency.p99, 10);
    assert_int_equal(latency.max, 10);
    uint64_t *results = slots_results(&view);
    assert_int_equal(slots_tell_difference(&view, results, "c:sync", &err), -ENOENT);
    free(results);
}

TEST_WITH(test_differences_are_named, image_new, image_free, struct image *m)
{
    static const struct {
        struct {
            uint64_t job;
            uint64_t result;
        } changes[3];
        const char *said;
    } table[] = {
        {{{4, 42}}, "job 4 gave 42, but 28 in py:sync"},
        {{{0, 1}}, "job 0 gave 1, but 0 in py:sync"},
        {{{9, 1}}, "job 9 gave 1, but 63 in py:sync"},
        {{{2, 21}, {3, 14}}, "jobs 2 and 3 gave each other's results"},
        {{{0, 63}, {9, 0}}, "jobs 0 and 9 gave each other's results"},
        {{{2, 21}, {3, 15}}, "job 2 gave 21, but 14 in py:sync; 1 more differs"},
        {{{2, 21}, {3, 14}, {7, 1}}, "job 2 gave 21, but 14 in py:sync; 2 more differ"},
    };
    struct slots_view view;
    assert_int_equal(slots_parse(m->bytes, BYTES, JOBS, &view, &err), 0);
    uint64_t *expected = slots_results(&view);
    const uint64_t digest = slots_digest(&view);
    for (size_t i = 0; i < COUNT(table); i++) {
        for (int c = 0; c < 3 && table[i].changes[c].result != table[i].changes[c].job * 7; c++)
            m->slots[table[i].changes[c].job].result = table[i].changes[c].result;
        assert_true(slots_digest(&view) != digest);
        assert_int_equal(slots_tell_difference(&view, expected, "py:sync", &err), 0);
        assert_string_equal(err.text, table[i].said);
        for (int job = 0; job < JOBS; job++)
            m->slots[job].result = expected[job];
    }
    free(expected);
}

TEST_WITH(test_the_first_bad_jobs, image_new, image_free, struct image *m)
{
    static const struct {
        struct slot slot;
        const char *said;
    } table[] = {
        {{.state = SLOT_DONE, .runs = 2}, "job 7 was done twice"},
        {{.state = SLOT_DONE, .runs = 5}, "job 7 was done 5 times"},
        {{.state = SLOT_EMPTY, .runs = 0}, "job 7 was never done"},
        {{.state = SLOT_DONE, .runs = 0}, "job 7 was never done"},
        {{.state = SLOT_FAILED, .runs = 1}, "job 7 failed"},
        {{.state = SLOT_RUNNING, .runs = 1}, "job 7 was begun and never done"},
        {{.state = 77, .runs = 1}, "job 7 was begun and never done"},
        {{.state = SLOT_DONE, .runs = 1, .start_ns = 5, .end_ns = 4}, "job 7 ended before it began"},
        {{.state = SLOT_DONE, .runs = 1, .start_ns = INT64_MIN, .end_ns = INT64_MAX}, "job 7 ended before it began"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct slots_view view;
        m->slots[7] = table[i].slot;
        assert_int_equal(slots_parse(m->bytes, BYTES, JOBS, &view, &err), 0);
        assert_int_equal(slots_check(&view, &err), -EBADMSG);
        assert_string_equal(err.text, table[i].said);
    }
    struct slots_view view;
    assert_int_equal(slots_parse(m->bytes, BYTES, JOBS, &view, &err), 0);
    m->slots[7] = (struct slot){.state = SLOT_DONE, .runs = 2};
    m->slots[8] = (struct slot){.state = SLOT_EMPTY};
    assert_int_equal(slots_check(&view, &err), -EBADMSG);
    assert_string_equal(err.text, "job 7 was done twice; job 8 was never done");
    memset(m->slots, 0, JOBS * sizeof *m->slots);
    assert_int_equal(slots_check(&view, &err), -EBADMSG);
    assert_string_equal(
        err.text, "job 0 was never done; job 1 was never done; job 2 was never done; 0 of 10 jobs were done once");
}

TEST_WITH(test_what_is_no_slots_file, image_new, image_free, struct image *m)
{
    struct slots_view view;
    assert_int_equal(slots_parse(m->bytes, 0, JOBS, &view, &err), -EINVAL);
    assert_int_equal(slots_parse(m->bytes, SLOTS_HEADER_BYTES, JOBS, &view, &err), -EINVAL);
    assert_int_equal(slots_parse(m->bytes, BYTES - 1, JOBS, &view, &err), -EINVAL);
    assert_int_equal(slots_parse(m->bytes, BYTES, JOBS + 1, &view, &err), -EINVAL);
    assert_string_equal(err.text, "the slots file has 10 jobs, not 11");
    m->header->jobs = UINT64_MAX;
    assert_int_equal(slots_parse(m->bytes, BYTES, UINT64_MAX, &view, &err), -EINVAL);
    m->header->jobs = JOBS;
    m->header->version++;
    assert_int_equal(slots_parse(m->bytes, BYTES, JOBS, &view, &err), -EINVAL);
    m->header->version--;
    m->header->magic[0] = 'x';
    assert_int_equal(slots_parse(m->bytes, BYTES, JOBS, &view, &err), -EINVAL);
}
