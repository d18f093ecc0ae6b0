/* SPDX-License-Identifier: MIT */
/*
 * The exporters: one file each, one pure function from a summary to bytes. Each returns 0 or -ENOMEM; whether `out`
 * took the bytes is for the caller to check (ferror, fclose). `summary` points at a struct summary; it is void where a
 * table of exporters, or publish_printed, calls them.
 */
#ifndef BENCH_REPORT_RENDER_H
#define BENCH_REPORT_RENDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "bench/analysis/summary.h"

struct render_terminal_options {
    int width;   /* columns; less than 80 counts as 80 */
    bool colour; /* ANSI colours */
};

int render_json(const void *summary, FILE *out);     /* summary.json */
int render_csv(const void *summary, FILE *out);      /* summary.csv: RFC 4180, one row a cell */
int render_markdown(const void *summary, FILE *out); /* summary.md */
int render_terminal(const struct summary *summary, const struct render_terminal_options *options, FILE *out);

/* {"ratio", "low", "high", "verdict", "p", "p_adjusted", "marks"}, null where there is none; NULL: no memory. */
json_t *render_json_ratio(const struct ratio *ratio);

#endif
