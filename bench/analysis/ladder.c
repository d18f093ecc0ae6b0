/* SPDX-License-Identifier: MIT */
/* Rungs from the cells of a run: first their points and laws, then the costs beside them. */
#include "bench/analysis/ladder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"
#include "bench/util/text.h"

static bool same(const char *a, const char *b) { return strcmp(a, b) == 0; }

static bool is_cost(const struct plan_group *group)
{
    return same(group->kind, "none") && !plan_compares(group) && !plan_prices(group) && !plan_serves(group) &&
           group->rate == 0;
}

static bool same_column(const struct plan_group *a, const struct plan_group *b)
{
    return same(a->task, b->task) && json_equal(a->params, b->params) == 1;
}

static bool same_knobs(const json_t *a, const json_t *b) { return a == b || json_equal(a, b) == 1; }

static bool is_variant(const struct ladder_rung *rung, const struct summary_cell *cell)
{
    return same(rung->runtime, cell->cell->runtime) && same(rung->model, cell->cell->model) &&
           rung->workers == cell->group->workers && same_knobs(rung->knobs, cell->group->knobs);
}

/* -- the law of each variant ---------------------------------------------------------------------------------------------- */

/* False where it is no point: no gain, or no idea of what would be possible. */
static bool point_of(const struct summary *summary, const struct summary_cell *cell, struct handover_point *out,
                     double *capacity)
{
    const struct ratio *gain = &cell->speedup[RATIO_WORK][RATIO_OWN_SYNC];
    const struct summary_cell *sync = summary_sync_of(summary, cell);
    *capacity = limit_of(summary, cell).gain;
    if (!same(cell->group->kind, "cpu") || cell->group->baseline != NULL || cell->cell->baseline || sync == NULL ||
        !ratio_known(gain) || !isfinite(*capacity))
        return false;
    if (cell->cell->audit.runs > 0 || plan_needs_jobs(cell->group)) /* not held up by handing over, but by each other */
        return false;
    *out = (struct handover_point){sync->work_s / (double)cell->group->jobs, gain->ratio / *capacity};
    return true;
}

static struct ladder_rung *rung_add(struct ladder *ladder, const struct summary_cell *cell)
{
    ladder->rungs = array_grow(ladder->rungs, ladder->count, sizeof *ladder->rungs);
    struct ladder_rung *rung = &ladder->rungs[ladder->count++];
    *rung = (struct ladder_rung){.runtime = cell->cell->runtime,
                                 .model = cell->cell->model,
                                 .knobs = cell->group->knobs,
                                 .workers = cell->group->workers,
                                 .capacity = NAN};
    return rung;
}

static struct ladder_rung *rung_of(struct ladder *ladder, const struct summary_cell *cell)
{
    for (size_t i = 0; i < ladder->count; i++)
        if (is_variant(&ladder->rungs[i], cell) && same(ladder->rungs[i].group->task, cell->group->task))
            return &ladder->rungs[i];
    struct ladder_rung *rung = rung_add(ladder, cell);
    rung->group = cell->group;
    return rung;
}

static void points_add(struct ladder *ladder, const struct summary *summary)
{
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        struct handover_point point;
        double capacity;
        if (!point_of(summary, c, &point, &capacity))
            continue;
        struct ladder_rung *rung = rung_of(ladder, c);
        rung->points = array_grow(rung->points, rung->count, sizeof *rung->points);
        rung->points[rung->count] = point;
        rung->capacities = array_grow(rung->capacities, rung->count, sizeof *rung->capacities);
        rung->capacities[rung->count++] = capacity;
    }
}

static struct stats_interval length_of(const struct ladder_rung *rung, double share)
{
    return rung->law.accepted ? handover_length(&rung->law, share) : handover_between(rung->points, rung->count, share);
}

static void rung_fit(struct ladder_rung *rung)
{
    (void)handover_fit(rung->points, rung->count, &rung->law); /* ratios and times are above 0 */
    (void)stats_median(rung->capacities, rung->count, &rung->capacity);
    rung->most_s = length_of(rung, LADDER_REACHED);
    rung->even_s = rung->capacity > 1 ? length_of(rung, 1 / rung->capacity) : (struct stats_interval){NAN, NAN, NAN};
}

static void rung_free(struct ladder_rung *rung)
{
    free(rung->costs);
    free(rung->points);
    free(rung->capacities);
}

/* Those of a run that has other tasks, or jobs of much the same length, go again. */
static void laws_make(struct ladder *ladder)
{
    size_t kept = 0;
    for (size_t i = 0; i < ladder->count; i++) {
        struct ladder_rung *rung = &ladder->rungs[i];
        rung_fit(rung);
        if (isfinite(rung->law.rms))
            ladder->rungs[kept++] = *rung;
        else
            rung_free(rung);
    }
    ladder->count = kept;
}

/* -- costs ------------------------------------------------------------------------------------------------------------- */

