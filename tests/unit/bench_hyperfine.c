/* SPDX-License-Identifier: MIT */
/* hyperfine's JSON in its three shapes (tests/data/hyperfine), what is none of them, and the quoting of commands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/files.h"
#include "bench/process/hyperfine.h"
#include "tests/unit/unit.h"

TEST(test_three_versions)
{
    static const struct {
        const char *path;
        struct timing expected;
    } table[] = {
        {"tests/data/hyperfine/1.15.json", {.wall_ns = 1234500, .user_ns = 400000, .system_ns = 500000, .exit = 0}},
        {"tests/data/hyperfine/1.19.json",
         {.wall_ns = 250000000, .user_ns = 1000000, .system_ns = 2000000, .exit = 137}},
        {"tests/data/hyperfine/2.0.json", {.wall_ns = 2100000, .user_ns = 700000, .system_ns = 1100000, .exit = 1}},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        char *text = NULL;
        size_t length;
        struct timing got;
        struct error err = {.text = ""};
        assert_int_equal(file_read(table[i].path, 1 << 20, &text, &length), 0);
        assert_int_equal(hyperfine_parse(text, length, &got, &err), 0);
        assert_int_equal(got.wall_ns, table[i].expected.wall_ns);
        assert_int_equal(got.user_ns, table[i].expected.user_ns);
        assert_int_equal(got.system_ns, table[i].expected.system_ns);
        assert_int_equal(got.exit, table[i].expected.exit);
        free(text);
    }
}

TEST(test_what_is_no_result)
{
    static const char *const table[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"results\": []}",
        "{\"results\": [1]}",
        "{\"results\": [{\"times\": []}]}",
        "{\"results\": [{\"times\": [1, 2]}]}",
        "{\"results\": [{\"times\": [-1]}]}",
        "{\"results\": [{\"times\": [\"1\"]}]}",
        "{\"results\": [{\"times\": [1e300]}]}",
        "{\"results\": [{\"times\": [1]}, {\"times\": [1]}]}",
        "{\"results\": [{\"measurements\": []}]}",
        "{\"results\": [{\"measurements\": [{\"time_wall_clock\": {\"value\": 1, \"unit\": \"parsec\"}}]}]}",
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct timing got;
        struct error err = {.text = ""};
        assert_int_equal(hyperfine_parse(table[i], strlen(table[i]), &got, &err), -EINVAL);
        assert_string_not_equal(err.text, "");
    }
}

TEST(test_units_and_missing_parts)
{
    static const char text[] = "{\"results\": [{\"measurements\": [{\"time_wall_clock\": {\"value\": 2.5, \"unit\": "
                               "\"millisecond\"}}]}]}";
    struct timing got;
    struct error err;
    assert_int_equal(hyperfine_parse(text, sizeof text - 1, &got, &err), 0);
    assert_int_equal(got.wall_ns, 2500000);
    assert_int_equal(got.user_ns, -1);
    assert_int_equal(got.exit, -1);
}

TEST(test_quoting)
{
    static const struct {
        const char *word, *quoted;
    } table[] = {
        {"plain-1.2/x=y", "plain-1.2/x=y"},
        {"", "''"},
        {"a b", "'a b'"},
        {"it's", "'it'\\''s'"},
        {"\"q\"", "'\"q\"'"},
        {"$HOME", "'$HOME'"},
        {"a\\b", "'a\\b'"},
        {"{job}", "'{job}'"},
        {"l\xc3\xa4nge", "'l\xc3\xa4nge'"},
        {"new\nline", "'new\nline'"},
        {"'", "''\\'''"},
        {"#x", "'#x'"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct string_list w = {NULL, 0};
        string_list_add(&w, table[i].word);
        char *line = string_list_quote(&w);
        assert_string_equal(line, table[i].quoted);
        free(line);
        string_list_free(&w);
    }
}

TEST(test_the_call)
{
    struct string_list command = {NULL, 0}, call = {NULL, 0};
    string_list_add(&command, "/a b/host");
    string_list_add(&command, "run");
    hyperfine_argv(&call, &command, "/t/x.json");
    char *line = string_list_join(&call, "|");
    assert_string_equal(line,
                        "hyperfine|-N|-i|--runs|1|--warmup|0|--style|none|--export-json|/t/x.json|'/a b/host' run");
    free(line);
    string_list_free(&command);
    string_list_free(&call);
}
