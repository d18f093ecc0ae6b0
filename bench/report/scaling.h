/* SPDX-License-Identifier: MIT */
/* The part of a report on sweeps, the same in every exporter: gains over workers, and the fitted laws. Nothing is
 * printed where the run has no sweep. */
#ifndef BENCH_REPORT_SCALING_H
#define BENCH_REPORT_SCALING_H

#include <jansson.h>
#include <stdio.h>

#include "bench/analysis/scaling.h"

/* `width`: columns of the terminal. */
void render_scaling_text(const struct scaling *scaling, int width, FILE *out);
void render_scaling_markdown(const struct scaling *scaling, FILE *out);
/* A section of the page. */
void render_scaling_html(const struct scaling *scaling, FILE *out);
/* summary.json's "scaling", an array; NULL: no memory. `summary` is what the curves were made from. */
json_t *render_scaling_json(const struct scaling *scaling, const struct summary *summary);

#endif
