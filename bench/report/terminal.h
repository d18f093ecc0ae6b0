/* SPDX-License-Identifier: MIT */
/* What standard output can show. */
#ifndef BENCH_REPORT_TERMINAL_H
#define BENCH_REPORT_TERMINAL_H

#include "bench/report/writer.h"

/* Its columns, 80 where it is no terminal or has fewer, at most 1000. */
int terminal_columns(void);
/* Whether it is a terminal that TERM names and does not call dumb, and NO_COLOR is not set. */
bool terminal_has_colour(void);

#endif
