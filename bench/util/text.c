/* SPDX-License-Identifier: MIT */
/* Strings and lists of strings that grow. */
#include "bench/util/text.h"

#include <errno.h>
#include <math.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"

char *text_format_va(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, args);
    char *text = xmalloc((size_t)length + 1); /* of no length less than 0: the formats are constants */
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *text_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = text_format_va(format, args);
    va_end(args);
    return text;
}

void text_set(char **text, const char *value)
{
    char *copy = value == NULL ? NULL : xstrdup(value);
    free(*text);
    *text = copy;
}

FILE *text_open(char **text, size_t *length)
{
    FILE *out = open_memstream(text, length);
    if (out == NULL)
        out_of_memory();
    return out;
}

void text_close(FILE *out)
{
    if (fclose(out) != 0)
        out_of_memory();
}

const char *text_number(char out[TEXT_NUMBER_SIZE], double value)
{
    snprintf(out, TEXT_NUMBER_SIZE, fabs(value) < 999.5 ? "%.3g" : "%.0f", value);
    return out;
}

size_t text_control(const char *text)
{
    const unsigned char byte = (unsigned char)text[0], next = byte != '\0' ? (unsigned char)text[1] : 0;
    if (byte == 0xc2 && next >= 0x80 && next < 0xa0)
        return 2;
    return (byte < 0x20 && byte != '\0') || byte == 0x7f;
}

void text_clean(char *text, char instead)
{
    char *to = text;
    for (size_t control; *text != '\0'; text += control > 0 ? control : 1) {
        control = text_control(text);
        *to++ = control > 0 ? instead : *text;
    }
    *to = '\0';
}

void text_one_line(char *text)
{
    text[strcspn(text, "\r\n")] = '\0';
    text_clean(text, ' ');
}

bool text_is_utf8(const char *bytes, size_t length)
{
    json_t *value = json_stringn(bytes, length);
    json_decref(value);
    return value != NULL;
}

bool text_ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* `at`, or behind the number there that names a job or a worker, or counts them in brackets. */
static const char *past_number(const char *text, const char *at)
{
    static const char *const before[] = {"job ", "worker ", "("};
    bool named = false;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        const size_t length = strlen(before[i]);
        named = named || ((size_t)(at - text) >= length && strncmp(at - length, before[i], length) == 0);
    }
    return named ? at + strspn(at, "0123456789") : at;
}

bool text_tells_same(const char *a, const char *b)
{
    const char *x = a, *y = b;
    while (*(x = past_number(a, x)) == *(y = past_number(b, y)) && *x != '\0') {
        x++;
        y++;
    }
    return *x == *y;
}

const char *text_last_line(char *text)
{
    const char *last = "";
    char *rest = NULL;
    for (char *line = strtok_r(text, "\r\n", &rest); line != NULL; line = strtok_r(NULL, "\r\n", &rest))
        if (line[strspn(line, " \t")] != '\0')
            last = line;
    return last;
}

static void string_list_take(struct string_list *w, char *word)
{
    w->items = xrealloc(w->items, (w->count + 2) * sizeof *w->items);
    w->items[w->count++] = word;
    w->items[w->count] = NULL;
}

void string_list_add(struct string_list *w, const char *word) { string_list_take(w, xstrdup(word)); }

void string_list_addf(struct string_list *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *word = text_format_va(format, args);
    va_end(args);
    string_list_take(w, word);
}

void string_list_add_all(struct string_list *w, const struct string_list *more)
{
    for (size_t i = 0; i < more->count; i++)
        string_list_add(w, more->items[i]);
}

int string_list_split(struct string_list *w, const char *text)
{
    for (;;) {
        text += strspn(text, " \t");
        size_t length = strcspn(text, ",");
        const char *next = text + length;
        while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
            length--;
        if (length == 0)
            return -EINVAL;
        string_list_take(w, xstrndup(text, length));
        if (*next == '\0')
            return 0;
        text = next + 1;
    }
}

/* Copies what stands up to the quote that ends it. Returns where that is; NULL: *wrong says why not. */
static const char *unquote_part(const char *at, char quote, FILE *out, const char **wrong)
{
    const char *escaped = quote == '"' ? "\"\\$`\n" : "";
    for (; *at != quote; at++) {
        if (*at == '\0' || (quote == '"' && (*at == '$' || *at == '`'))) {
            *wrong = *at == '\0' ? "a quote is not closed" : "no shell is there to fill in '$' or '`'";
            return NULL;
        }
        if (quote == '"' && *at == '\\' && at[1] != '\0' && strchr(escaped, at[1]) != NULL)
            at++;
        fputc(*at, out);
    }
    return at;
}

/* Copies the word at `at`, up to what ends it. The rest as above. */
static const char *unquote_word(const char *at, FILE *out, const char **wrong)
{
    for (; *at != '\0' && strchr(" \t\n", *at) == NULL; at++) {
        if (*at == '\'' || *at == '"') {
            at = unquote_part(at + 1, *at, out, wrong);
            if (at == NULL)
                return NULL;
        } else if (strchr("|&;<>$`", *at) != NULL || (*at == '\\' && at[1] == '\0')) {
            *wrong = *at == '\\' ? "nothing is behind the '\\'" : "no shell is there for one of |&;<>$`";
            return NULL;
        } else {
            at += *at == '\\';
            fputc(*at, out);
        }
    }
    return at;
}

const char *string_list_unquote(struct string_list *w, const char *line)
{
    const char *wrong = NULL;
    while (line != NULL && *(line += strspn(line, " \t\n")) != '\0') {
        char *word = NULL;
        size_t length = 0;
        FILE *out = text_open(&word, &length);
        line = unquote_word(line, out, &wrong);
        text_close(out);
        if (line != NULL)
            string_list_add(w, word);
        free(word);
    }
    return wrong;
}

bool string_list_have(const struct string_list *w, const char *word)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->items[i], word) == 0)
            return true;
    return false;
}

void string_list_add_once(struct string_list *w, const char *word)
{
    if (!string_list_have(w, word))
        string_list_add(w, word);
}

char *string_list_join(const struct string_list *w, const char *separator)
{
    char *text;
    size_t length;
    FILE *out = text_open(&text, &length);
    for (size_t i = 0; i < w->count; i++)
        fprintf(out, "%s%s", i > 0 ? separator : "", w->items[i]);
    text_close(out);
    return text;
}

static void put_quoted(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
    if (*word != '\0' && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    fputc('\'', out);
}

char *string_list_quote(const struct string_list *w)
{
    char *text;
    size_t length;
    FILE *out = text_open(&text, &length);
    for (size_t i = 0; i < w->count; i++) {
        fputs(i > 0 ? " " : "", out);
        put_quoted(out, w->items[i]);
    }
    text_close(out);
    return text;
}

void string_list_free(struct string_list *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->items[i]);
    free(w->items);
    *w = (struct string_list){NULL, 0};
}
