/* SPDX-License-Identifier: MIT */
/* Strings and lists of strings that grow. */
#include "bench/util/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"

static char *format_va(const char *format, va_list args)
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
    char *text = format_va(format, args);
    va_end(args);
    return text;
}

int text_set(char **text, const char *value)
{
    char *copy = value == NULL ? NULL : xstrdup(value);
    free(*text);
    *text = copy;
    return 0;
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

void text_one_line(char *text)
{
    text[strcspn(text, "\r\n")] = '\0';
    for (char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
}

/* How many bytes the character at `p` has, of `left` there are; 0: it is none. The table is RFC 3629's, section 4. */
static size_t character_length(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high;
        size_t length;
    } forms[] = {{0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                 {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                 {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (*p < forms[i].first_low || *p > forms[i].first_high)
            continue;
        if (forms[i].length > left ||
            (forms[i].length > 1 && (p[1] < forms[i].second_low || p[1] > forms[i].second_high)))
            return 0;
        for (size_t k = 2; k < forms[i].length; k++)
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].length;
    }
    return 0;
}

bool text_is_utf8(const char *bytes, size_t length)
{
    size_t at = 0, step = 1;
    while (at < length && step > 0) {
        step = character_length((const unsigned char *)bytes + at, length - at);
        at += step;
    }
    return step > 0;
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

static int string_list_take(struct string_list *w, char *word)
{
    w->items = xrealloc(w->items, (w->count + 2) * sizeof *w->items);
    w->items[w->count++] = word;
    w->items[w->count] = NULL;
    return 0;
}

int string_list_add(struct string_list *w, const char *word) { return string_list_take(w, xstrdup(word)); }

int string_list_addf(struct string_list *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *word = format_va(format, args);
    va_end(args);
    return string_list_take(w, word);
}

int string_list_add_all(struct string_list *w, const struct string_list *more)
{
    for (size_t i = 0; i < more->count; i++)
        string_list_add(w, more->items[i]);
    return 0;
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

bool string_list_have(const struct string_list *w, const char *word)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->items[i], word) == 0)
            return true;
    return false;
}

char *string_list_join(const struct string_list *w, const char *separator)
{
    size_t size = 1;
    for (size_t i = 0; i < w->count; i++)
        size += strlen(w->items[i]) + strlen(separator);
    char *text = xmalloc(size);
    char *end = text;
    for (size_t i = 0; i < w->count; i++) {
        if (i > 0)
            end = stpcpy(end, separator);
        end = stpcpy(end, w->items[i]);
    }
    *end = '\0';
    return text;
}

static bool word_is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
    return *word != '\0' && word[strspn(word, plain)] == '\0';
}

char *string_list_quote(const struct string_list *w)
{
    size_t size = 1;
    for (size_t i = 0; i < w->count; i++)
        size += 4 * strlen(w->items[i]) + 3;
    char *text = xmalloc(size);
    char *end = text;
    for (size_t i = 0; i < w->count; i++) {
        const char *word = w->items[i];
        if (i > 0)
            *end++ = ' ';
        if (word_is_plain(word)) {
            end = stpcpy(end, word);
            continue;
        }
        *end++ = '\'';
        for (; *word != '\0'; word++)
            if (*word == '\'')
                end = stpcpy(end, "'\\''");
            else
                *end++ = *word;
        *end++ = '\'';
    }
    *end = '\0';
    return text;
}

void string_list_free(struct string_list *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->items[i]);
    free(w->items);
    *w = (struct string_list){NULL, 0};
}
