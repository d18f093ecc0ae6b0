/* SPDX-License-Identifier: MIT */
/* The page's style and script, bench/report/html/page.{css,js}, as the build puts them into the program. */
#ifndef BENCH_REPORT_HTML_PAGE_TEXT_H
#define BENCH_REPORT_HTML_PAGE_TEXT_H

extern const char page_css[], page_js[];

#endif
