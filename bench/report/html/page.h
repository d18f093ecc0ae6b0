/* SPDX-License-Identifier: MIT */
/*
 * index.html: a run on one page that asks for nothing outside. bench/report/html/html.h prints it; here is what it is made
 * of, and what is left out so that it stays small.
 */
#ifndef BENCH_REPORT_HTML_PAGE_H
#define BENCH_REPORT_HTML_PAGE_H

#include <stddef.h>

#include "bench/analysis/claims.h"
#include "bench/util/error.h"
#include "bench/report/plot/picture.h"
#include "bench/analysis/summary.h"

#define PAGE_FILE "index.html"
/* All drawings of a page together; those that do not fit any more stay in plots/. In the order of pictures_make, so that
 * what people look at first is in. */
#define PAGE_DRAWINGS_MOST (2400 * 1000)

struct page_picture {
    const struct picture *picture; /* one that is not empty */
    char *drawing;                 /* SVG for HTML; NULL: `why` not */
    const char *why;
};

struct page {
    const struct summary *summary;
    const struct claims *claims; /* NULL: the run names none */
    struct page_picture *pictures;
    size_t picture_count, drawn; /* `drawn` of them have a drawing */
};

/*
 * Reads RUN/plots/STEM.svg of each picture; one that was drawn from other data than the picture's (its STEM.dat says) is
 * not taken. All but the pictures is borrowed. 0 or a negative errno with err filled in; then *page is empty.
 */
int page_make(struct page *page, const char *run_dir, const struct summary *summary, const struct claims *claims,
              const struct pictures *pictures, struct error *err);
void page_free(struct page *page);

#endif
