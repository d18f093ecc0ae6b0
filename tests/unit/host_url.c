/* SPDX-License-Identifier: MIT */
/* URL templates: what is filled in, and what is refused. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "c_impl/tasks/lib/url.c" /* a task's own part, in no library */

static const struct cobench_param params[] = {
    {.key = "url", .type = COBENCH_PARAM_URL},
    {.key = "size", .type = COBENCH_PARAM_INT, .max = 1000000},
    {.key = "word", .type = COBENCH_PARAM_TEXT},
    {.key = NULL},
};
static const struct cobench_task task = {.name = "test", .params = params};

static int fill(struct url *url, const char *template, uint64_t jobs, struct cobench_error *err)
{
    const struct cobench_value values[] = {{.text = template}, {.text = "0123", .number = 123}, {.text = "a{job}b"}};
    const struct cobench_open how = {.task = &task, .values = values, .jobs = jobs};
    *err = (struct cobench_error){0};
    return url_fill(url, &how, 0, err);
}

static const struct {
    const char *template;
    uint64_t job;
    const char *url;
} fills[] = {
    {"http://h/", 0, "http://h/"},
    {"", 0, ""},
    {"http://h/{job}", 0, "http://h/0"},
    {"http://h/{job}", 99, "http://h/99"},
    {"{job}", 18446744073709551614u, "18446744073709551614"},
    {"http://h/body/{job}?size={size}", 7, "http://h/body/7?size=123"},
    {"{job}{job}x{job}", 10, "1010x10"},
    {"{size}{job}{size}", 5, "1235123"},
    {"http://h/{word}", 3, "http://h/a{job}b"}, /* a value is not filled in again */
    {"http://h/}x", 3, "http://h/}x"},
};

TEST(test_fills)
{
    struct url url;
    struct cobench_error err;
    char out[COBENCH_URL_MAX];
    for (size_t i = 0; i < COUNT(fills); i++) {
        assert_int_equal(fill(&url, fills[i].template, fills[i].job + 1, &err), 0);
        assert_int_equal(url_write(&url, fills[i].job, out, &err), 0);
        assert_string_equal(out, fills[i].url);
    }
}

static const struct {
    const char *template;
    const char *message;
} refusals[] = {
    {"http://h/{siez}", "url: {siez} is neither {job} nor a parameter of the task"},
    {"http://h/{}", "url: {} is neither {job} nor a parameter of the task"},
    {"http://h/{url}", "url: {url} is neither {job} nor a parameter of the task"},
    {"http://h/{{job}}", "url: {{job} is neither {job} nor a parameter of the task"},
    {"http://h/{size", "url: no } after {size"},
    {"http://h/{", "url: no } after {"},
};

TEST(test_refusals)
{
    struct url url;
    struct cobench_error err;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        assert_int_equal(fill(&url, refusals[i].template, 1, &err), -EINVAL);
        assert_string_equal(err.message, refusals[i].message);
        assert_string_equal(err.type, "ValueError");
    }
}

/* `plain` letters, then `jobs` times {job}. */
static char *template_of(size_t plain, size_t jobs)
{
    char *text = calloc(plain + jobs * 5 + 1, 1);
    assert_non_null(text);
    memset(text, 'x', plain);
    for (size_t i = 0; i < jobs; i++)
        memcpy(text + plain + i * 5, "{job}", 5);
    return text;
}

static const struct {
    size_t plain, cuts;
    uint64_t jobs;
    int rc;
} lengths[] = {
    {2047, 0, 1, 0},
    {2048, 0, 1, -ENAMETOOLONG},
    {5000, 0, 1, -ENAMETOOLONG},
    {2046, 1, 10, 0},
    {2046, 1, 11, -ENAMETOOLONG}, /* job 10 takes two digits */
    {0, 2047, 1, 0},
    {0, 2047, 11, -ENAMETOOLONG},
    {0, 2048, 1, -ENAMETOOLONG},
    {0, 9000, 1, -ENAMETOOLONG},
};

TEST(test_lengths)
{
    struct url url;
    struct cobench_error err;
    char out[COBENCH_URL_MAX];
    for (size_t i = 0; i < COUNT(lengths); i++) {
        char *text = template_of(lengths[i].plain, lengths[i].cuts);
        assert_int_equal(fill(&url, text, lengths[i].jobs, &err), lengths[i].rc);
        if (lengths[i].rc) {
            assert_string_equal(err.message, "url: longer than 2047 bytes");
        } else {
            assert_int_equal(url_write(&url, lengths[i].jobs - 1, out, &err), 0);
            assert_int_equal(strlen(out), 2047);
        }
        free(text);
    }
}
