/* SPDX-License-Identifier: MIT */
/*
 * The pictures: data files written here, drawn by gnuplot from the scripts of scripts/plots, which only draw. For each
 * group RUN/plots/speedup-GROUP.dat, .svg and .png.
 */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include "bench/error.h"
#include "bench/summary.h"

/*
 * 0 or a negative errno with err filled in; -ENOSYS: gnuplot is not installed (the data files are there all the same).
 * Goes on to the other groups after a picture that cannot be drawn and reports the first.
 */
int plot_make(const char *run_dir, const char *scripts_dir, const struct summary *summary, struct error *err);

#endif
