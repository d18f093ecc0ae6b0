/* SPDX-License-Identifier: MIT */
/* Claims beside measurements, as text, Markdown and JSON. `what` points at a struct claims that was judged; each returns
 * 0 or -ENOMEM, and whether `out` took the bytes is for the caller to check. */
#ifndef BENCH_REPORT_CLAIMS_H
#define BENCH_REPORT_CLAIMS_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/analysis/claims.h"

int render_claims_text(const struct claims *claims, int width, FILE *out);
int render_claims_markdown(const void *what, FILE *out);
/* A section of the page. */
int render_claims_html(const void *what, FILE *out);
int render_claims_json(const void *what, FILE *out);

#endif
