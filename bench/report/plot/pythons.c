/* SPDX-License-Identifier: MIT */
/*
 * What each CPython changes: of a run with several interpreters a panel for each group, in it the bars of each interpreter's
 * runtimes together, a bar for each model, all over the one common baseline: `sync` shows what the interpreter itself costs,
 * the others what its models make of that.
 *
 * The data: for panel N "barsN" (x, ratio, low, high, place of the model, and the ratio as text or why there is none), NaN where
 * there is none, and "namesN" (x, runtime).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/plot/picture.h"
#include "bench/util/alloc.h"
#include "bench/util/text.h"

#define CLUSTER_GAP 1.2

/* The runtimes that have an interpreter's label, py before the others, which are compared with it. */
static struct string_list labelled(const struct summary *summary)
{
    static const char *const kinds[] = {"py", "ext", "embed"};
    enum { KINDS = sizeof kinds / sizeof *kinds };
    struct string_list names = {NULL, 0};
    for (size_t kind = 0; kind <= KINDS; kind++)
        for (size_t i = 0; i < summary->cell_count; i++) {
            const char *runtime = summary->cells[i].cell->runtime;
            if (strpbrk(runtime, "0123456789") != NULL && (kind == KINDS || runtime_is(runtime, kinds[kind])) &&
                !string_list_have(&names, runtime))
                string_list_add(&names, runtime);
        }
    return names;
}

/* The models of all groups, in the plan's order. */
static struct string_list models_of(const struct summary *summary, const struct string_list *runtimes)
{
    struct string_list models = {NULL, 0};
    for (size_t i = 0; i < summary->cell_count; i++)
        if (string_list_have(runtimes, summary->cells[i].cell->runtime) &&
            !string_list_have(&models, summary->cells[i].cell->model))
            string_list_add(&models, summary->cells[i].cell->model);
    return models;
}

/* What is drawn, and how far. */
struct panel {
    const struct summary *summary;
    const struct plan_group *group;
    const struct string_list *runtimes, *models;
    enum ratio_time time;
    double x;
    struct picture_axis axis;
};

/* The bars of one runtime. Returns the middle of them; NaN: there are none. */
static double put_runtime(struct picture *p, struct panel *panel, const char *runtime)
{
    const double first = panel->x;
    for (const struct summary_cell *c = NULL; (c = picture_next(panel->summary, panel->group, c)) != NULL;) {
        const struct ratio *r = &c->speedup[panel->time][RATIO_PY_SYNC];
        if (strcmp(c->cell->runtime, runtime) != 0)
            continue;
        picture_row(p, NULL, ratio_known(r) ? picture_bar_label(r->ratio).text : picture_why(c, r), panel->x, r->ratio,
                    r->low, r->high, (double)picture_place(panel->models, c->cell->model));
        picture_stretch(&panel->axis, r->ratio);
        picture_stretch(&panel->axis, r->high);
        panel->x++;
    }
    const double last = panel->x - 1;
    panel->x += last < first ? 0 : CLUSTER_GAP;
    return last < first ? NAN : (first + last) / 2;
}

/* A panel; how wide it is. */
static double put_panel(struct picture *p, struct panel *panel, size_t number)
{
    double *middles = xcalloc(panel->runtimes->count, sizeof *middles);
    picture_block(p, "bars%zu", number);
    for (size_t i = 0; i < panel->runtimes->count; i++)
        middles[i] = put_runtime(p, panel, panel->runtimes->items[i]);
    picture_block(p, "names%zu", number);
    for (size_t i = 0; i < panel->runtimes->count; i++)
        if (isfinite(middles[i]))
            picture_row(p, panel->runtimes->items[i], NULL, middles[i]);
    free(middles);
    char *name = text_format("panel%zu", number);
    picture_set_bars(p, name, &panel->axis);
    free(name);
    picture_append(&p->words[1], "|", "%s: %s over %s:%s", panel->group->name,
                   panel->time == RATIO_WORK ? "work time" : "whole command", panel->summary->results->common,
                   plan_baseline(panel->group));
    return panel->x;
}

static void put_panels(struct pictures *out, const struct string_list *runtimes, const struct string_list *models)
{
    const struct summary *summary = out->source->summary;
    struct picture *p = NULL;
    size_t count = 0;
    double width = 0;
    for (size_t g = 0; g < summary->results->group_count; g++) {
        const struct plan_group *group = &summary->results->groups[g];
        if (!plan_compares(group) || !picture_compares(summary, group, RATIO_PY_SYNC))
            continue;
        p = p != NULL ? p : picture_add(out, "pythons", NULL, NULL);
        struct panel panel = {.summary = summary,
                              .group = group,
                              .runtimes = runtimes,
                              .models = models,
                              .time = picture_time(summary, group, RATIO_PY_SYNC),
                              .axis = {1, 1}};
        width = fmax(width, put_panel(p, &panel, count++));
    }
    if (p == NULL)
        return;
    picture_set(p, "panels=%zu; right=%.6g", count, width - CLUSTER_GAP - 0.5);
    p->words[0] = string_list_join(models, " ");
    picture_say(&p->title, "What each CPython changes");
    picture_say(&p->subtitle, "times as fast as %s, one job after another; bars of one interpreter stand together",
                summary->results->common);
    picture_say(&p->alt, "%zu tasks under %zu runtimes of several interpreters: a bar for each model, over %s:sync",
                count, runtimes->count, summary->results->common);
}

void picture_pythons(struct pictures *out, const struct plan_group *group)
{
    struct string_list runtimes = labelled(out->source->summary);
    struct string_list models = models_of(out->source->summary, &runtimes);
    (void)group;
    if (runtimes.count > 1)
        put_panels(out, &runtimes, &models);
    string_list_free(&models);
    string_list_free(&runtimes);
}
