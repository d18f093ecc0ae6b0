/* SPDX-License-Identifier: MIT */
/* From the groups of a sweep to curves. */
#include "bench/analysis/scaling.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool scaling_is_weak(const char *scaling) { return strcmp(scaling, "weak") == 0; }

/* Sweeps over jobs alone have no workers to scale with; sync has one only; in an open loop there is no gain. */
static bool takes_part(const struct summary_cell *cell)
{
    const char *scaling = cell->group->scaling;
    return cell->group->sweep != NULL && scaling != NULL &&
           (scaling_is_weak(scaling) || strcmp(scaling, "strong") == 0) && !cell->cell->baseline &&
           cell->group->rate == 0 && cell->group->workers > 0;
}

/* What all points of a curve have in common. */
static int64_t jobs_of(const struct plan_group *group)
{
    return scaling_is_weak(group->scaling) ? group->jobs / group->workers : group->jobs;
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

static bool belongs(const struct scaling_curve *curve, const struct summary_cell *cell)
{
    return in_table(curve, cell->group) && strcmp(curve->runtime, cell->cell->runtime) == 0 &&
           strcmp(curve->model, cell->cell->model) == 0;
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
    for (size_t i = 0; i < scaling->count; i++)
        if (belongs(&scaling->curves[i], cell))
            return &scaling->curves[i];
    struct scaling_curve *more = realloc(scaling->curves, (scaling->count + 1) * sizeof *more);
    if (more == NULL)
        return NULL;
    scaling->curves = more;
    more[scaling->count] = (struct scaling_curve){.sweep = cell->group->sweep,
                                                  .scaling = cell->group->scaling,
                                                  .runtime = cell->cell->runtime,
                                                  .model = cell->cell->model,
                                                  .group = cell->group,
                                                  .jobs = jobs_of(cell->group)};
    return &more[scaling->count++];
}

static bool is_beyond(const struct summary *summary, const struct plan_group *group)
{
    const double cpus = json_number_value(json_object_get(summary->results->plan, "effective_cpus"));
    return strcmp(group->kind, "io") != 0 && cpus > 0 && (double)group->workers > ceil(cpus);
}

static int curve_add(struct scaling_curve *curve, const struct summary *summary, const struct summary_cell *cell)
{
    struct scaling_point *more = realloc(curve->points, (curve->count + 1) * sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    curve->points = more;
    size_t at = curve->count++;
    for (; at > 0 && more[at - 1].cell->group->workers > cell->group->workers; at--)
        more[at] = more[at - 1];
    const struct summary_capacity *capacity = summary_capacity_of(summary, cell);
    more[at] = (struct scaling_point){.cell = cell,
                                      .gain = &cell->speedup[RATIO_WORK][RATIO_OWN_SYNC],
                                      .capacity = capacity == NULL ? NAN : capacity->ratio.ratio,
                                      .beyond = is_beyond(summary, cell->group)};
    return 0;
}

static int curve_fit(struct scaling_curve *curve)
{
    struct fit_point *points = calloc(curve->count, sizeof *points);
    size_t n = 0;
    int rc = points == NULL ? -ENOMEM : 0;
    for (size_t i = 0; rc == 0 && i < curve->count; i++)
        if (ratio_known(curve->points[i].gain))
            points[n++] = (struct fit_point){.workers = (double)curve->points[i].cell->group->workers,
                                             .gain = curve->points[i].gain->ratio};
    for (enum fit_law law = 0; rc == 0 && law < FIT_LAWS; law++) {
        struct fit *fit = &curve->fits[law];
        const bool speaks = law != FIT_AMDAHL || !scaling_is_weak(curve->scaling);
        rc = fit_make(law, points, speaks ? n : 0, fit);
        if (rc == 0 && !speaks)
            snprintf(fit->reason, sizeof fit->reason, "the law speaks of a fixed amount of work");
    }
    free(points);
    return rc;
}

int scaling_make(struct scaling *scaling, const struct summary *summary)
{
    int rc = 0;
    *scaling = (struct scaling){.curves = NULL};
    for (size_t i = 0; rc == 0 && i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (!takes_part(cell))
            continue;
        struct scaling_curve *curve = curve_of(scaling, cell);
        rc = curve == NULL ? -ENOMEM : curve_add(curve, summary, cell);
    }
    for (size_t i = 0; rc == 0 && i < scaling->count; i++)
        rc = curve_fit(&scaling->curves[i]);
    if (rc != 0)
        scaling_free(scaling);
    return rc;
}

void scaling_free(struct scaling *scaling)
{
    for (size_t i = 0; i < scaling->count; i++)
        free(scaling->curves[i].points);
    free(scaling->curves);
    *scaling = (struct scaling){.curves = NULL};
}
