/* SPDX-License-Identifier: MIT */
/* The scanner of lines, and the way round it. */
#include "bench/util/json_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX      32 /* deeper is jansson's to judge, which knows its own limit */
#define INTEGER_DIGITS 18 /* as many fit in 64 bits, whatever they are */

/* All of these return 1 (parsed), 0 (leave the line to jansson) or -ENOMEM. */
struct scanner {
    const char *at, *end;
    struct json_line *line;
    int depth;
};

/* -- fields ------------------------------------------------------------------------------------------------------- */

/* The number of a new field; -1: no memory. */
static ptrdiff_t field_add(struct json_line *line)
{
    if (line->count == line->room) {
        const size_t room = line->room == 0 ? 128 : line->room * 2;
        struct json_field *fields = realloc(line->fields, room * sizeof *fields);
        if (fields == NULL)
            return -1;
        line->fields = fields;
        line->room = room;
    }
    line->fields[line->count] = (struct json_field){.key = NULL};
    return (ptrdiff_t)line->count++;
}

/* -- scanning ----------------------------------------------------------------------------------------------------- */

static void skip_blanks(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool take(struct scanner *s, char c)
{
    const bool here = s->at < s->end && *s->at == c;
    s->at += here;
    return here;
}

static bool take_word(struct scanner *s, const char *word)
{
    const size_t length = strlen(word);
    const bool here = (size_t)(s->end - s->at) >= length && memcmp(s->at, word, length) == 0;
    s->at += here ? length : 0;
    return here;
}

/* A text of printable ASCII without escapes. */
static bool scan_text(struct scanner *s, const char **text, size_t *length)
{
    if (!take(s, '"'))
        return false;
    *text = s->at;
    while (s->at < s->end && *s->at >= ' ' && *s->at <= '~' && *s->at != '"' && *s->at != '\\')
        s->at++;
    *length = (size_t)(s->at - *text);
    return take(s, '"');
}

static size_t skip_digits(struct scanner *s)
{
    const char *from = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return (size_t)(s->at - from);
}

static bool scan_number(struct scanner *s, struct json_field *field)
{
    const bool negative = take(s, '-');
    const char *from = s->at;
    const size_t digits = skip_digits(s);
    if (digits == 0 || digits > INTEGER_DIGITS || (digits > 1 && *from == '0'))
        return false;
    field->kind = JSON_LINE_INTEGER;
    for (size_t i = 0; i < digits; i++)
        field->integer = field->integer * 10 + (from[i] - '0');
    if (negative)
        field->integer = -field->integer;
    if (take(s, '.')) {
        field->kind = JSON_LINE_REAL;
        field->integer = 0;
        if (skip_digits(s) == 0)
            return false;
    }
    return s->at == s->end || (*s->at != 'e' && *s->at != 'E');
}

static int scan_value(struct scanner *s, size_t index);

static int scan_members(struct scanner *s, size_t object)
{
    s->line->fields[object].kind = JSON_LINE_OBJECT;
    skip_blanks(s);
    if (take(s, '}'))
        return 1;
    do {
        const char *key;
        size_t length;
        skip_blanks(s);
        if (!scan_text(s, &key, &length))
            return 0;
        skip_blanks(s);
        if (!take(s, ':'))
            return 0;
        const ptrdiff_t index = field_add(s->line);
        if (index < 0)
            return -ENOMEM;
        s->line->fields[index].key = key;
        s->line->fields[index].key_length = length;
        const int rc = scan_value(s, (size_t)index);
        if (rc != 1)
            return rc;
        skip_blanks(s);
    } while (take(s, ','));
    s->line->fields[object].inside = s->line->count - object - 1;
    return take(s, '}');
}

static int scan_items(struct scanner *s, size_t array)
{
    s->line->fields[array].kind = JSON_LINE_ARRAY;
    skip_blanks(s);
    if (take(s, ']'))
        return 1;
    do {
        const ptrdiff_t index = field_add(s->line);
        if (index < 0)
            return -ENOMEM;
        const int rc = scan_value(s, (size_t)index);
        if (rc != 1)
            return rc;
        s->line->count = array + 1; /* checked, not kept */
        skip_blanks(s);
    } while (take(s, ','));
    return take(s, ']');
}

static int scan_nested(struct scanner *s, size_t index, bool object)
{
    s->at++;
    if (++s->depth > DEPTH_MAX)
        return 0;
    const int rc = object ? scan_members(s, index) : scan_items(s, index);
    s->depth--;
    return rc;
}

static int scan_value(struct scanner *s, size_t index)
{
    static const struct {
        const char *word;
        enum json_kind kind;
    } words[] = {{"null", JSON_LINE_NULL}, {"true", JSON_LINE_TRUE}, {"false", JSON_LINE_FALSE}};
    struct json_field *field = &s->line->fields[index];
    skip_blanks(s);
    if (s->at == s->end)
        return 0;
    if (*s->at == '{' || *s->at == '[')
        return scan_nested(s, index, *s->at == '{');
    if (*s->at == '"') {
        field->kind = JSON_LINE_TEXT;
        return scan_text(s, &field->text, &field->text_length);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (*s->at == *words[i].word) {
            field->kind = words[i].kind;
            return take_word(s, words[i].word);
        }
    return scan_number(s, field);
}

static void line_clear(struct json_line *line)
{
    json_decref(line->tree);
    line->tree = NULL;
    line->count = 0;
}

int json_line_scan(struct json_line *line, const char *text, size_t length)
{
    struct scanner s = {.at = text, .end = text + length, .line = line};
    line_clear(line);
    if (field_add(line) < 0)
        return -ENOMEM;
    skip_blanks(&s);
    if (s.at == s.end || *s.at != '{')
        return 0;
    const int rc = scan_value(&s, 0);
    skip_blanks(&s);
    return rc == 1 && s.at != s.end ? 0 : rc;
}

/* -- jansson ------------------------------------------------------------------------------------------------------ */

static int convert_value(struct json_line *line, size_t index, json_t *value);

static int convert_members(struct json_line *line, size_t object, json_t *value)
{
    const char *key;
    json_t *member;
    json_object_foreach(value, key, member)
    {
        const ptrdiff_t index = field_add(line);
        if (index < 0)
            return -ENOMEM;
        line->fields[index].key = key;
        line->fields[index].key_length = strlen(key);
        const int rc = convert_value(line, (size_t)index, member);
        if (rc != 0)
            return rc;
    }
    line->fields[object].inside = line->count - object - 1;
    return 0;
}

static int convert_value(struct json_line *line, size_t index, json_t *value)
{
    static const enum json_kind kinds[] = {
        [JSON_OBJECT] = JSON_LINE_OBJECT,   [JSON_ARRAY] = JSON_LINE_ARRAY, [JSON_STRING] = JSON_LINE_TEXT,
        [JSON_INTEGER] = JSON_LINE_INTEGER, [JSON_REAL] = JSON_LINE_REAL,   [JSON_TRUE] = JSON_LINE_TRUE,
        [JSON_FALSE] = JSON_LINE_FALSE,     [JSON_NULL] = JSON_LINE_NULL};
    struct json_field *field = &line->fields[index];
    field->kind = kinds[json_typeof(value)];
    field->integer = json_integer_value(value);
    field->text = json_string_value(value);
    field->text_length = json_string_length(value);
    return json_is_object(value) ? convert_members(line, index, value) : 0;
}

int json_line_convert(struct json_line *line, json_t *tree)
{
    line_clear(line);
    line->tree = tree;
    return field_add(line) < 0 ? -ENOMEM : convert_value(line, 0, tree);
}

int json_line_parse(struct json_line *line, const char *text, size_t length, json_error_t *problem)
{
    const int rc = json_line_scan(line, text, length);
    if (rc != 0)
        return rc == 1 ? 0 : rc;
    json_t *tree = json_loadb(text, length, 0, problem);
    if (json_is_object(tree))
        return json_line_convert(line, tree);
    if (tree != NULL)
        strcpy(problem->text, "not an object");
    json_decref(tree);
    return -EINVAL;
}

void json_line_free(struct json_line *line)
{
    line_clear(line);
    free(line->fields);
    *line = (struct json_line){.fields = NULL};
}

/* -- looking ------------------------------------------------------------------------------------------------------ */

const struct json_field *json_field_get(const struct json_field *object, const char *key)
{
    const struct json_field *found = NULL;
    if (object == NULL || object->kind != JSON_LINE_OBJECT)
        return NULL;
    const size_t length = strlen(key);
    for (size_t i = 1; i <= object->inside; i += 1 + object[i].inside)
        if (object[i].key_length == length && memcmp(object[i].key, key, length) == 0)
            found = &object[i];
    return found;
}

bool json_field_is(const struct json_field *field, const char *text)
{
    return field != NULL && field->kind == JSON_LINE_TEXT && field->text_length == strlen(text) &&
           memcmp(field->text, text, field->text_length) == 0;
}

char *json_field_copy(const struct json_field *field)
{
    return field == NULL || field->kind != JSON_LINE_TEXT ? NULL : strndup(field->text, field->text_length);
}
