/* SPDX-License-Identifier: MIT */
/* From cells to prices. A point counts only where it shows what it should: a cell that failed does not, and of jobs that
 * wait all have to have waited at the same time, under the eyes of somebody. */
#include "bench/analysis/marginal_cost.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool belongs(const struct price *row, const struct summary_cell *cell)
{
    return strcmp(row->piece, cell->group->sweep) == 0 && strcmp(row->runtime, cell->cell->runtime) == 0 &&
           strcmp(row->model, cell->cell->model) == 0;
}

static int row_of(struct prices *prices, const struct summary_cell *cell, struct price **out)
{
    static const struct stats_interval unknown = {NAN, NAN, NAN, NAN};
    for (size_t i = 0; i < prices->count; i++)
        if (belongs(&prices->rows[i], cell)) {
            *out = NULL; /* it is there */
            return 0;
        }
    struct price *more = realloc(prices->rows, (prices->count + 1) * sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    prices->rows = more;
    *out = &more[prices->count++];
    **out = (struct price){.piece = cell->group->sweep,
                           .runtime = cell->cell->runtime,
                           .model = cell->cell->model,
                           .start_method = cell->cell->start_method,
                           .group = cell->group,
                           .memory_bytes = unknown,
                           .setup_s = unknown,
                           .whole_s = unknown};
    return 0;
}

/* -- points --------------------------------------------------------------------------------------------------------------- */

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

static bool point_counts(struct price *row, const struct summary_cell *cell)
{
    char text[80];
    if (!cell->verified || cell->rounds == 0) {
        complain(row, cell, cell->note != NULL ? cell->note : "no timed round");
        return false;
    }
    if (waits(cell) && cell->in_flight_max < (double)cell->group->workers) {
        snprintf(text, sizeof text, "no more than %.0f were in flight at once: the delay is too short",
                 cell->in_flight_max);
        complain(row, cell, text);
        return false;
    }
    return true;
}

static void point_add(struct points *points, struct price *row, const struct summary_cell *cell)
{
    const double workers = (double)cell->group->workers;
    if (!point_counts(row, cell))
        return;
    if (points->n == SLOPE_POINTS_MAX) {
        complain(row, cell, "there are more points than one fit takes");
        return;
    }
    const bool seen = cell->cell->peak_pss_bytes >= 0 && !(waits(cell) && cell->cell->memory_looks == 0);
    if (!seen)
        complain(row, cell, "nobody looked at its memory while it waited");
    row->from = points->n == 0 || cell->group->workers < row->from ? cell->group->workers : row->from;
    row->to = points->n == 0 || cell->group->workers > row->to ? cell->group->workers : row->to;
    points->x[points->n] = workers;
    points->memory[points->n] = seen ? (double)cell->cell->peak_pss_bytes : NAN;
    points->setup[points->n] = cell->phase_s[PHASE_START] + cell->phase_s[PHASE_READY];
    points->whole[points->n++] = cell->median_s;
}

/* The slope over the points that know the value; left alone where they are too few. */
static void price_fit(const double *x, const double *y, size_t n, struct stats_interval *out)
{
    double known_x[SLOPE_POINTS_MAX], known_y[SLOPE_POINTS_MAX];
    size_t known = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(y[i])) {
            known_x[known] = x[i];
            known_y[known++] = y[i];
        }
    if (known >= PRICES_POINTS_MIN)
        (void)slope_make(known_x, known_y, known, out); /* in range, finite, and no number of workers twice */
}

static void row_fill(struct price *row, const struct summary *summary)
{
    struct points points = {.n = 0};
    for (size_t i = 0; i < summary->cell_count; i++)
        if (!plan_compares(summary->cells[i].group) && belongs(row, &summary->cells[i]))
            point_add(&points, row, &summary->cells[i]);
    row->points = points.n;
    price_fit(points.x, points.memory, points.n, &row->memory_bytes);
    price_fit(points.x, points.setup, points.n, &row->setup_s);
    price_fit(points.x, points.whole, points.n, &row->whole_s);
    if (points.n < PRICES_POINTS_MIN && row->note[0] == '\0')
        snprintf(row->note, sizeof row->note, "%zu numbers of workers are too few for a price", points.n);
}

/* -- the whole ------------------------------------------------------------------------------------------------------------ */

int prices_make(struct prices *prices, const struct summary *summary)
{
    *prices = (struct prices){NULL, 0};
    for (size_t i = 0; i < summary->cell_count; i++) {
        struct price *row;
        if (plan_compares(summary->cells[i].group))
            continue;
        if (row_of(prices, &summary->cells[i], &row) != 0) {
            prices_free(prices);
            return -ENOMEM;
        }
        if (row != NULL)
            row_fill(row, summary);
    }
    return 0;
}

void prices_free(struct prices *prices)
{
    free(prices->rows);
    *prices = (struct prices){NULL, 0};
}
