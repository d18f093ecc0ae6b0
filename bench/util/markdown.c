/* SPDX-License-Identifier: MIT */
/* Escaping for Markdown, which lets HTML through. */
#include "bench/util/markdown.h"

#include <string.h>

void markdown_put(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            fputc(' ', out);
            continue;
        }
        if (*text == '<' || *text == '&') {
            fputs(*text == '<' ? "&lt;" : "&amp;", out);
            continue;
        }
        if (strchr("\\`*_[]|~", *text) != NULL)
            fputc('\\', out);
        fputc(*text, out);
    }
}

void markdown_put_variant(FILE *out, const char *runtime, const char *model)
{
    markdown_put(out, runtime);
    fputc(':', out);
    markdown_put(out, model);
}
