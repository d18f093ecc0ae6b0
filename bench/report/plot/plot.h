/* SPDX-License-Identifier: MIT */
/*
 * Draws pictures with gnuplot: for each RUN/plots/STEM.dat, then STEM.svg and so on. The scripts of scripts/plots only
 * draw. Every file appears by rename; what was drawn from other data than the present goes first.
 */
#ifndef BENCH_REPORT_PLOT_PLOT_H
#define BENCH_REPORT_PLOT_PLOT_H

#include "bench/util/error.h"
#include "bench/report/plot/picture.h"

/* Bits of plot_options.formats, and their names in plot_formats (NULL ends them). */
enum plot_format { PLOT_SVG = 1, PLOT_PNG = 2, PLOT_PDF = 4, PLOT_TXT = 8 };
extern const char *const plot_formats[];

struct plot_options {
    const char *root; /* the project: its scripts/plots has the .gp files */
    unsigned formats; /* of enum plot_format */
    int text_width;   /* columns of a drawing as text; 0: 100 */
};

/*
 * 0 or a negative errno with err filled in; -ENOSYS: gnuplot is not installed (the data files are there all the same).
 * Goes on to the other pictures after one that cannot be drawn and reports the first.
 */
int plot_make(const char *run_dir, const struct pictures *pictures, const struct plot_options *options,
              struct error *err);
/* Is there an SVG of it that was drawn from the same data? */
bool plot_is_drawn(const char *run_dir, const struct picture *picture);

#endif
