/* SPDX-License-Identifier: MIT */
/* A comparison of two runs, in any format: the answer, what was wrong with the runs, what else is not the same in both, then
 * the cells. */
#ifndef BENCH_REPORT_COMPARE_H
#define BENCH_REPORT_COMPARE_H

#include "bench/analysis/compare.h"
#include "bench/report/writer.h"

#define COMPARE_TABLE "cells" /* for programs: one row per cell of either run */

/* All of it, to its end; `names`: what the runs are called. */
void compare_write(const struct compare *compare, const char *const names[COMPARE_SIDES], struct writer *w);

#endif
