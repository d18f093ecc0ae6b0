/* SPDX-License-Identifier: MIT */
/* The command that makes a run again, from the command line that its plan.json keeps. */
#ifndef BENCH_REPORT_REPRODUCE_H
#define BENCH_REPORT_REPRODUCE_H

#include "bench/store/results.h"

/* A line for a shell, to be freed; NULL: no memory. Of a run whose command line is not known a comment that says so. */
char *reproduce_command(const struct results *results);

#endif
