/* SPDX-License-Identifier: MIT */
/* Strings and lists of strings that grow; nothing here knows what they are for. Want of memory ends the command
 * (util/alloc.h). */
#ifndef BENCH_UTIL_TEXT_H
#define BENCH_UTIL_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A list of strings it owns. `items` ends with a NULL, so it serves as an argv; NULL while the list is empty. */
struct string_list {
    char **items;
    size_t count;
};

/* A string like printf's, to be freed. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_format_va(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
/* Replaces *text (freed) by a copy of `value`; NULL is copied as NULL. */
void text_set(char **text, const char *value);
/* A stream into a text that grows; both are there, the text to be freed, once text_close has closed it. */
FILE *text_open(char **text, size_t *length);
void text_close(FILE *out);
/* Three digits, those before the point whole: "0.0123", "1.5", "1024". Returns `out`. */
enum { TEXT_NUMBER_SIZE = 32 };
const char *text_number(char out[TEXT_NUMBER_SIZE], double value);
/* The length in bytes of a control character (C0, DEL, and C1 as UTF-8 has it); 0: there is none, or the text's end. */
size_t text_control(const char *text);
/* Puts one character in the place of each control character. */
void text_clean(char *text, char instead);
/* Cuts a text at its first line's end and makes control characters blanks, so that it fits on one line. */
void text_one_line(char *text);

/* Whether the bytes are UTF-8 as jansson wants it (RFC 3629). */
bool text_is_utf8(const char *bytes, size_t length);
bool text_ends_with(const char *text, const char *end);
/* The same but for numbers behind "job ", "worker " and "(": "job 3: no such key (7 more ...)" of two models is one failure. */
bool text_tells_same(const char *a, const char *b);
/* The last line that is more than blanks, without its newline; "" where there is none. Changes `text`. */
const char *text_last_line(char *text);

void string_list_add(struct string_list *w, const char *word);
void string_list_addf(struct string_list *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void string_list_add_all(struct string_list *w, const struct string_list *more);
/* Adds what stands between commas, blanks around it cut off. 0, or -EINVAL: nothing between two of them. */
int string_list_split(struct string_list *w, const char *text);
bool string_list_have(const struct string_list *w, const char *word);
/* Adds a word that it does not have yet. */
void string_list_add_once(struct string_list *w, const char *word);
/* "a, b, c", to be freed. */
char *string_list_join(const struct string_list *w, const char *separator);
/* The words as one line that a shell (and `hyperfine -N`) splits into the same words again; to be freed. */
char *string_list_quote(const struct string_list *w);
/*
 * Adds the words of a line as a shell splits it, with quotes and backslashes and nothing filled in. NULL, or what is wrong
 * with it: static text. What would have a meaning in a shell only has to be quoted.
 */
const char *string_list_unquote(struct string_list *w, const char *line);
void string_list_free(struct string_list *w);

#endif
