/* SPDX-License-Identifier: MIT */
/*
 * What index.html is made of: a run on one page that asks for nothing outside. bench/report/html/html.h prints it.
 */
#ifndef BENCH_REPORT_HTML_PAGE_H
#define BENCH_REPORT_HTML_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/analysis/claims.h"
#include "bench/analysis/summary.h"

#define PAGE_FILE "index.html"

/* A picture of the run; all is borrowed. */
struct page_picture {
    const struct plan_group *group; /* what it is about; NULL: the whole run */
    const char *stem;               /* RUN/plots/STEM.svg is the drawing */
    const char *alt;                /* what it shows, in a sentence */
    bool drawn;                     /* the drawing is there, and of these numbers */
};

struct page {
    const struct summary *summary;
    const struct claims *claims; /* NULL: the run names none */
    const char *run_dir;
    const struct page_picture *pictures; /* what people look at first comes first */
    size_t picture_count;
};

#endif
