/* SPDX-License-Identifier: MIT */
/* The values of an SVG drawing's attributes. */
#ifndef BENCH_REPORT_HTML_SVG_VALUE_H
#define BENCH_REPORT_HTML_SVG_VALUE_H

#include <stdbool.h>

/* The same value in fewer bytes, to be freed; NULL: no memory. Zeros behind a point and blanks go, rgb(...) becomes #rrggbb;
 * where the numbers are `pixels`, from 10 on one decimal is kept. */
char *svg_value_shorten(const char *value, bool pixels);

#endif
