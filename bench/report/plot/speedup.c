/* SPDX-License-Identifier: MIT */
/*
 * One group's speedup chart: the upper panel ("own") is what the model buys, over the runtime's own sync; the lower
 * ("base") what language and model buy together. Bars stand together by model, in the order of the plan, and within one
 * by runtime. All that depends on the numbers is decided here: the script only draws.
 *
 * The data: for each panel P a block "P" (x, ratio, low, high, capacity, height of the label, place of the runtime, and the
 * label or why there is no ratio), NaN where there is none; and "models" (x, name).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/plot/picture.h"
#include "bench/util/alloc.h"
#include "bench/util/text.h"

#define LOG_SPAN    20.0 /* ratios that span more have a logarithmic axis */
#define CLUSTER_GAP 0.8
#define LEAST_WIDTH 7.0  /* of the x axis, so that one bar alone is not as wide as the picture */
#define LABEL_SPACE 0.10 /* of the axis, which a label needs above its bar; what lies in there pushes it up */

struct bar {
    const struct summary_cell *cell;
    double x, capacity; /* the capacity of its runtime, NaN where there is none */
};

struct chart {
    struct bar *bars;
    size_t count;
};

struct panel {
    const char *name; /* "own", "base" */
    enum ratio_time time;
    enum ratio_base base;
    double ideal; /* NaN: not drawn here */
    bool logarithmic;
    struct picture_axis axis;
};

/* -- where the bars stand --------------------------------------------------------------------------------------------- */

/* By model, and within one by runtime. */
static double key(const struct summary_cell *cell, const void *models)
{
    return -10.0 * (double)picture_place(models, cell->cell->model) -
           (double)picture_runtime_place(cell->cell->runtime);
}

static struct chart place_bars(const struct summary *summary, const struct plan_group *group,
                               const struct string_list *models)
{
    struct plot_rows rows = plot_rows_make(summary, group, key, models);
    struct chart chart = {xcalloc(rows.count, sizeof *chart.bars), rows.count};
    double x = 0;
    for (size_t i = 0; i < rows.count; i++) {
        const struct summary_cell *cell = rows.items[i].cell;
        const struct summary_check *capacity = summary_capacity_of(summary, cell);
        if (i > 0)
            x += strcmp(cell->cell->model, rows.items[i - 1].cell->cell->model) == 0 ? 1 : 1 + CLUSTER_GAP;
        chart.bars[i] = (struct bar){cell, x, capacity != NULL ? capacity->ratio.ratio : NAN};
    }
    free(rows.items);
    return chart;
}

/* The models' names in the middle of their bars, the axis, and the least distance of two names. */
static void put_models(struct picture *p, const struct chart *chart)
{
    const double last = chart->bars[chart->count - 1].x, width = fmax(LEAST_WIDTH, last + 1 + CLUSTER_GAP);
    double before = NAN, spacing = width;
    picture_block(p, "models");
    for (size_t first = 0, next; first < chart->count; first = next) {
        const char *model = chart->bars[first].cell->cell->model;
        for (next = first + 1; next < chart->count && strcmp(chart->bars[next].cell->cell->model, model) == 0;)
            next++;
        const double middle = (chart->bars[first].x + chart->bars[next - 1].x) / 2;
        picture_row(p, model, NULL, middle);
        spacing = fmin(spacing, middle - before); /* fmin leaves a NaN out */
        before = middle;
    }
    picture_set(p, "left=%.6g; right=%.6g; spacing=%.6g", last / 2 - width / 2, last / 2 + width / 2, spacing);
}

/* -- a panel ---------------------------------------------------------------------------------------------------------- */

static const struct ratio *ratio_at(const struct bar *bar, const struct panel *panel)
{
    return &bar->cell->speedup[panel->time][panel->base];
}

/* What models can gain at once is compared with them, not with sync itself. */
static double capacity_at(const struct bar *bar, const struct panel *panel)
{
    const struct ratio *r = ratio_at(bar, panel);
    return panel->base == RATIO_OWN_SYNC && ratio_known(r) && r->state != RATIO_SELF ? bar->capacity : NAN;
}

