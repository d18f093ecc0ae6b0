/* SPDX-License-Identifier: MIT */
/* From the groups of a sweep to curves, and to prices. */
#include "bench/analysis/scaling.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"

bool scaling_is_weak(const char *scaling) { return strcmp(scaling, "weak") == 0; }

/* Sweeps over jobs alone have no workers to scale with; sync has one only; in an open loop there is no gain. */
static bool takes_part(const struct summary_cell *cell)
{
    const char *scaling = cell->group->scaling;
    return cell->group->sweep != NULL && scaling != NULL &&
           (scaling_is_weak(scaling) || strcmp(scaling, "strong") == 0) && plan_compares(cell->group) &&
           !cell->cell->baseline && cell->group->rate == 0 && cell->group->workers > 0;
}

/* What all points of a curve have in common; 0 where that is the price. */
static int64_t jobs_of(const struct plan_group *group)
{
    return scaling_is_weak(group->scaling) ? group->jobs / group->workers : plan_prices(group) ? 0 : group->jobs;
}

bool scaling_same_table(const struct scaling_curve *a, const struct scaling_curve *b)
{
    return strcmp(a->sweep, b->sweep) == 0 && strcmp(a->scaling, b->scaling) == 0 && a->jobs == b->jobs;
}

static bool in_table(const struct scaling_curve *curve, const struct plan_group *group)
{
    return strcmp(curve->sweep, group->sweep) == 0 && strcmp(curve->scaling, group->scaling) == 0 &&
           curve->jobs == jobs_of(group);
}

const struct scaling_curve *scaling_table(const struct scaling *scaling, const struct plan_group *group)
{
    if (group->sweep == NULL || group->scaling == NULL || group->workers <= 0)
        return NULL;
    for (size_t i = 0; i < scaling->count; i++)
        if (in_table(&scaling->curves[i], group))
            return &scaling->curves[i];
    return NULL;
}

static struct scaling_curve *curve_of(struct scaling *scaling, const struct summary_cell *cell)
{
    for (struct scaling_curve *c = scaling->curves; c != NULL && c < scaling->curves + scaling->count; c++)
        if (in_table(c, cell->group) && strcmp(c->runtime, cell->cell->runtime) == 0 &&
            strcmp(c->model, cell->cell->model) == 0)
            return c;
    scaling->curves = array_grow(scaling->curves, scaling->count, sizeof *scaling->curves);
    scaling->curves[scaling->count] = (struct scaling_curve){.sweep = cell->group->sweep,
                                                             .scaling = cell->group->scaling,
                                                             .runtime = cell->cell->runtime,
                                                             .model = cell->cell->model,
                                                             .group = cell->group,
                                                             .jobs = jobs_of(cell->group)};
    return &scaling->curves[scaling->count++];
}

static void curve_add(struct scaling_curve *curve, const struct summary *summary, const struct summary_cell *cell)
{
    const struct summary_check *capacity = summary_capacity_of(summary, cell);
    const double cpus = summary_cpus(summary), workers = (double)cell->group->workers;
    curve->points = array_grow(curve->points, curve->count, sizeof *curve->points);
    size_t at = curve->count++;
    for (; at > 0 && curve->points[at - 1].cell->group->workers > cell->group->workers; at--)
        curve->points[at] = curve->points[at - 1];
    curve->points[at] = (struct scaling_point){
        .cell = cell,
        .gain = &cell->speedup[RATIO_WORK][RATIO_OWN_SYNC],
        .capacity = capacity == NULL ? NAN : capacity->ratio.ratio,
        .beyond = strcmp(cell->group->kind, "io") != 0 && cpus > 0 && workers > ceil(cpus),
    };
}

static void curve_fit(struct scaling_curve *curve)
{
    struct fit_point *points = xcalloc(curve->count, sizeof *points);
    size_t n = 0;
    for (size_t i = 0; i < curve->count; i++)
        if (ratio_known(curve->points[i].gain))
            points[n++] = (struct fit_point){.workers = (double)curve->points[i].cell->group->workers,
                                             .gain = curve->points[i].gain->ratio};
    for (enum fit_law law = 0; law < FIT_LAWS; law++) {
        struct fit *fit = &curve->fits[law];
        const bool speaks = law != FIT_AMDAHL || !scaling_is_weak(curve->scaling);
        fit_make(law, points, speaks ? n : 0, fit);
        if (!speaks)
            snprintf(fit->reason, sizeof fit->reason, "the law speaks of a fixed amount of work");
    }
    free(points);
}

void scaling_make(struct scaling *scaling, const struct summary *summary)
{
    *scaling = (struct scaling){NULL, 0};
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if (takes_part(c))
            curve_add(curve_of(scaling, c), summary, c);
    for (size_t i = 0; i < scaling->count; i++)
        curve_fit(&scaling->curves[i]);
}

void scaling_free(struct scaling *scaling)
{
    for (size_t i = 0; i < scaling->count; i++)
        free(scaling->curves[i].points);
    free(scaling->curves);
    *scaling = (struct scaling){NULL, 0};
}

/* -- marginal costs: a point counts where it did not fail; jobs that wait must all have waited at once, while seen ------- */

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

/* The groups that are there for their price, without gains and laws. */
static struct scaling curves_of_prices(const struct summary *summary)
{
    struct scaling scaling = {NULL, 0};
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if (plan_prices(c->group))
            curve_add(curve_of(&scaling, c), summary, c);
    return scaling;
}

void prices_make(struct prices *prices, const struct summary *summary)
{
    *prices = (struct prices){.curves = curves_of_prices(summary)};
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
