/* SPDX-License-Identifier: MIT */
/* Lists and lines (bench/util/text.c), and text on its way to a terminal (bench/report/format.c). A list split at its
 * commas and joined is the list; a command line quoted for hyperfine comes apart at a shell's rules into the same
 * words; a text on one line is one line; a column is as wide as it was asked to be and holds no control character. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/util/text.h"
#include "support.h"

static void check_list(const char *text)
{
    struct string_list words = {NULL, 0}, again = {NULL, 0};
    if (string_list_split(&words, text) == 0) {
        char *joined = string_list_join(&words, ",");
        FUZZ_MUST(joined != NULL && string_list_split(&again, joined) == 0);
        FUZZ_MUST(again.count == words.count && words.count > 0 && words.items[words.count] == NULL);
        for (size_t i = 0; i < words.count; i++)
            FUZZ_MUST(words.items[i][0] != '\0' && strcmp(words.items[i], again.items[i]) == 0);
        free(joined);
    }
    string_list_free(&again);
    string_list_free(&words);
}

/* Takes the next word off a line by a POSIX shell's rules for what words_quote writes: single quotes, a backslash
 * before a quote, blanks between words. */
static char *next_word(const char **line)
{
    const char *p = *line;
    char *word = calloc(1, strlen(p) + 1), *end = word;
    FUZZ_MUST(word != NULL);
    while (*p != '\0' && *p != ' ') {
        if (*p == '\'') {
            for (p++; *p != '\''; p++) {
                FUZZ_MUST(*p != '\0');
                *end++ = *p;
            }
            p++;
        } else if (*p == '\\') {
            *end++ = p[1];
            FUZZ_MUST(p[1] != '\0');
            p += 2;
        } else {
            FUZZ_MUST(strchr("\"$`*?[]{}();<>&|!#~\n\t", *p) == NULL);
            *end++ = *p++;
        }
    }
    *line = *p == ' ' ? p + 1 : p;
    return word;
}

static void check_quoting(const uint8_t *data, size_t size)
{
    struct fuzz_argv words;
    fuzz_argv_split(&words, "host", data, size);
    const struct string_list list = {words.argv, (size_t)words.argc};
    char *line = string_list_quote(&list);
    FUZZ_MUST(line != NULL);
    const char *at = line;
    for (int i = 0; i < words.argc; i++) {
        char *word = next_word(&at);
        FUZZ_MUST(strcmp(word, words.argv[i]) == 0);
        free(word);
    }
    FUZZ_MUST(*at == '\0');
    free(line);
    fuzz_argv_free(&words);
}

static void check_lines(const uint8_t *data, size_t size)
{
    char *one = fuzz_text(data, size), *many = fuzz_text(data, size);
    text_one_line(one);
    for (const char *p = one; *p != '\0'; p++)
        FUZZ_MUST(text_control(p) == 0);
    const char *last = text_last_line(many);
    FUZZ_MUST(strpbrk(last, "\r\n") == NULL);
    FUZZ_MUST(*last == '\0' || last[strspn(last, " \t")] != '\0');
    free(many);
    free(one);
}

static void check_columns(const char *text, int width)
{
    char *printed;
    size_t length;
    FILE *out = text_open(&printed, &length);
    format_put(out, text, width, width % 2 == 1);
    text_close(out);
    FUZZ_MUST(strlen(printed) == length);
    FUZZ_MUST(width == 0 || format_columns(printed) == width);
    fuzz_check_printable(printed);
    free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    check_list(text);
    check_quoting(data, size);
    check_lines(data, size);
    check_columns(text, 0);
    check_columns(text, 12);
    free(text);
    return 0;
}
