/* SPDX-License-Identifier: MIT */
/*
 * Speed against lost updates, a picture for each task with an audit that ran under several guards: how many changes a second of each variant under each guard
 * (a lock, or none), over the share of them that it lost at most. What lost none stands at the left, a place for each model.
 *
 * The data, for each guard K from 1: "points_K" (x, place of the runtime, changes a second, low, high; the ends are the value itself
 * where there is no interval); "lost" (x, changes a second, where its name stands, variant) of those that lost some; "unproven" (x, changes a
 * second) of those that lost none and prove nothing. x: model i of N from 0 stands around i; a share S that was lost at
 * N + (log10 S + decades) * STEP.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/ranking.h"
#include "bench/report/document.h"
#include "bench/report/format.h"
#include "bench/report/plot/picture.h"
#include "bench/util/alloc.h"

#define STEP       0.8 /* of a model's place, for each power of ten of what was lost */
#define SPREAD     0.7 /* of its place are taken by the guards, beside each other */
#define AXIS_SPACE 1.6
#define LINE       0.05 /* of the axis: what a name takes */

struct updates {
    const struct summary *summary;
    const struct plan_group *group; /* the first */
    struct string_list guards, models, runtimes;
    double decades; /* of what was lost; 0: nothing was */
    struct picture_axis axis;
    const struct summary_cell *best; /* the fastest of the safe ones */
};

static bool is_point(const struct updates *u, const struct summary_cell *cell)
{
    return cell->audit != AUDIT_NONE && shared_state_beside(cell->group, u->group) && cell->verified &&
           cell->change_rate > 0;
}

static double lost_share(const struct summary_cell *cell)
{
    return fmin(1, (double)cell->cell->audit.wrong / (double)cell->cell->audit.of);
}

static size_t guard_place(const struct updates *u, const struct plan_group *group)
{
    char *guard = shared_state_guard(u->summary, group);
    const size_t place = picture_place(&u->guards, guard);
    free(guard);
    return place;
}

/* The next point behind `cell` (NULL: the first); NULL: there is none. */
static const struct summary_cell *next_point(const struct updates *u, const struct summary_cell *cell)
{
    const struct summary_cell *end = u->summary->cells + u->summary->cell_count;
    for (cell = cell == NULL ? u->summary->cells : cell + 1; cell < end; cell++)
        if (is_point(u, cell))
            return cell;
    return NULL;
}

static void collect(struct updates *u)
{
    for (const struct summary_cell *c = NULL; (c = next_point(u, c)) != NULL;) {
        char *guard = shared_state_guard(u->summary, c->group);
        string_list_add_once(&u->guards, guard);
        free(guard);
        string_list_add_once(&u->models, c->cell->model);
        string_list_add_once(&u->runtimes, c->cell->runtime);
        if (c->audit == AUDIT_LOST)
            u->decades = fmax(u->decades, ceil(-log10(lost_share(c))) + (lost_share(c) >= 1));
        if (cell_is_safe(c) && (u->best == NULL || c->change_rate > u->best->change_rate))
            u->best = c;
    }
}

static double place_of(const struct updates *u, const struct summary_cell *cell)
{
    const double guard = (double)guard_place(u, cell->group), guards = (double)u->guards.count;
    if (cell->audit == AUDIT_LOST)
        return (double)u->models.count + (log10(lost_share(cell)) + u->decades) * STEP;
    return (double)picture_place(&u->models, cell->cell->model) + SPREAD * ((guard + 0.5) / guards - 0.5);
}

static int by_rate(const void *a, const void *b)
{
    const double x = (*(const struct summary_cell *const *)a)->change_rate,
                 y = (*(const struct summary_cell *const *)b)->change_rate;
    return (x < y) - (x > y);
}

/* The fastest first, each name below the one before it. */
static void put_lost(struct picture *p, const struct updates *u)
{
    const struct summary_cell **lost = xcalloc(u->summary->cell_count, sizeof *lost);
    const double line = pow(u->axis.high / u->axis.low, LINE); /* from one to the next */
    double name = INFINITY;
    size_t count = 0;
    picture_block(p, "lost");
    for (const struct summary_cell *c = NULL; (c = next_point(u, c)) != NULL;)
        if (c->audit == AUDIT_LOST)
            lost[count++] = c;
    qsort(lost, count, sizeof *lost, by_rate);
    for (size_t i = 0; i < count; i++) {
        name = fmin(lost[i]->change_rate, name / line);
        picture_row(p, picture_variant(lost[i]->cell).text, NULL, place_of(u, lost[i]), lost[i]->change_rate, name);
    }
    free(lost);
}

