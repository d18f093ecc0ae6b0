/* SPDX-License-Identifier: MIT */
/* Fields of RFC 4180 (with plain newlines). */
#ifndef BENCH_UTIL_CSV_H
#define BENCH_UTIL_CSV_H

#include <stdio.h>

/* Quoted where it has to be; NULL is empty. */
void csv_put_text(FILE *out, const char *text);
/* A comma and the number, or nothing behind the comma where it is not known (NaN). */
void csv_put_number(FILE *out, double value);

#endif
