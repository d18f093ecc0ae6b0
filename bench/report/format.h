/* SPDX-License-Identifier: MIT */
/*
 * How cobench writes a time, a ratio, an interval: the same in every table. The functions fill a buffer of FORMAT_SIZE
 * bytes and return it. What is not known is "-".
 */
#ifndef BENCH_REPORT_FORMAT_H
#define BENCH_REPORT_FORMAT_H

#include <stdio.h>

#include "bench/analysis/summary.h"
#include "bench/util/text.h"

enum { FORMAT_SIZE = 64 };

struct format {
    char text[FORMAT_SIZE];
};

const char *format_time(struct format *f, double seconds); /* "86.1 ms", below a day at most 7 columns */
const char *format_bytes(struct format *f, double bytes);  /* "12.3 MB", "135 B", at most 7 columns */
const char *format_rate(struct format *f, double rate);    /* "49.8/s", "?" where it is not known */
const char *format_count(struct format *f, int64_t count); /* "12,345" */
const char *format_ratio(struct format *f, double ratio);  /* "1.94x", three digits, below 100,000 at most 6 columns */
const char *format_interval(struct format *f, double low, double high); /* "[1.90,1.97]" */
/* Ratio and interval, or in a few words why there is none: "baseline", "too short". */
const char *format_speedup(struct format *f, const struct ratio *ratio);
const char *format_ratio_state(enum ratio_state state);

/* "size=2000000 word=the", to be freed. */
char *format_params(const struct plan_group *group);
/* "8 jobs on 2 workers, ideal 2.00x", to be freed. */
char *format_shape(const struct plan_group *group);
/* "GROUP · task TASK · io · size=2000000 · 8 jobs on 2 workers, ideal 2.00x", to be freed. */
char *format_group(const struct plan_group *group);
/* "c:threads, py:async and 3 more" with at most so many names, to be freed; frees `names`. */
char *format_names(struct string_list *names, size_t most);

/* How many columns a terminal needs for UTF-8 text (each character is one wide). */
int format_columns(const char *text);
/* Prints text cut ("…") or filled up to `width` columns (0: as it is), control characters as '?', and where only ASCII may
 * be printed every other character as one that stands for it. */
void format_put(FILE *out, const char *text, int width, bool ascii);

#endif
