/* SPDX-License-Identifier: MIT */
/* Text for Markdown. */
#ifndef BENCH_UTIL_MARKDOWN_H
#define BENCH_UTIL_MARKDOWN_H

#include <stdio.h>

/* Prints text from a file or a name so that it means itself, also in a table's cell; control characters are blanks. */
void markdown_put(FILE *out, const char *text);
/* "c:thread-pool", likewise. */
void markdown_put_variant(FILE *out, const char *runtime, const char *model);

#endif
