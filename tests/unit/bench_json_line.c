/* SPDX-License-Identifier: MIT */
/* The scanner of journal lines against jansson: it may leave a line to jansson, but what it takes jansson takes too and
 * reads alike. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/json_line.h"
#include "tests/unit/unit.h"

static const char whole[] = "{\"sample\":1,\"pass\":\"timed\",\"round\":3,\"order\":17,\"cell\":3,\"status\":\"ok\","
                            "\"reason\":null,\"at\":1760000000.125,"
                            "\"whole_ns\":-12,\"exit\":0,\"phases\":{\"start\":1,\"ready\":{},\"end\":[1,[2,{\"a\":"
                            "true}],\"x\"]},\"last\":false, \"n\" : [ ] }\n";

/* Field by field: name, kind, value. */
static bool same(const struct json_line *a, const struct json_line *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct json_field *x = &a->fields[i], *y = &b->fields[i];
        if (x->kind != y->kind || x->inside != y->inside || x->key_length != y->key_length ||
            x->text_length != y->text_length || (x->kind == JSON_INTEGER && x->integer != y->integer) ||
            (x->key != NULL && memcmp(x->key, y->key, x->key_length) != 0) ||
            (x->text != NULL && memcmp(x->text, y->text, x->text_length) != 0))
            return false;
    }
    return true;
}

/* Returns what the scanner said. */
static bool compare_with_jansson(const char *text, size_t length)
{
    struct json_line fast = {.fields = NULL}, slow = {.fields = NULL};
    json_error_t problem;
    const bool scanned = json_line_scan(&fast, text, length);
    if (scanned) {
        json_t *tree = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
        json_t *lax = json_loadb(text, length, 0, &problem);
        if (!json_is_object(lax))
            print_error("taken, but %s: %.*s\n", problem.text, (int)length, text);
        assert_true(json_is_object(lax));
        json_decref(lax);
        if (tree != NULL) { /* of a name given twice jansson keeps one, the scanner both */
            json_line_convert(&slow, tree);
            assert_true(same(&fast, &slow));
        }
    }
    json_line_free(&fast);
    json_line_free(&slow);
    return scanned;
}

TEST(test_lines_one_by_one)
{
    static const struct {
        const char *text;
        bool scanned; /* by the scanner alone */
        int parsed;   /* by either */
    } table[] = {
        {whole, 1, 0},
        {"{}", 1, 0},
        {" \t\r\n{ \"a\" : 1 , \"b\" : { } } ", 1, 0},
        {"{\"a\":999999999999999999}", 1, 0},
        {"{\"a\":-999999999999999999}", 1, 0},
        {"{\"a\":9223372036854775807}", 0, 0},
        {"{\"a\":9223372036854775808}", 0, -EINVAL},
        {"{\"a\":1e3}", 0, 0},
        {"{\"a\":1e999}", 0, -EINVAL},
        {"{\"a\":-0}", 1, 0},
        {"{\"a\":01}", 0, -EINVAL},
        {"{\"a\":1.}", 0, -EINVAL},
        {"{\"a\":.5}", 0, -EINVAL},
        {"{\"a\":+1}", 0, -EINVAL},
        {"{\"a\":-}", 0, -EINVAL},
        {"{\"a\":NaN}", 0, -EINVAL},
        {"{\"a\":\"x\\n\"}", 0, 0},
        {"{\"a\":\"\xc3\xa4\"}", 0, 0},
        {"{\"a\":\"\xff\"}", 0, -EINVAL},
        {"{\"a\":\"\x01\"}", 0, -EINVAL},
        {"{\"a\":\"x}", 0, -EINVAL},
        {"{\"a\" 1}", 0, -EINVAL},
        {"{\"a\":1,}", 0, -EINVAL},
        {"{\"a\":1 \"b\":2}", 0, -EINVAL},
        {"{a:1}", 0, -EINVAL},
        {"{\"a\":[1,]}", 0, -EINVAL},
        {"{\"a\":[1}", 0, -EINVAL},
        {"{\"a\":tru}", 0, -EINVAL},
        {"{\"a\":trueish}", 0, -EINVAL},
        {"{\"a\":1}}", 0, -EINVAL},
        {"{\"a\":1", 0, -EINVAL},
        {"{", 0, -EINVAL},
        {"", 0, -EINVAL},
        {"\n", 0, -EINVAL},
        {"[1]", 0, -EINVAL},
        {"1", 0, -EINVAL},
        {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", 0, 0},
    };
    struct json_line line = {.fields = NULL};
    json_error_t problem;
    for (size_t i = 0; i < COUNT(table); i++) {
        const bool scanned = compare_with_jansson(table[i].text, strlen(table[i].text));
        const int parsed = json_line_parse(&line, table[i].text, strlen(table[i].text), &problem);
        if (scanned != table[i].scanned || parsed != table[i].parsed)
            print_error("line %zu: %s\n", i, table[i].text);
        assert_int_equal(scanned, table[i].scanned);
        assert_int_equal(parsed, table[i].parsed);
    }
    assert_false(json_line_scan(&line, "{\"a\":1}\0", 8));
    json_line_free(&line);
}

TEST(test_what_is_in_a_line)
{
    struct json_line line = {.fields = NULL};
    json_error_t problem;
    assert_int_equal(json_line_parse(&line, whole, strlen(whole), &problem), 0);
    const struct json_field *root = line.fields;
    assert_int_equal(json_field_get(root, "whole_ns")->integer, -12);
    assert_true(json_field_is(json_field_get(root, "pass"), "timed"));
    assert_false(json_field_is(json_field_get(root, "pass"), "time"));
    assert_false(json_field_is(json_field_get(root, "round"), "3"));
    assert_false(json_field_is(NULL, ""));
    assert_int_equal(json_field_get(root, "at")->kind, JSON_REAL);
    assert_int_equal(json_field_get(json_field_get(root, "phases"), "start")->integer, 1);
    assert_null(json_field_get(json_field_get(root, "phases"), "last"));
    assert_null(json_field_get(root, "start"));
    assert_null(json_field_get(json_field_get(root, "reason"), "x"));
    assert_int_equal(json_field_get(root, "last")->kind, JSON_FALSE);
    assert_int_equal(json_field_get(root, "n")->kind, JSON_ARRAY);
    char *text = json_field_copy(json_field_get(root, "status"));
    assert_string_equal(text, "ok");
    free(text);
    assert_null(json_field_copy(json_field_get(root, "order")));
    assert_int_equal(json_line_parse(&line, "{\"a\":1,\"a\":2}", 13, &problem), 0);
    assert_int_equal(json_field_get(line.fields, "a")->integer, 2);
    static const char escaped[] = "{\"a\":\"x\\\"y\",\"b\":{\"c\":7}}"; /* jansson's */
    assert_int_equal(json_line_parse(&line, escaped, strlen(escaped), &problem), 0);
    text = json_field_copy(json_field_get(line.fields, "a"));
    assert_string_equal(text, "x\"y");
    free(text);
    assert_int_equal(json_field_get(json_field_get(line.fields, "b"), "c")->integer, 7);
    assert_int_equal(json_line_parse(&line, "[]", 2, &problem), -EINVAL);
    assert_string_equal(problem.text, "not an object");
    json_line_free(&line);
}
