/* SPDX-License-Identifier: MIT */
/* Text from a file or a name, written so that it means itself in a format. Control characters become blanks. */
#ifndef BENCH_UTIL_ESCAPE_H
#define BENCH_UTIL_ESCAPE_H

#include <stdio.h>

/* A field, quoted where it has to be (RFC 4180); NULL is empty. An apostrophe goes before what a spreadsheet would run, a
 * text that begins with = + - or @. */
void csv_put_text(FILE *out, const char *text);
void html_put(FILE *out, const char *text);                     /* between tags and in a quoted attribute */
void markdown_put(FILE *out, const char *text);                 /* also in a table's cell */
void adoc_put(FILE *out, const char *text);                     /* likewise */
void html_put_in(FILE *out, const char *tag, const char *text); /* <tag>text</tag> */

#endif
