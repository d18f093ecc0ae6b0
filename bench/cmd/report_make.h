/* SPDX-License-Identifier: MIT */
/*
 * From a run's folder (docs/run-directory.md) to everything derived from it: summary.json, summary.csv, summary.md, plots/,
 * index.html, and where its plan names claims (docs/claims.md) claims.json and claims.md. Each file appears by rename. Reads
 * no clock and no machine: the same folder gives the same bytes.
 */
#ifndef BENCH_CMD_REPORT_MAKE_H
#define BENCH_CMD_REPORT_MAKE_H

#include "bench/report/writer.h"
#include "bench/util/error.h"

struct report_options {
    const char *root;     /* the project */
    bool plots;           /* draw the pictures */
    bool plots_needed;    /* a picture that cannot be made is an error; else err->text is filled in and 0 returned */
    double margin;        /* in place of the run's own; below 0: the run's */
    struct writer writer; /* prints the table; `out` NULL: do not */
};

/*
 * Prints first, then writes the tables, then the pictures, then the page. Returns 0, or a negative errno with err filled in:
 * -ENOENT and -EPROTO as results_load, -ENOSYS where gnuplot is missing and needed. *failed_cells gets the number of cells
 * that failed or were refused (those that could not run here do not count): the run's exit status is 1 where it is not 0.
 * A 0 with err->text filled in is a warning to pass on: the tables are there, a picture is not.
 */
int report_make(const char *run_dir, const struct report_options *options, int *failed_cells, struct error *err);

#endif