static void columns_add(struct ladder *ladder, const struct summary *summary)
{
    const struct plan_group *groups = summary->results->groups;
    for (const struct plan_group *g = groups; g < groups + summary->results->group_count; g++) {
        size_t i = 0;
        while (i < ladder->column_count && !same_column(ladder->columns[i], g))
            i++;
        if (!is_cost(g) || i < ladder->column_count)
            continue;
        ladder->columns = array_grow(ladder->columns, ladder->column_count, sizeof *ladder->columns);
        ladder->columns[ladder->column_count++] = g;
    }
}

static struct ladder_cost *costs_new(size_t count)
{
    struct ladder_cost *costs = xcalloc(count, sizeof *costs);
    for (size_t i = 0; i < count; i++)
        costs[i].job_s = (struct stats_interval){NAN, NAN, NAN};
    return costs;
}

static struct ladder_cost cost_of(const struct summary_cell *cell)
{
    const double jobs = (double)cell->group->jobs;
    const bool known = cell->verified && cell->work_s >= SUMMARY_SHORT_WORK_S;
    return (struct ladder_cost){cell, known ? (struct stats_interval){cell->work_s / jobs, cell->work_ci_s.low / jobs,
                                                                      cell->work_ci_s.high / jobs}
                                            : (struct stats_interval){NAN, NAN, NAN}};
}

/* Beside each law of the variant, or on a rung of its own. */
static void costs_add(struct ladder *ladder, const struct summary *summary)
{
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        bool found = false;
        size_t column = 0;
        if (!is_cost(c->group))
            continue;
        while (!same_column(ladder->columns[column], c->group))
            column++;
        for (size_t i = 0; i < ladder->count || !found; i++) {
            struct ladder_rung *rung = i < ladder->count ? &ladder->rungs[i] : rung_add(ladder, c);
            if (!is_variant(rung, c))
                continue;
            found = true;
            if (rung->costs == NULL)
                rung->costs = costs_new(ladder->column_count);
            if (!isfinite(rung->costs[column].job_s.estimate))
                rung->costs[column] = cost_of(c);
        }
    }
}

/* -- the whole --------------------------------------------------------------------------------------------------------- */

/* What a job costs, as far as it is known; of a law what it would be for one that does nothing. */
static double key_of(const struct ladder_rung *rung, size_t columns)
{
    for (size_t i = 0; rung->costs != NULL && i < columns; i++)
        if (isfinite(rung->costs[i].job_s.estimate))
            return rung->costs[i].job_s.estimate;
    return rung->law.accepted ? fmax(0, rung->law.each_s.estimate) / rung->capacity : INFINITY;
}

/* By insertion, which leaves those that cost the same as they are. */
static void rungs_sort(struct ladder *ladder)
{
    for (size_t i = 1; i < ladder->count; i++) {
        const struct ladder_rung rung = ladder->rungs[i];
        size_t at = i;
        for (; at > 0 && key_of(&ladder->rungs[at - 1], ladder->column_count) > key_of(&rung, ladder->column_count);
             at--)
            ladder->rungs[at] = ladder->rungs[at - 1];
        ladder->rungs[at] = rung;
    }
}

void ladder_make(struct ladder *ladder, const struct summary *summary)
{
    *ladder = (struct ladder){.created = summary->results->created};
    points_add(ladder, summary);
    laws_make(ladder);
    columns_add(ladder, summary);
    costs_add(ladder, summary);
    for (size_t i = 0; i < ladder->count; i++)
        if (ladder->rungs[i].costs == NULL)
            ladder->rungs[i].costs = costs_new(ladder->column_count);
    rungs_sort(ladder);
}

void ladder_free(struct ladder *ladder)
{
    for (size_t i = 0; i < ladder->count; i++)
        rung_free(&ladder->rungs[i]);
    free(ladder->rungs);
    free(ladder->columns);
    *ladder = (struct ladder){.rungs = NULL};
}

bool ladder_has(const struct ladder *ladder, const struct plan_group *group)
{
    bool has = is_cost(group);
    for (size_t i = 0; i < ladder->count; i++)
        has |= ladder->rungs[i].group != NULL && same(ladder->rungs[i].group->task, group->task) &&
               ladder->rungs[i].workers == group->workers && plan_compares(group);
    return has;
}

char *ladder_name(const struct ladder_rung *rung)
{
    struct string_list words = {NULL, 0};
    const char *key;
    json_t *value;
    json_object_foreach(rung->knobs, key, value) string_list_addf(&words, "%s %s", key, json_string_value(value));
    char *with = string_list_join(&words, ", ");
    char *name = text_format("%s:%s%s%s%s", rung->runtime, rung->model, *with != '\0' ? " (" : "", with,
                             *with != '\0' ? ")" : "");
    free(with);
    string_list_free(&words);
    return name;
}

const struct ladder_rung *ladder_find(const struct ladder *ladder, const char *runtime, const char *model)
{
    for (size_t i = 0; i < ladder->count; i++)
        if (same(ladder->rungs[i].runtime, runtime) && same(ladder->rungs[i].model, model) &&
            ladder->rungs[i].law.accepted)
            return &ladder->rungs[i];
    return NULL;
}

int ladder_beyond(const struct ladder_rung *rung, double length_s)
{
    return length_s < rung->law.shortest_s ? -1 : length_s > rung->law.longest_s;
}
