/* SPDX-License-Identifier: MIT */
/* Escaping for HTML, and for the SVG within it. */
#include "bench/util/html.h"

void html_put(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, out);
        }
}

void html_put_in(FILE *out, const char *tag, const char *text)
{
    fprintf(out, "<%s>", tag);
    html_put(out, text);
    fprintf(out, "</%s>", tag);
}

void html_put_variant(FILE *out, const char *runtime, const char *model)
{
    html_put(out, runtime);
    fputc(':', out);
    html_put(out, model);
}
