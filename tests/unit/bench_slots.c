/* SPDX-License-Identifier: MIT */
/* The slots file as the driver reads it: what is a sound one, which job is the first that is not, digest, quantiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/slots.h"

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

static void test_sound(void **state)
{
    struct image *m = *state;
    struct slots_view view;
    struct slots_latency latency;
    struct error err = {.text = ""};
    uint64_t expected = 0;
    assert_int_equal(slots_parse(m->bytes, BYTES, JOBS, &view, &err), 0);
    assert_int_equal(slots_check(&view, &err), 0);
    for (uint64_t i = 0; i < JOBS; i++)
        expected += splitmix64(i ^ splitmix64(i * 7));
    assert_true(slots_digest(&view) == expected);
    assert_int_equal(slots_latency(&view, &latency), 0);
    assert_int_equal(latency.p50, 5);
    assert_int_equal(latency.p90, 9);
    assert_int_equal(latency.p99, 10);
    assert_int_equal(latency.max, 10);
    uint64_t *results = slots_results(&view);
    assert_int_equal(slots_first_difference(&view, results), JOBS);
    results[4]++;
    assert_int_equal(slots_first_difference(&view, results), 4);
    free(results);
}

static void test_swapped_results_change_the_digest(void **state)
{
    struct image *m = *state;
    struct slots_view view;
    struct error err;
    assert_int_equal(slots_parse(m->bytes, BYTES, JOBS, &view, &err), 0);
    const uint64_t before = slots_digest(&view);
    m->slots[2].result = 21;
    m->slots[3].result = 14;
    assert_true(slots_digest(&view) != before);
}

static void test_the_first_bad_job(void **state)
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
    };
    struct image *m = *state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct slots_view view;
        struct error err = {.text = ""};
        m->slots[7] = table[i].slot;
        m->slots[8] = (struct slot){.state = SLOT_EMPTY};
        assert_int_equal(slots_parse(m->bytes, BYTES, JOBS, &view, &err), 0);
        assert_int_equal(slots_check(&view, &err), -EBADMSG);
        assert_string_equal(err.text, table[i].said);
    }
}

static void test_what_is_no_slots_file(void **state)
{
    struct image *m = *state;
    struct slots_view view;
    struct error err;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sound, image_new, image_free),
        cmocka_unit_test_setup_teardown(test_swapped_results_change_the_digest, image_new, image_free),
        cmocka_unit_test_setup_teardown(test_the_first_bad_job, image_new, image_free),
        cmocka_unit_test_setup_teardown(test_what_is_no_slots_file, image_new, image_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
