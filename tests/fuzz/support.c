/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/suite.h"

#define SEPARATOR "===\n"

_Noreturn void fuzz_broken(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_MUST(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

void fuzz_check_printable(const char *text)
{
    for (; *text != '\0'; text++)
        FUZZ_MUST((unsigned char)*text >= 0x20 && *text != 0x7f);
}

void fuzz_check_refusal(int rc, const char *text)
{
    FUZZ_MUST(rc < 0 && text[0] != '\0');
    fuzz_check_printable(text);
}

void fuzz_check_stopping(const struct stopping *asked)
{
    FUZZ_MUST(asked->rounds >= 0 && asked->rounds <= ROUNDS_MAX);
    FUZZ_MUST(asked->budget_s >= 0 && asked->budget_s <= BUDGET_MAX_S);
    FUZZ_MUST(asked->precision >= 0 && asked->precision <= PRECISION_MAX);
}

void fuzz_argv_split(struct fuzz_argv *out, const char *program, const uint8_t *data, size_t size)
{
    *out = (struct fuzz_argv){.argc = 1};
    out->argv[0] = fuzz_text((const uint8_t *)program, strlen(program));
    while (size > 0 && out->argc <= FUZZ_ARGC_MAX) {
        const uint8_t *newline = memchr(data, '\n', size);
        const size_t length = newline == NULL ? size : (size_t)(newline - data);
        out->argv[out->argc++] = fuzz_text(data, length);
        data += length;
        size -= length;
        if (size > 0) {
            data++;
            size--;
        }
    }
}

void fuzz_argv_free(struct fuzz_argv *argv)
{
    for (int i = 0; i < argv->argc; i++)
        free(argv->argv[i]);
}

size_t fuzz_second_part(const uint8_t *data, size_t size, size_t *first)
{
    const size_t length = sizeof SEPARATOR - 1;
    for (size_t at = 0; at + length <= size; at++)
        if ((at == 0 || data[at - 1] == '\n') && memcmp(data + at, SEPARATOR, length) == 0) {
            *first = at;
            return at + length;
        }
    *first = size;
    return size;
}
