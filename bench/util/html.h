/* SPDX-License-Identifier: MIT */
/* Text for HTML. */
#ifndef BENCH_UTIL_HTML_H
#define BENCH_UTIL_HTML_H

#include <stdio.h>

/* Prints text from a file or a name so that it means itself, between tags and in a quoted attribute; control characters
 * are blanks. */
void html_put(FILE *out, const char *text);
/* <tag>text</tag>, the text as html_put has it. */
void html_put_in(FILE *out, const char *tag, const char *text);
/* "c:thread-pool", likewise. */
void html_put_variant(FILE *out, const char *runtime, const char *model);

#endif
