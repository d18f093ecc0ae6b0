/* SPDX-License-Identifier: MIT */
/* From cells to prices. A point counts only where it shows what it should: a cell that failed does not, and of jobs that
 * wait all have to have waited at the same time, under the eyes of somebody. */
#include "bench/analysis/marginal_cost.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"

static bool waits(const struct summary_cell *cell) { return strcmp(cell->group->kind, "io") == 0; }

/* The values that have a price; NaN: not known. */
typedef double price_value(const struct summary_cell *cell);

static double memory_of(const struct summary_cell *cell)
{
    const bool seen = cell->cell->peak_pss_bytes >= 0 && !(waits(cell) && summary_memory_is_least(cell));
    return seen ? (double)cell->cell->peak_pss_bytes : NAN;
}

static double setup_of(const struct summary_cell *cell)
{
    return cell->phase_s[PHASE_START] + cell->phase_s[PHASE_READY];
}

static double whole_of(const struct summary_cell *cell) { return cell->median_s; }

static bool has_run(const struct summary_cell *cell) { return cell->verified && cell->rounds > 0; }

static bool point_counts(const struct summary_cell *cell)
{
    return has_run(cell) && !(waits(cell) && cell->in_flight_max < (double)cell->group->workers);
}

/* Keeps the first thing that is wrong. */
static void complain(struct price *row, const struct summary_cell *cell)
{
    char few[80];
    snprintf(few, sizeof few, "no more than %.0f were in flight at once: the delay is too short", cell->in_flight_max);
    const char *what = !has_run(cell)           ? cell->note != NULL ? cell->note : "no timed round"
                       : !point_counts(cell)    ? few
                       : isnan(memory_of(cell)) ? "nobody looked at its memory while it waited"
                                                : NULL;
    if (what != NULL && row->note[0] == '\0')
        snprintf(row->note, sizeof row->note, "with %lld worker%s: %.120s", (long long)cell->group->workers,
                 cell->group->workers == 1 ? "" : "s", what);
}

/* The slope over the points that count and know the value; not known where they are too few. */
static struct stats_interval price_fit(const struct scaling_curve *curve, price_value *value)
{
    struct stats_interval slope = {NAN, NAN, NAN};
    double x[SLOPE_POINTS_MAX], y[SLOPE_POINTS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < curve->count && n < SLOPE_POINTS_MAX; i++) {
        const struct summary_cell *cell = curve->points[i].cell;
        if (point_counts(cell) && isfinite(value(cell))) {
            x[n] = (double)cell->group->workers;
            y[n++] = value(cell);
        }
    }
    if (n >= PRICES_POINTS_MIN)
        slope_make(x, y, n, &slope); /* in range, finite, and no number of workers twice */
    return slope;
}

static void row_fill(struct price *row, const struct scaling_curve *curve)
{
    *row = (struct price){.piece = curve->sweep,
                          .runtime = curve->runtime,
                          .model = curve->model,
                          .start_method = curve->points[0].cell->cell->start_method,
                          .group = curve->group,
                          .memory_bytes = price_fit(curve, memory_of),
                          .setup_s = price_fit(curve, setup_of),
                          .whole_s = price_fit(curve, whole_of)};
    for (size_t i = 0; i < curve->count; i++) {
        const struct summary_cell *cell = curve->points[i].cell;
        complain(row, cell);
        if (!point_counts(cell))
            continue;
        row->from = row->points++ == 0 ? cell->group->workers : row->from; /* they rise */
        row->to = cell->group->workers;
    }
    if (row->points < PRICES_POINTS_MIN && row->note[0] == '\0')
        snprintf(row->note, sizeof row->note, "%zu numbers of workers are too few for a price", row->points);
    else if (row->points > SLOPE_POINTS_MAX && row->note[0] == '\0')
        snprintf(row->note, sizeof row->note, "there are more points than one fit takes");
}

void prices_make(struct prices *prices, const struct summary *summary)
{
    *prices = (struct prices){.curves = scaling_of_prices(summary)};
    prices->count = prices->curves.count;
    prices->rows = xcalloc(prices->count, sizeof *prices->rows);
    for (size_t i = 0; i < prices->count; i++)
        row_fill(&prices->rows[i], &prices->curves.curves[i]);
}

void prices_free(struct prices *prices)
{
    free(prices->rows);
    scaling_free(&prices->curves);
    *prices = (struct prices){NULL, 0, {NULL, 0}};
}
