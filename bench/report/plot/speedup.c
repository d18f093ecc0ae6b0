/* SPDX-License-Identifier: MIT */
/*
 * One group's speedup chart: the upper panel ("own") is what the model buys, over the runtime's own sync; the lower
 * ("base") what language and model buy together. Bars stand together by model, in the order of the plan, and within one
 * by runtime.
 *
 * The data: for each panel P a block "P" (x, ratio, low, high, capacity, place of the runtime, and the ratio as text or why
 * there is none), NaN where there is none; and "models" (x, name).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/plot/picture.h"
#include "bench/util/text.h"

#define CLUSTER_GAP 0.8
#define LEAST_WIDTH 7.0 /* of the x axis, so that one bar alone is not as wide as the picture */

/* By model, and within one by runtime. */
static double key(const struct summary_cell *cell, const void *models)
{
    return -10.0 * (double)picture_place(models, cell->cell->model) -
           (double)picture_runtime_place(cell->cell->runtime);
}

static const char *model_of(const struct plot_row *bar) { return bar->cell->cell->model; }

/* A row for each bar, whose key becomes its x. */
static struct plot_rows bars_make(const struct summary *summary, const struct plan_group *group,
                                  const struct string_list *models)
{
    struct plot_rows bars = plot_rows_make(summary, group, key, models);
    double x = 0;
    for (struct plot_row *bar = bars.items; bar != NULL && bar < bars.items + bars.count; bar++) {
        if (bar > bars.items)
            x += strcmp(model_of(bar), model_of(bar - 1)) == 0 ? 1 : 1 + CLUSTER_GAP;
        bar->key = x;
    }
    return bars;
}

/* The models' names in the middle of their bars, the axis, and the least distance of two names. */
static void put_models(struct picture *p, const struct plot_rows *bars)
{
    const double last = bars->items[bars->count - 1].key, width = fmax(LEAST_WIDTH, last + 1 + CLUSTER_GAP);
    double before = NAN, spacing = width;
    picture_block(p, "models");
    for (size_t first = 0, next; first < bars->count; first = next) {
        const char *model = model_of(&bars->items[first]);
        for (next = first + 1; next < bars->count && strcmp(model_of(&bars->items[next]), model) == 0;)
            next++;
        const double middle = (bars->items[first].key + bars->items[next - 1].key) / 2;
        picture_row(p, model, NULL, middle);
        spacing = fmin(spacing, middle - before); /* fmin leaves a NaN out */
        before = middle;
    }
    picture_set(p, "left=%.6g; right=%.6g; spacing=%.6g", last / 2 - width / 2, last / 2 + width / 2, spacing);
}

/* What models can gain at once is compared with them, not with sync itself, and of the upper panel only. */
static void put_panel(struct picture *p, const struct summary *summary, const struct plot_rows *bars,
                      enum ratio_base base)
{
    const bool own = base == RATIO_OWN_SYNC;
    const char *name = own ? "own" : "base";
    const enum ratio_time time = own ? picture_time(summary, p->group, base) : RATIO_WHOLE;
    struct picture_axis values = {1, 1};
    double ideal = 0; /* the most that a bar could reach ideally; 0: not drawn */
    picture_block(p, "%s", name);
    for (const struct plot_row *bar = bars->items; bar != NULL && bar < bars->items + bars->count; bar++) {
        const struct ratio *r = &bar->cell->speedup[time][base];
        const struct summary_check *capacity = summary_capacity_of(summary, bar->cell);
        const bool limited = own && capacity != NULL && ratio_known(r) && r->state != RATIO_SELF;
        const double row[] = {bar->key,
                              r->ratio,
                              r->low,
                              r->high,
                              limited ? capacity->ratio.ratio : NAN,
                              (double)picture_runtime_place(bar->cell->cell->runtime)};
        picture_row_of(p, NULL, ratio_known(r) ? picture_bar_label(r->ratio).text : picture_why(bar->cell, r), row, 6);
        for (size_t i = 1; i <= 4; i++)
            picture_stretch(&values, row[i]);
        ideal = own ? fmax(ideal, ideal_of(summary, bar->cell)) : 0;
    }
    ideal = ideal > 1 ? ideal : 0;
    picture_stretch(&values, ideal);
    picture_set_bars(p, name, &values);
    picture_set(p, "%s_ideal=%.6g; %s_work=%d", name, ideal, name, time == RATIO_WORK);
}

void picture_speedup(struct pictures *out, const struct plan_group *group)
{
    const struct summary *summary = out->source->summary;
    if (!picture_compares(summary, group, RATIO_OWN_SYNC) && !picture_compares(summary, group, RATIO_PY_SYNC))
        return;
    struct string_list models = picture_names(summary, group, true), runtimes = picture_names(summary, group, false);
    struct plot_rows bars = bars_make(summary, group, &models);
    struct picture *p = picture_add(out, "speedup", group, NULL);
    put_panel(p, summary, &bars, RATIO_OWN_SYNC);
    put_panel(p, summary, &bars, RATIO_PY_SYNC);
    put_models(p, &bars);
    p->words[0] = string_list_join(&runtimes, " ");
    picture_say(&p->alt, "%s: bars of every variant's speedup; %s", group->name, picture_extremes(summary, group).text);
    free(bars.items);
    string_list_free(&runtimes);
    string_list_free(&models);
}
