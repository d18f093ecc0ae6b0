/* SPDX-License-Identifier: MIT */
/*
 * How cobench writes a time, a ratio, an interval: the same in every table. The functions fill a buffer of FORMAT_ROOM
 * bytes and return it. What is not known is "-".
 */
#ifndef BENCH_REPORT_FORMAT_H
#define BENCH_REPORT_FORMAT_H

#include <stdio.h>

#include "bench/analysis/summary.h"
#include "bench/stats/signed_rank.h"
#include "bench/stats/usl.h"
#include "bench/util/text.h"

enum { FORMAT_ROOM = 64 };

struct format {
    char text[FORMAT_ROOM];
};

typedef const char *format_unit(struct format *f, double value); /* format_time or format_bytes */
const char *format_time(struct format *f, double seconds);       /* "86.1 ms", at most 7 columns */
const char *format_bytes(struct format *f, double bytes);        /* "12.3 MB", "135 B", at most 7 columns */
/* The same with a minus, for the end of an interval below 0. */
const char *format_signed(struct format *f, double value, format_unit *unit);
const char *format_rate(struct format *f, double rate);                 /* "49.8/s", "?" where it is not known */
const char *format_ratio(struct format *f, double ratio);               /* "1.94x", three digits, at most 6 columns */
const char *format_interval(struct format *f, double low, double high); /* "[1.90,1.97]", at most 13 columns */
/* Ratio and interval, or in a few words why there is none: "baseline", "too short". */
const char *format_speedup(struct format *f, const struct ratio *ratio);
const char *format_ratio_state(enum ratio_state state);
/* One column for a verdict: "▲" faster, "▼" slower, "=" no difference shown, " " none or not settled. */
const char *format_verdict(enum verdict verdict);

/* "contention 0.02 [0.01,0.03], coherency 0.001 [0,0.002], peak 8.1x at 31 workers; 1.2% off", or why there is no fit. */
struct format_law {
    char text[320];
};
const char *format_law(struct format_law *out, const struct fit *fit);

/* What one more costs: "12.3 kB ±4%", with the wider half of the interval; "none shown", "-" where it is not known. */
struct format_cost {
    char text[4 * FORMAT_ROOM];
};
const char *format_cost(struct format_cost *out, const struct stats_interval *cost, format_unit *unit);
/* Whether the interval, or without one the slope, shows that one more costs anything. */
bool format_cost_shown(const struct stats_interval *cost);

/* "size=2000000 word=the", to be freed; NULL: no memory. */
char *format_params(const struct plan_group *group);
/* "8 jobs on 2 workers, ideal 2x", to be freed; NULL: no memory. */
char *format_shape(const struct plan_group *group);
/* Appends "BEFORE c:threads, py:async and 3 more AFTER" with at most so many names, and nothing where there are none. Frees
 * `names`. `rc`: of what made them; it is returned where it is not 0. 0 or -ENOMEM. */
int format_add_names(struct string_list *out, int rc, struct string_list *names, size_t most, const char *separator,
                     const char *before, const char *after);

/* How many columns a terminal needs for UTF-8 text (each character is one wide). */
int format_columns(const char *text);
/* Prints text cut ("…") or filled up to `width` columns, control characters as '?'. Negative: right-aligned. */
void format_put(FILE *out, const char *text, int width);

/* Prints words from column `indent` on in lines of at most `width` columns; `at` is the column already reached. */
struct format_wrap {
    FILE *out;
    int indent, width, at;
};
void format_put_wrapped(struct format_wrap *wrap, const char *text);

#endif
