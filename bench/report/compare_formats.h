/* SPDX-License-Identifier: MIT */
/* The exporters of a comparison: one file each, one pure function from a comparison to bytes, as in bench/report/render.h.
 * docs/compare.md describes what they print. */
#ifndef BENCH_REPORT_COMPARE_FORMATS_H
#define BENCH_REPORT_COMPARE_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/analysis/compare.h"
#include "bench/report/compare.h"

struct compare_view {
    const struct compare *compare;
    const struct story *story;
    const char *name[COMPARE_SIDES]; /* what the two runs are called */
    int width;                       /* columns of a terminal; less than 80 counts as 80 */
    bool colour;
};

typedef int render_compare(const struct compare_view *view, FILE *out);

render_compare render_compare_text, render_compare_markdown, render_compare_json, render_compare_csv;

#endif
