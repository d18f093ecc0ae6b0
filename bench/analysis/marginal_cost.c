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

/* Columns of the points of one row. */
struct points {
    double x[SLOPE_POINTS_MAX], memory[SLOPE_POINTS_MAX], setup[SLOPE_POINTS_MAX], whole[SLOPE_POINTS_MAX];
    size_t n;
};

/* Keeps the first thing that is wrong. */
static void complain(struct price *row, const struct summary_cell *cell, const char *what)
{
    if (row->note[0] == '\0')
        snprintf(row->note, sizeof row->note, "with %lld worker%s: %.120s", (long long)cell->group->workers,
                 cell->group->workers == 1 ? "" : "s", what);
}

static bool waits(const struct summary_cell *cell) { return strcmp(cell->group->kind, "io") == 0; }

static bool point_counts(struct price *row, const struct points *points, const struct summary_cell *cell)
{
    char few[80];
    const char *wrong = NULL;
    snprintf(few, sizeof few, "no more than %.0f were in flight at once: the delay is too short", cell->in_flight_max);
    if (!cell->verified || cell->rounds == 0)
        wrong = cell->note != NULL ? cell->note : "no timed round";
    else if (waits(cell) && cell->in_flight_max < (double)cell->group->workers)
        wrong = few;
    else if (points->n == SLOPE_POINTS_MAX)
        wrong = "there are more points than one fit takes";
    if (wrong != NULL)
        complain(row, cell, wrong);
    return wrong == NULL;
}

static void point_add(struct points *points, struct price *row, const struct summary_cell *cell)
{
    if (!point_counts(row, points, cell))
        return;
    const bool seen = cell->cell->peak_pss_bytes >= 0 && !(waits(cell) && cell->cell->memory_looks == 0);
    if (!seen)
        complain(row, cell, "nobody looked at its memory while it waited");
    row->from = points->n == 0 ? cell->group->workers : row->from; /* they rise */
    row->to = cell->group->workers;
    points->x[points->n] = (double)cell->group->workers;
    points->memory[points->n] = seen ? (double)cell->cell->peak_pss_bytes : NAN;
    points->setup[points->n] = cell->phase_s[PHASE_START] + cell->phase_s[PHASE_READY];
    points->whole[points->n++] = cell->median_s;
}

/* The slope over the points that know the value; not known where they are too few. */
static struct stats_interval price_fit(const struct points *points, const double *y)
{
    struct stats_interval slope = {NAN, NAN, NAN};
    double known_x[SLOPE_POINTS_MAX], known_y[SLOPE_POINTS_MAX];
    size_t known = 0;
    for (size_t i = 0; i < points->n; i++)
        if (isfinite(y[i])) {
            known_x[known] = points->x[i];
            known_y[known++] = y[i];
        }
    if (known >= PRICES_POINTS_MIN)
        slope_make(known_x, known_y, known, &slope); /* in range, finite, and no number of workers twice */
    return slope;
}

static void row_fill(struct price *row, const struct scaling_curve *curve)
{
    struct points points = {.n = 0};
    *row = (struct price){.piece = curve->sweep,
                          .runtime = curve->runtime,
                          .model = curve->model,
                          .start_method = curve->points[0].cell->cell->start_method,
                          .group = curve->group};
    for (size_t i = 0; i < curve->count; i++)
        point_add(&points, row, curve->points[i].cell);
    row->points = points.n;
    row->memory_bytes = price_fit(&points, points.memory);
    row->setup_s = price_fit(&points, points.setup);
    row->whole_s = price_fit(&points, points.whole);
    if (points.n < PRICES_POINTS_MIN && row->note[0] == '\0')
        snprintf(row->note, sizeof row->note, "%zu numbers of workers are too few for a price", points.n);
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
