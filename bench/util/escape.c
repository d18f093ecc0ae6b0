/* SPDX-License-Identifier: MIT */
/* Escaping, a function per format. */
#include "bench/util/escape.h"

#include <stdbool.h>
#include <string.h>

#include "bench/util/text.h"

/* What stands for one character; NULL: itself. */
typedef const char *escape_of(char character, char own[8]);

static void put_escaped(FILE *out, const char *text, escape_of *escape)
{
    while (*text != '\0') {
        char own[8];
        const size_t control = text_control(text);
        const char *instead = control > 0 ? " " : escape(*text, own);
        if (instead != NULL)
            fputs(instead, out);
        else
            fputc(*text, out);
        text += control > 0 ? control : 1;
    }
}

static const char *html_escape(char c, char own[8])
{
    (void)own;
    return c == '&'    ? "&amp;"
           : c == '<'  ? "&lt;"
           : c == '>'  ? "&gt;"
           : c == '"'  ? "&quot;"
           : c == '\'' ? "&#39;"
                       : NULL;
}

/* Markdown lets HTML through. */
static const char *markdown_escape(char c, char own[8])
{
    if (c == '<' || c == '&')
        return c == '<' ? "&lt;" : "&amp;";
    if (strchr("\\`*_[]|~", c) == NULL)
        return NULL;
    snprintf(own, 8, "\\%c", c);
    return own;
}

/* Character references are taken literally by AsciiDoc and mean nothing else to it. */
static const char *adoc_escape(char c, char own[8])
{
    if (strchr("|*_`#+^~{}<>&[]\\", c) == NULL)
        return NULL;
    snprintf(own, 8, "&#%d;", c);
    return own;
}

void html_put(FILE *out, const char *text) { put_escaped(out, text, html_escape); }

void markdown_put(FILE *out, const char *text) { put_escaped(out, text, markdown_escape); }

void adoc_put(FILE *out, const char *text) { put_escaped(out, text, adoc_escape); }

void html_put_in(FILE *out, const char *tag, const char *text)
{
    fprintf(out, "<%s>", tag);
    html_put(out, text);
    fprintf(out, "</%s>", tag);
}

void csv_put_text(FILE *out, const char *text)
{
    if (text == NULL)
        return;
    const char *quote = text[strcspn(text, ",\"")] != '\0' ? "\"" : "";
    fprintf(out, "%s%s", quote, *text != '\0' && strchr("=+-@", *text) != NULL ? "'" : "");
    for (size_t control; *text != '\0'; text += control > 0 ? control : 1) {
        control = text_control(text);
        if (*text == '"')
            fputc('"', out);
        fputc(control > 0 ? ' ' : *text, out);
    }
    fputs(quote, out);
}
