/* SPDX-License-Identifier: MIT */
/* The scanner of journal lines (bench/util/json_line.c) against jansson: what it parses, jansson accepts as an object
 * with the same members, in the same order, with the same values; what it leaves alone comes out of the whole parser
 * as jansson has it, or is refused where jansson refuses it. */
#include <stdlib.h>
#include <string.h>

#include "bench/util/json_line.h"
#include "support.h"

static bool same_value(const struct json_field *a, const struct json_field *b)
{
    if (a->kind != b->kind || a->inside != b->inside || a->text_length != b->text_length)
        return false;
    if (a->kind == JSON_STRING && memcmp(a->text, b->text, a->text_length) != 0)
        return false;
    return a->kind != JSON_INTEGER || a->integer == b->integer;
}

/* jansson keeps one member of a name, the last; the scanner keeps all and finds the last. */
static bool has_doubles(const char *text, size_t length)
{
    json_t *strict = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    json_decref(strict);
    return strict == NULL;
}

static void check_members(const struct json_field *object, const json_t *tree)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)tree, key, value)
    {
        const struct json_field *field = json_field_get(object, key);
        FUZZ_MUST(field != NULL);
        FUZZ_MUST((field->kind == JSON_INTEGER) == json_is_integer(value));
        FUZZ_MUST(!json_is_integer(value) || field->integer == json_integer_value(value));
        FUZZ_MUST((field->kind == JSON_OBJECT) == json_is_object(value));
        FUZZ_MUST(!json_is_string(value) || json_field_is(field, json_string_value(value)));
        if (json_is_object(value))
            check_members(field, value);
    }
}

static void check_fields(const struct json_line *scanned, const char *text, size_t length)
{
    struct json_line converted = {.fields = NULL};
    json_t *tree = json_loadb(text, length, 0, NULL);
    FUZZ_MUST(json_is_object(tree));
    check_members(scanned->fields, tree);
    if (!has_doubles(text, length)) {
        json_line_convert(&converted, json_incref(tree));
        FUZZ_MUST(converted.count == scanned->count);
        for (size_t i = 0; i < converted.count; i++)
            FUZZ_MUST(same_value(&scanned->fields[i], &converted.fields[i]));
        json_line_free(&converted);
    }
    json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_line line = {.fields = NULL};
    json_error_t problem;
    const char *text = (const char *)data;
    if (json_line_scan(&line, text, size))
        check_fields(&line, text, size);
    const int rc = json_line_parse(&line, text, size, &problem);
    json_t *tree = json_loadb(text, size, 0, NULL);
    FUZZ_MUST((rc == 0) == json_is_object(tree));
    if (rc == 0)
        check_members(line.fields, tree);
    json_decref(tree);
    json_line_free(&line);
    return 0;
}
