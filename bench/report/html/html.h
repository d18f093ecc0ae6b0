/* SPDX-License-Identifier: MIT */
/*
 * index.html from a struct page: the question, the machine, warnings, a sentence a group, pictures, numbers, and how they
 * were made. Readable without script. Everything that comes from a file or a name is escaped.
 */
#ifndef BENCH_REPORT_HTML_HTML_H
#define BENCH_REPORT_HTML_HTML_H

#include <stdio.h>

#include "bench/report/html/page.h"

/* `page` points at a struct page. 0 or -ENOMEM; whether `out` took the bytes is for the caller to check. */
int render_html(const void *page, FILE *out);

/* -- its parts, one a file (bench/render_html_*.c): 0 or -ENOMEM ---------------------------------------------------------- */

int render_html_findings(const struct page *page, FILE *out); /* warnings, then a sentence a group */
int render_html_pictures(const struct page *page, FILE *out);
int render_html_numbers(const struct page *page, FILE *out); /* every cell, checks, sweeps, costs */
int render_html_method(const struct page *page, FILE *out);  /* how it was measured, the machine, the commands */

#endif
