/* SPDX-License-Identifier: MIT */
/* The scanner of lines, and the way round it. */
#include "bench/util/json_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"

#define DEPTH_MAX      32 /* deeper is jansson's to judge, which knows its own limit */
#define INTEGER_DIGITS 18 /* as many fit in 64 bits, whatever they are */

struct scanner {
    const char *at, *end;
    struct json_line *line;
    int depth;
};

/* The place of a new field, in an array that may move. */
static size_t field_add(struct json_line *line, const char *key, size_t key_length)
{
    if (line->count == line->capacity) {
        line->capacity = line->capacity == 0 ? 128 : line->capacity * 2;
        line->fields = xrealloc(line->fields, line->capacity * sizeof *line->fields);
    }
    line->fields[line->count] = (struct json_field){.key = key, .key_length = key_length, .kind = JSON_NULL};
    return line->count++;
}

/* -- scanning: true where it parsed the text, false where that is jansson's to do ------------------------------------ */

static void skip_blanks(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool take(struct scanner *s, char c)
{
    skip_blanks(s);
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
    return s->at < s->end && *s->at++ == '"';
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
    const bool negative = take_word(s, "-");
    const char *from = s->at;
    const size_t digits = skip_digits(s);
    if (digits == 0 || digits > INTEGER_DIGITS || (digits > 1 && *from == '0'))
        return false;
    field->kind = JSON_INTEGER;
    for (size_t i = 0; i < digits; i++)
        field->integer = field->integer * 10 + (from[i] - '0');
    if (negative)
        field->integer = -field->integer;
    if (take_word(s, ".")) {
        field->kind = JSON_REAL;
        field->integer = 0;
        if (skip_digits(s) == 0)
            return false;
    }
    return s->at == s->end || (*s->at != 'e' && *s->at != 'E');
}

static bool scan_value(struct scanner *s, size_t index);

static bool scan_members(struct scanner *s, size_t object)
{
    struct json_line *line = s->line;
    line->fields[object].kind = JSON_OBJECT;
    if (take(s, '}'))
        return true;
    do {
        const char *key;
        size_t length;
        if (!scan_text(s, &key, &length) || !take(s, ':') || !scan_value(s, field_add(line, key, length)))
            return false;
    } while (take(s, ','));
    line->fields[object].inside = line->count - object - 1;
    return take(s, '}');
}

static bool scan_items(struct scanner *s, size_t array)
{
    s->line->fields[array].kind = JSON_ARRAY;
    if (take(s, ']'))
        return true;
    do {
        if (!scan_value(s, field_add(s->line, NULL, 0)))
            return false;
        s->line->count = array + 1; /* checked, not kept */
    } while (take(s, ','));
    return take(s, ']');
}

static bool scan_value(struct scanner *s, size_t index)
{
    struct json_field *field = &s->line->fields[index];
    const bool object = take(s, '{');
    if (object || take(s, '[')) {
        const bool whole = s->depth++ < DEPTH_MAX && (object ? scan_members(s, index) : scan_items(s, index));
        s->depth--;
        return whole;
    }
    if (s->at < s->end && *s->at == '"') {
        field->kind = JSON_STRING;
        return scan_text(s, &field->text, &field->text_length);
    }
    if (take_word(s, "null")) /* the kind of a new field */
        return true;
    field->kind = take_word(s, "true") ? JSON_TRUE : take_word(s, "false") ? JSON_FALSE : JSON_NULL;
    return field->kind != JSON_NULL || scan_number(s, field);
}

static void line_clear(struct json_line *line)
{
    json_decref(line->tree);
    line->tree = NULL;
    line->count = 0;
}

bool json_line_scan(struct json_line *line, const char *text, size_t length)
{
    struct scanner s = {.at = text, .end = text + length, .line = line};
    line_clear(line);
    const bool whole = scan_value(&s, field_add(line, NULL, 0)) && line->fields[0].kind == JSON_OBJECT;
    skip_blanks(&s);
    return whole && s.at == s.end;
}

/* -- jansson ------------------------------------------------------------------------------------------------------ */

static void convert_value(struct json_line *line, size_t index, json_t *value)
{
    const char *key;
    json_t *member;
    struct json_field *field = &line->fields[index];
    field->kind = json_typeof(value);
    field->integer = json_integer_value(value);
    field->text = json_string_value(value);
    field->text_length = json_string_length(value);
    json_object_foreach(value, key, member) convert_value(line, field_add(line, key, strlen(key)), member);
    line->fields[index].inside = line->count - index - 1;
}

void json_line_convert(struct json_line *line, json_t *tree)
{
    line_clear(line);
    line->tree = tree;
    convert_value(line, field_add(line, NULL, 0), tree);
}

int json_line_parse(struct json_line *line, const char *text, size_t length, json_error_t *problem)
{
    if (json_line_scan(line, text, length))
        return 0;
    json_t *tree = json_loadb(text, length, 0, problem);
    if (json_is_object(tree)) {
        json_line_convert(line, tree);
        return 0;
    }
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
    if (object == NULL || object->kind != JSON_OBJECT)
        return NULL;
    const size_t length = strlen(key);
    for (size_t i = 1; i <= object->inside; i += 1 + object[i].inside)
        if (object[i].key_length == length && memcmp(object[i].key, key, length) == 0)
            found = &object[i];
    return found;
}

bool json_field_is(const struct json_field *field, const char *text)
{
    return field != NULL && field->kind == JSON_STRING && field->text_length == strlen(text) &&
           memcmp(field->text, text, field->text_length) == 0;
}

char *json_field_copy(const struct json_field *field)
{
    return field == NULL || field->kind != JSON_STRING ? NULL : xstrndup(field->text, field->text_length);
}
