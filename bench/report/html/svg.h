/* SPDX-License-Identifier: MIT */
/*
 * An SVG drawing made fit to stand in an HTML page beside others: only elements and attributes that draw, ids of its own,
 * nothing that could ask for anything outside, and without what takes room and shows nothing (what is inherited anyway,
 * groups and paths that are empty, decimals of a pixel). What it looks like stays the same to a tenth of a pixel.
 */
#ifndef BENCH_REPORT_HTML_SVG_H
#define BENCH_REPORT_HTML_SVG_H

#include <stddef.h>
#include <stdio.h>

#include "bench/util/error.h"

struct svg_source {
    const char *bytes; /* the file; it is taken to be encoded as it says, UTF-8 by default */
    size_t length;
    const char *prefix; /* of its ids on the page: letters, digits and dashes */
    const char *label;  /* the id of the element that says what it shows */
};

/* 0, -ENOMEM, or -EPROTO with err filled in where it is no SVG, or has an element or a reference that a page cannot take;
 * then `out` has a part of it. */
int svg_inline(const struct svg_source *source, FILE *out, struct error *err);

#endif
