/* SPDX-License-Identifier: MIT */
/* The page's way of writing a document: headings h2 and h3, paragraphs, lists, and tables that sort. */
#ifndef BENCH_REPORT_HTML_HTML_WRITER_H
#define BENCH_REPORT_HTML_HTML_WRITER_H

#include "bench/report/writer.h"

extern const struct writer_format format_html;

/* Opens a section of the page with its heading; </section> closes it. */
void html_section(FILE *out, const char *id, const char *title);

#endif
