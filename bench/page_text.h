/* SPDX-License-Identifier: MIT */
/* The page's style and script, bench/page/page.{css,js}, as the build puts them into the program. */
#ifndef BENCH_PAGE_TEXT_H
#define BENCH_PAGE_TEXT_H

extern const char page_css[], page_js[];

#endif
