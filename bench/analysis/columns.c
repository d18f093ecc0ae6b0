/* SPDX-License-Identifier: MIT */
/* Columns of samples. */
#include "bench/analysis/columns.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/order.h"

static int64_t ns_of(const struct sample *sample, size_t column)
{
    int64_t ns;
    memcpy(&ns, (const char *)sample + column, sizeof ns);
    return ns;
}

double column_value(const struct sample *sample, size_t column)
{
    const int64_t ns = ns_of(sample, column);
    return ns < 0 ? NAN : (double)ns / 1e9;
}

/* The values that are known, in the order of rounds. Returns how many. */
static size_t column_take(const struct result_cell *cell, size_t column, double *space)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->count; i++)
        if (ns_of(&cell->samples[i], column) >= 0)
            space[n++] = column_value(&cell->samples[i], column);
    return n;
}

double column_median_of(const double *values, size_t n)
{
    double median = NAN;
    return n > 0 && stats_median(values, n, &median) == 0 ? median : NAN;
}

double column_median(const struct result_cell *cell, size_t column, double *space)
{
    return column_median_of(space, column_take(cell, column, space));
}

struct round_value {
    int64_t ns, round;
};

static int by_value(const void *a, const void *b)
{
    const struct round_value *x = a, *y = b;
    return x->ns != y->ns ? (x->ns > y->ns) - (x->ns < y->ns) : (x->round > y->round) - (x->round < y->round);
}

int64_t column_median_round(const struct result_cell *cell, size_t column)
{
    struct round_value *sorted = calloc(cell->count + 1, sizeof *sorted);
    if (sorted == NULL || cell->count == 0) {
        free(sorted);
        return 0;
    }
    for (size_t i = 0; i < cell->count; i++)
        sorted[i] = (struct round_value){ns_of(&cell->samples[i], column), cell->samples[i].round};
    qsort(sorted, cell->count, sizeof *sorted, by_value);
    const int64_t round = sorted[(cell->count - 1) / 2].round;
    free(sorted);
    return round;
}

struct summary_interval column_median_ci(const struct result_cell *cell, size_t column, double *space)
{
    struct stats_interval interval;
    if (stats_median_interval(space, column_take(cell, column, space), 0.95, &interval) != 0)
        return (struct summary_interval){NAN, NAN};
    return (struct summary_interval){interval.low, interval.high};
}

double column_share(const struct result_cell *cell, size_t part, size_t whole)
{
    double parts = 0, wholes = 0;
    for (size_t i = 0; i < cell->count; i++) {
        const int64_t x = ns_of(&cell->samples[i], part), y = ns_of(&cell->samples[i], whole);
        if (x >= 0 && y > 0) {
            parts += (double)x;
            wholes += (double)y;
        }
    }
    return wholes > 0 ? parts / wholes : NAN;
}
