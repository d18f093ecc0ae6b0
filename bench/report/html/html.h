/* SPDX-License-Identifier: MIT */
/*
 * index.html: a run on one page that asks for nothing outside: the question, the machine, warnings, a sentence a group,
 * pictures, numbers, and how they were made. Readable without script. Everything that comes from a file or a name is escaped.
 */
#ifndef BENCH_REPORT_HTML_HTML_H
#define BENCH_REPORT_HTML_HTML_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/analysis/claims.h"
#include "bench/analysis/summary.h"
#include "bench/report/writer.h"

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

/* `page` points at a struct page. */
void render_html(const void *page, FILE *out);

extern const struct writer_format format_html; /* headings h1 to h3, paragraphs, lists, and tables that sort */
/* Opens a section of the page with its heading; </section> closes it. */
void html_section(FILE *out, const char *id, const char *title);
/* Its section of pictures. */
void html_put_pictures(const struct page *page, FILE *out);

#endif
