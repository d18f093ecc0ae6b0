/* SPDX-License-Identifier: MIT */
/* A sample of a server as a line of the journal, there and back. */
#include <stdlib.h>
#include <string.h>

#include "bench/store/serving.h"
#include "tests/unit/unit.h"

static struct serving_sample sample_of(void)
{
    struct serving_sample s = {
        .ready_ns = 5, .workers = 2, .requests = 900, .most = 600, .refused = -1, .load_count = 2};
    s.loads[0] = (struct serving_load){
        .requests = 500, .answered = 500, .span_ns = 1000, .p50_ns = 1, .p99_ns = 2, .p999_ns = 3, .server_cpu_ns = -1};
    s.loads[1] = (struct serving_load){.percent = 120,
                                       .gap_ns = 2,
                                       .requests = 500,
                                       .answered = 400,
                                       .timed_out = 60,
                                       .refused = 40,
                                       .span_ns = 1000,
                                       .p50_ns = 4,
                                       .p99_ns = 5,
                                       .p999_ns = 6};
    s.idle_count = 2;
    s.idle[1] = (struct serving_idle){10, 4096};
    return s;
}

/* Through the scanner, which reads it as jansson does. */
static void read_back(json_t *object, struct serving_sample *out)
{
    json_t *line = json_pack("{so}", "serving", object);
    char *text = json_dumps(line, JSON_COMPACT);
    struct json_line parsed = {.fields = NULL};
    json_error_t problem;
    assert_int_equal(json_line_parse(&parsed, text, strlen(text), &problem), 0);
    assert_null(parsed.tree);
    serving_read(json_field_get(parsed.fields, "serving"), out);
    json_line_free(&parsed);
    json_decref(line);
    free(text);
}

TEST(test_there_and_back)
{
    const struct serving_sample s = sample_of();
    struct serving_sample back;
    read_back(serving_json(&s), &back);
    assert_memory_equal(&back, &s, sizeof s);
}

TEST(test_what_is_missing_is_not_known)
{
    struct serving_sample back;
    read_back(json_pack("{s{s{sss{}}}}", "loads", "0", "answered", "many", "2"), &back);
    assert_int_equal(back.ready_ns, -1);
    assert_int_equal(back.load_count, 1); /* a gap ends them */
    assert_int_equal(back.loads[0].answered, -1);
    assert_int_equal(back.idle_count, 0);
    serving_read(NULL, &back);
    assert_int_equal(back.load_count, 0);
}