static void measure(struct panel *panel, const struct chart *chart)
{
    struct picture_axis values = {1, 1};
    picture_stretch(&values, panel->ideal);
    for (const struct bar *bar = chart->bars; bar < chart->bars + chart->count; bar++) {
        const struct ratio *r = ratio_at(bar, panel);
        const double all[] = {r->ratio, r->low, r->high, capacity_at(bar, panel)};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++)
            picture_stretch(&values, all[k]);
    }
    const double span = values.high / values.low;
    panel->logarithmic = span > LOG_SPAN;
    panel->axis = (struct picture_axis){0, values.high * 1.25};
    if (panel->logarithmic) /* with some space above, for the labels */
        panel->axis = (struct picture_axis){values.low / fmax(1.6, pow(span, 0.06)),
                                            values.high * fmax(2, pow(span, 0.2))};
}

/* A value's place on the axis, 0 at the bottom, 1 at the top; and back. */
static double axis_place(const struct panel *p, double value)
{
    return p->logarithmic ? log(value / p->axis.low) / log(p->axis.high / p->axis.low) : value / p->axis.high;
}

static double axis_value(const struct panel *p, double place)
{
    return p->logarithmic ? p->axis.low * pow(p->axis.high / p->axis.low, place) : place * p->axis.high;
}

/* Just above the bar and its interval, and above every line that would run through the label. */
static double label_height(const struct panel *panel, const struct bar *bar)
{
    const double lines[] = {1, capacity_at(bar, panel), panel->ideal};
    enum { LINES = sizeof lines / sizeof *lines };
    double top = axis_place(panel, picture_high(ratio_at(bar, panel)));
    for (size_t i = 0; i < LINES * LINES; i++) { /* each may push it into another */
        const double line = axis_place(panel, lines[i % LINES]);
        if (line > top && line < top + LABEL_SPACE)
            top = line;
    }
    return axis_value(panel, top);
}

/* The axis has the x; bars are narrow: four characters. */
static struct format label_text(double ratio)
{
    struct format f;
    format_ratio(&f, ratio);
    f.text[strcspn(f.text, "x")] = '\0';
    if (ratio >= 0.095 && ratio < 0.9995)
        snprintf(f.text, sizeof f.text, "%.2f", ratio);
    return f;
}

static void put_panel(struct picture *p, struct panel *panel, const struct chart *chart)
{
    measure(panel, chart);
    picture_block(p, "%s", panel->name);
    for (const struct bar *bar = chart->bars; bar < chart->bars + chart->count; bar++) {
        const struct ratio *r = ratio_at(bar, panel);
        picture_row(p, NULL, ratio_known(r) ? label_text(r->ratio).text : picture_why(bar->cell, r), bar->x, r->ratio,
                    r->low, r->high, capacity_at(bar, panel), label_height(panel, bar),
                    (double)picture_runtime_place(bar->cell->cell->runtime));
    }
    picture_set(p, "%s_log=%d; %s_low=%.6g; %s_high=%.6g; %s_ideal=%.6g; %s_work=%d", panel->name, panel->logarithmic,
                panel->name, panel->axis.low, panel->name, panel->axis.high, panel->name,
                isfinite(panel->ideal) ? panel->ideal : 0.0, panel->name, panel->time == RATIO_WORK);
}

void picture_speedup(struct pictures *out, const struct plan_group *group)
{
    const struct summary *summary = out->source->summary;
    double ideal = 1; /* the most that a bar could reach ideally */
    if (!picture_compares(summary, group, RATIO_OWN_SYNC) && !picture_compares(summary, group, RATIO_PY_SYNC))
        return;
    struct string_list models = picture_names(summary, group, true), runtimes = picture_names(summary, group, false);
    struct chart chart = place_bars(summary, group, &models);
    for (size_t i = 0; i < chart.count; i++)
        ideal = fmax(ideal, ideal_of(summary, chart.bars[i].cell));
    struct panel own = {.name = "own",
                        .time = picture_time(summary, group, RATIO_OWN_SYNC),
                        .base = RATIO_OWN_SYNC,
                        .ideal = ideal > 1 ? ideal : NAN};
    struct panel base = {.name = "base", .time = RATIO_WHOLE, .base = RATIO_PY_SYNC, .ideal = NAN};
    struct picture *p = picture_add(out, "speedup", group, NULL);
    put_panel(p, &own, &chart);
    put_panel(p, &base, &chart);
    put_models(p, &chart);
    p->words[0] = string_list_join(&runtimes, " ");
    picture_say(&p->alt, "%s: bars of every variant's speedup; %s", group->name, picture_extremes(summary, group).text);
    free(chart.bars);
    string_list_free(&runtimes);
    string_list_free(&models);
}
