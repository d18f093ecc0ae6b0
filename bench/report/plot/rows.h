/* SPDX-License-Identifier: MIT */
/* The variants of a group as rows of a picture, the best on top, coloured by their runtime. */
#ifndef BENCH_REPORT_PLOT_ROWS_H
#define BENCH_REPORT_PLOT_ROWS_H

#include <stddef.h>
#include <stdio.h>

#include "bench/analysis/summary.h"

struct plot_row {
    const struct summary_cell *cell;
    double key; /* what they are sorted by, falling; NaN comes last */
};

struct plot_rows {
    struct plot_row *items;
    size_t count, known; /* with a key that is a number */
    double low, high;    /* of the axis */
};

/* `key`: of a cell; `what` is handed on to it. 0 or -ENOMEM; plot_rows_free is needed after 0 only. */
int plot_rows_make(struct plot_rows *rows, const struct summary *summary, const struct plan_group *group,
                   double (*key)(const struct summary_cell *cell, const void *what), const void *what);
void plot_rows_free(struct plot_rows *rows);
/* Widens the axis to hold a value; no number, or none above 0, does nothing. */
void plot_rows_stretch(struct plot_rows *rows, double value);
/* `Y PLACE "NAME"`: the first columns of a row: from below, its runtime's place, "c:threads". */
void plot_rows_put(const struct plot_rows *rows, size_t row, FILE *out);
/* rows=33; low=0.1; high=40; longest=18, to be freed; the axis has some room at both ends. NULL: no memory. */
char *plot_rows_settings(const struct plot_rows *rows);

#endif
