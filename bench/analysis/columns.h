/* SPDX-License-Identifier: MIT */
/* Columns of a cell's samples, one value for each round that knows it, and their medians. Pure. A double that is not known
 * is NaN. */
#ifndef BENCH_ANALYSIS_COLUMNS_H
#define BENCH_ANALYSIS_COLUMNS_H

#include <stddef.h>

#include "bench/store/results.h"

/* Which of a sample's times, all of them int64_t nanoseconds below 0 where not known: COLUMN(work_ns). */
#define COLUMN(field) offsetof(struct sample, field)

/* The ends of a 95% interval, NaN where there are too few values. */
struct summary_interval {
    double low, high;
};

/* A sample's value in seconds. */
double column_value(const struct sample *sample, size_t column);
/* The median of values, and of a column, for which `space` holds at least cell->count values. */
double column_median_of(const double *values, size_t n);
double column_median(const struct result_cell *cell, size_t column, double *space);
struct summary_interval column_median_ci(const struct result_cell *cell, size_t column, double *space);
/* The round with the median of a column (of two, the lesser); 0: there are no samples, or no memory. */
int64_t column_median_round(const struct result_cell *cell, size_t column);
/* The sum of one column over that of another, in the samples that know both (the second above 0). */
double column_share(const struct result_cell *cell, size_t part, size_t whole);

#endif
