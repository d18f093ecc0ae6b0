/* SPDX-License-Identifier: MIT */
/* The part of a report on what one more costs, the same in every exporter. Nothing is printed where the run has no
 * prices. */
#ifndef BENCH_REPORT_MARGINAL_COST_H
#define BENCH_REPORT_MARGINAL_COST_H

#include <jansson.h>
#include <stdio.h>

#include "bench/analysis/marginal_cost.h"

void render_prices_text(const struct prices *prices, int width, FILE *out);
void render_prices_markdown(const struct prices *prices, FILE *out);
/* A section of the page. */
void render_prices_html(const struct prices *prices, FILE *out);
/* summary.json's "prices", an array; NULL: no memory. */
json_t *render_prices_json(const struct prices *prices);

#endif
