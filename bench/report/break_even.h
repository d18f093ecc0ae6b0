/* SPDX-License-Identifier: MIT */
/* From how many jobs on each variant of a group beats its runtime's sync (bench/analysis/ranking.h), in a sentence. */
#ifndef BENCH_REPORT_BREAK_EVEN_H
#define BENCH_REPORT_BREAK_EVEN_H

#include <stdio.h>

#include "bench/analysis/summary.h"

/* Nothing is printed where no variant has a break-even. `width`: columns of the terminal. */
void render_break_even_text(const struct summary *summary, const struct result_group *group, int width, FILE *out);
void render_break_even_markdown(const struct summary *summary, const struct result_group *group, FILE *out);

#endif
