/* SPDX-License-Identifier: MIT */
/*
 * One JSON object on one line, parsed into a flat array that the next line uses again: nothing is allocated a line, and
 * a journal of 100,000 samples (80 MB) is read in 0.3 s of CPU time on the machine this was measured on, where jansson's
 * trees of the same lines take 2.8 s, more than the 2 s that a whole report may take.
 *
 * What is accepted and what comes out is jansson's to say. The scanner takes the lines that cobench itself writes
 * (printable ASCII without escapes, integers of up to 18 digits, reals without an exponent) and leaves every other
 * line, wrong ones among them, to jansson. tests/unit/bench_json_line.c holds the one against the other.
 */
#ifndef BENCH_UTIL_JSON_LINE_H
#define BENCH_UTIL_JSON_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value, with its name where it is a member. What an array holds is checked and not kept. */
struct json_field {
    const char *key, *text; /* borrowed from the line; text: of a JSON_STRING, not ended by a NUL */
    size_t key_length, text_length;
    size_t inside; /* of an object: how many fields behind this one belong to it */
    int64_t integer;
    json_type kind;
};

struct json_line {
    struct json_field *fields; /* the first is the object itself */
    size_t count, capacity;
    json_t *tree; /* of a line that jansson parsed: fields borrow from it */
};

/* Parses a line, which has to outlive its use: 0, or -EINVAL with `problem` filled in where it is no JSON object. A struct
 * of zeros is an empty one to begin with; json_line_free in the end. */
int json_line_parse(struct json_line *line, const char *text, size_t length, json_error_t *problem);
/* The scanner alone: false where the line is jansson's to parse. */
bool json_line_scan(struct json_line *line, const char *text, size_t length);
/* Fills the fields from a tree, which is taken over. */
void json_line_convert(struct json_line *line, json_t *tree);
void json_line_free(struct json_line *line);

/* A member of an object, the last one where there are several; NULL: there is none, or `object` is none (or NULL). */
const struct json_field *json_field_get(const struct json_field *object, const char *key);
/* Whether it is this text. NULL is none. */
bool json_field_is(const struct json_field *field, const char *text);
/* A copy of its text, to be freed; NULL: it is none. */
char *json_field_copy(const struct json_field *field);

#endif