static void put_points(struct picture *p, struct updates *u)
{
    for (size_t k = 0; k < u->guards.count; k++) {
        picture_block(p, "points_%zu", k + 1);
        picture_append(&p->words[0], "|", "%s", u->guards.items[k]);
        for (const struct summary_cell *c = NULL; (c = next_point(u, c)) != NULL;) {
            const double low = isfinite(c->change_rate_ci.low) ? c->change_rate_ci.low : c->change_rate;
            const double high = isfinite(c->change_rate_ci.high) ? c->change_rate_ci.high : c->change_rate;
            if (guard_place(u, c->group) != k)
                continue;
            picture_row(p, NULL, NULL, place_of(u, c), (double)picture_runtime_place(c->cell->runtime), c->change_rate,
                        low, high);
            picture_stretch(&u->axis, low);
            picture_stretch(&u->axis, high);
        }
    }
    put_lost(p, u);
    picture_block(p, "unproven");
    for (const struct summary_cell *c = NULL; (c = next_point(u, c)) != NULL;)
        if (c->audit == AUDIT_UNPROVEN)
            picture_row(p, NULL, NULL, place_of(u, c), c->change_rate);
}

/* What it shows: who lost most, and the fastest of those that are safe. */
static void say(struct picture *p, const struct updates *u)
{
    const struct summary_cell *worst = NULL;
    struct format rate, wrong, of;
    char *shape = format_shape(u->group),
         *guard = u->best != NULL ? shared_state_guard(u->summary, u->best->group) : NULL;
    for (const struct summary_cell *c = NULL; (c = next_point(u, c)) != NULL;)
        worst = c->audit == AUDIT_LOST && (worst == NULL || lost_share(c) > lost_share(worst)) ? c : worst;
    picture_say(&p->title, "%s: speed against lost updates", u->group->task);
    picture_say(&p->subtitle,
                "%s; changes a second with 95%% intervals, over the share of them that was lost, the most of any run",
                shape);
    picture_say(&p->alt, "%s: changes a second over the share of them that was lost", u->group->task);
    if (u->best != NULL)
        picture_append(&p->alt, "; ", "the fastest that is safe is %s%s%s, %s", picture_variant(u->best->cell).text,
                       *guard != '\0' ? " with " : "", guard, format_rate(&rate, u->best->change_rate));
    if (worst != NULL)
        picture_append(&p->alt, "; ", "%s lost %s of %s", picture_variant(worst->cell).text,
                       format_count(&wrong, worst->cell->audit.wrong), format_count(&of, worst->cell->audit.of));
    free(guard);
    free(shape);
}

static void put_picture(struct pictures *out, struct updates *u)
{
    struct picture *p = picture_add(out, "updates", u->group, u->group->task);
    put_points(p, u);
    for (size_t i = 0; i < u->models.count; i++)
        picture_append(&p->words[1], "|", "%s", u->models.items[i]);
    for (size_t i = 0; i < u->runtimes.count; i++)
        picture_append(&p->words[2], " ", "%s", u->runtimes.items[i]);
    picture_set(p, "guards=%zu; models=%zu; decades=%.0f; step=%.6g; low=%.6g; high=%.6g", u->guards.count,
                u->models.count, u->decades, STEP, u->axis.low / AXIS_SPACE, u->axis.high * AXIS_SPACE);
    say(p, u);
    p->group = NULL; /* it is about all groups of the task */
}

void picture_updates(struct pictures *out, const struct plan_group *none)
{
    const struct summary *summary = out->source->summary;
    (void)none;
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        struct updates u = {.summary = summary, .group = c->group, .axis = {INFINITY, 0}};
        if (!is_point(&u, c) || next_point(&u, NULL) != c)
            continue;
        collect(&u);
        if (u.guards.count > 1)
            put_picture(out, &u);
        string_list_free(&u.guards);
        string_list_free(&u.models);
        string_list_free(&u.runtimes);
    }
}
