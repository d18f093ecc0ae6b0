/* SPDX-License-Identifier: MIT */
/* A task's parameters from the command line, and what is said of those that are not allowed. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "host/contract.h"
#include "host/params.h"
#include "tests/fuzz/host_task.h"

static const struct cobench_task bare = {
    .contract = COBENCH_CONTRACT_VERSION, .name = "b", .about = "for tests", .default_jobs = 1, .run = task_run};

#define SETTINGS_MAX 4

/* Splits "key=value" words, as args.c does. */
static size_t settings_split(const char *const words[], struct setting out[SETTINGS_MAX])
{
    size_t count = 0;
    for (; words[count]; count++) {
        const size_t length = strcspn(words[count], "=");
        out[count] = (struct setting){words[count], length, words[count] + length + 1};
    }
    return count;
}

TEST(test_values)
{
    const char *const words[] = {"url=http://h/", "size=42", "check=status", NULL};
    struct setting settings[SETTINGS_MAX];
    struct cobench_error err;
    struct params params;
    const size_t count = settings_split(words, settings);
    assert_int_equal(params_open(&params, &task, settings, count, &err), 0);
    assert_int_equal(params.count, 5);
    assert_int_equal(params.values[0].number, 42);
    assert_string_equal(params.values[0].text, "42");
    assert_int_equal(params.values[1].number, 2);
    assert_string_equal(params.values[2].text, "the");
    const char *path = params.values[3].text;
    assert_int_equal(path[0], '/');
    assert_string_equal(path + strlen(path) - strlen("/data/words.txt"), "/data/words.txt");
    assert_string_equal(params.values[4].text, "http://h/");
    params_close(&params);
}

TEST(test_a_task_without_parameters)
{
    struct cobench_error err;
    struct params params;
    assert_int_equal(params_open(&params, &bare, NULL, 0, &err), 0);
    assert_null(params.values);
    params_close(&params);
}

TEST(test_refused)
{
    static const struct {
        const struct cobench_task *task;
        const char *words[SETTINGS_MAX];
        const char *message;
    } rows[] = {
        {&task, {"url=u", "size=12x"}, "--set size: '12x' is not a whole number"},
        {&task, {"url=u", "size="}, "--set size: '' is not a whole number"},
        {&task, {"url=u", "size=-4"}, "--set size=-4: must be -3..100"},
        {&task, {"url=u", "size=101"}, "--set size=101: must be -3..100"},
        {&task, {"url=u", "check=cr"}, "--set check=cr: must be one of auto, crc, status"},
        {&task, {"url=u", "check=crc|status"}, "--set check=crc|status: must be one of auto, crc, status"},
        {&task, {"url=u", "check="}, "--set check=: must be one of auto, crc, status"},
        {&task, {"url=u", "siz=1"}, "unknown parameter 'siz' of task 't' (it has: size, check, word, file, url)"},
        {&task, {"url=u", "size=1", "size=1"}, "--set size: given twice"},
        {&task, {"size=1"}, "parameter 'url' of task 't' has to be given: where to ask"},
        {&bare, {"size=1"}, "unknown parameter 'size' of task 'b' (it has none)"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct setting settings[SETTINGS_MAX];
        struct cobench_error err;
        struct params params;
        const size_t count = settings_split(rows[i].words, settings);
        assert_int_equal(params_open(&params, rows[i].task, settings, count, &err), -EINVAL);
        assert_string_equal(err.message, rows[i].message);
    }
}

TEST(test_contract)
{
    static const struct cobench_param no_choices[] = {{.key = "c", .type = COBENCH_PARAM_CHOICE, .about = ""}, {0}};
    static const struct cobench_param bad_default[] = {
        {.key = "n", .type = COBENCH_PARAM_INT, .fallback = "5", .min = 0, .max = 4, .about = ""}, {0}};
    static const struct cobench_param twice[] = {{.key = "n", .type = COBENCH_PARAM_TEXT, .about = ""},
                                                 {.key = "n", .type = COBENCH_PARAM_TEXT, .about = ""},
                                                 {0}};
    struct cobench_task rows[8];
    struct cobench_error err;
    for (size_t i = 0; i < 8; i++)
        rows[i] = bare;
    rows[0].contract++;
    rows[1].name = NULL;
    rows[2].run = NULL;
    rows[3].default_jobs = 0;
    rows[4].kind = (enum cobench_kind)9;
    rows[5].params = no_choices;
    rows[6].params = bad_default;
    rows[7].params = twice;
    for (size_t i = 0; i < 8; i++)
        if (contract_check(&rows[i], &err) != -EINVAL)
            fail_msg("row %zu passes", i);
    assert_int_equal(contract_check(&task, &err), 0);
    assert_int_equal(contract_check(&bare, &err), 0);
}
