/* SPDX-License-Identifier: MIT */
/*
 * One group's speedup chart: the upper panel ("own") is what the model buys, over the runtime's own sync; the lower
 * ("base") what language and model buy together. Bars stand together by model, in the order of the plan, and within one
 * by runtime. All that depends on the numbers is decided here: the script only draws.
 *
 * The data, for each panel P: "P RUNTIME" (x, ratio) and, where the panel has any, "P intervals" (x, ratio, low, high),
 * "P labels" (x, y, text), "P missing" (x, why), "P capacity" (x, ratio); and "models" (x, name).
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/summary.h"
#include "bench/report/format.h"
#include "bench/report/plot/pictures.h"
#include "bench/util/text.h"

#define PLOT_LOG_SPAN 20.0
#define CLUSTER_GAP   0.8
#define LEAST_WIDTH   7.0 /* of the x axis, so that one bar alone is not as wide as the picture */
/* How much of the axis a label needs above its bar; what lies in there pushes it up. */
#define LABEL_ROOM 0.10

struct plot_bar {
    const struct summary_cell *cell;
    size_t model;       /* which cluster */
    size_t runtime;     /* place in the fixed order c, embed, ext, py, others */
    double x, capacity; /* the capacity of its runtime, NaN where there is none */
};

struct plot_panel {
    const char *name; /* "own", "base" */
    enum ratio_time time;
    enum ratio_base base;
    bool any;                           /* has it a bar at all? */
    bool logarithmic;                   /* the ratios span more than PLOT_LOG_SPAN */
    double low, high;                   /* of the axis */
    double ideal;                       /* NaN: not drawn here */
    size_t errors, missing, capacities; /* how many bars have an interval, no ratio, a capacity to be held against */
};

struct plot_speedup {
    struct plot_bar *bars;
    size_t count, models;
    double left, right; /* of the x axis; a bar is one wide */
    double spacing;     /* the least distance of two neighbouring models' names; the whole axis where there is one */
    int longest;        /* characters of the longest model's name */
    struct plot_panel panels[RATIO_BASES];
};

/* -- where the bars stand ----------------------------------------------------------------------------------------------- */

/* The first bar with the same model names the cluster. */
static size_t model_place(struct plot_speedup *plot, const char *model)
{
    for (size_t i = 0; i < plot->count; i++)
        if (strcmp(plot->bars[i].cell->cell->model, model) == 0)
            return plot->bars[i].model;
    return plot->models++;
}

static int bar_compare(const void *a, const void *b)
{
    const struct plot_bar *x = a, *y = b;
    if (x->model != y->model)
        return x->model < y->model ? -1 : 1;
    if (x->runtime != y->runtime)
        return x->runtime < y->runtime ? -1 : 1;
    return x->cell < y->cell ? -1 : x->cell > y->cell; /* the plan's order */
}

static int bars_make(struct plot_speedup *plot, const struct summary *summary, const struct plan_group *group)
{
    plot->bars = calloc(summary->cell_count + 1, sizeof *plot->bars);
    if (plot->bars == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (cell->group != group)
            continue;
        const struct summary_capacity *capacity = summary_capacity_of(summary, cell);
        plot->bars[plot->count] = (struct plot_bar){
            .cell = cell,
            .model = model_place(plot, cell->cell->model),
            .runtime = picture_runtime_place(cell->cell->runtime),
            .capacity = capacity != NULL ? capacity->ratio.ratio : NAN,
        };
        plot->count++;
    }
    if (plot->count > 0)
        qsort(plot->bars, plot->count, sizeof *plot->bars, bar_compare);
    return 0;
}

static void bars_place(struct plot_speedup *plot)
{
    double x = 0;
    for (size_t i = 0; i < plot->count; i++) {
        if (i > 0)
            x += plot->bars[i].model == plot->bars[i - 1].model ? 1 : 1 + CLUSTER_GAP;
        plot->bars[i].x = x;
    }
    const double width = fmax(LEAST_WIDTH, x + 1 + CLUSTER_GAP);
    plot->left = x / 2 - width / 2;
    plot->right = x / 2 + width / 2;
}

/* The last bar of the cluster that starts at `first`. */
static size_t cluster_end(const struct plot_speedup *plot, size_t first)
{
    size_t last = first;
    while (last + 1 < plot->count && plot->bars[last + 1].model == plot->bars[first].model)
        last++;
    return last;
}

static void names_measure(struct plot_speedup *plot)
{
    double before = NAN;
    plot->spacing = plot->right - plot->left;
    for (size_t first = 0, last; first < plot->count; first = last + 1) {
        last = cluster_end(plot, first);
        const double centre = (plot->bars[first].x + plot->bars[last].x) / 2;
        const int columns = format_columns(plot->bars[first].cell->cell->model);
        plot->spacing = fmin(plot->spacing, centre - before); /* fmin leaves a NaN out */
        plot->longest = columns > plot->longest ? columns : plot->longest;
        before = centre;
    }
}

/* -- axes ------------------------------------------------------------------------------------------------------------------ */

static const struct ratio *bar_ratio(const struct plot_bar *bar, const struct plot_panel *panel)
{
    return &bar->cell->speedup[panel->time][panel->base];
}

/* What models can gain at once is held against them, not against sync itself. */
static bool bar_has_capacity(const struct plot_bar *bar, const struct plot_panel *panel)
{
    return panel->base == RATIO_OWN_SYNC && isfinite(bar->capacity) && ratio_known(bar_ratio(bar, panel)) &&
           bar_ratio(bar, panel)->state != RATIO_SELF;
}

static void stretch(double *least, double *most, double value)
{
    if (isfinite(value) && value > 0) {
        *least = fmin(*least, value);
        *most = fmax(*most, value);
    }
}

static void panel_measure(struct plot_panel *panel, const struct plot_speedup *plot)
{
    double least = 1, most = 1;
    for (size_t i = 0; i < plot->count; i++) {
        const struct plot_bar *bar = &plot->bars[i];
        const struct ratio *ratio = bar_ratio(bar, panel);
        panel->any |= ratio_known(ratio);
        panel->errors += ratio->state == RATIO_FULL;
        panel->missing += !ratio_known(ratio);
        panel->capacities += bar_has_capacity(bar, panel);
        stretch(&least, &most, ratio->ratio);
        stretch(&least, &most, ratio->low);
        stretch(&least, &most, ratio->high);
        if (bar_has_capacity(bar, panel))
            stretch(&least, &most, bar->capacity);
    }
    stretch(&least, &most, panel->ideal);
    panel->logarithmic = most / least > PLOT_LOG_SPAN;
    if (panel->logarithmic) {
        const double room = pow(most / least, 0.2); /* above, for the labels */
        panel->low = least / fmax(1.6, pow(most / least, 0.06));
        panel->high = most * fmax(2, room);
    } else {
        panel->low = 0;
        panel->high = most * 1.25;
    }
}

static bool panel_has_any(const struct plot_panel *panel, const struct plot_speedup *plot)
{
    for (size_t i = 0; i < plot->count; i++)
        if (ratio_known(bar_ratio(&plot->bars[i], panel)))
            return true;
    return false;
}

/* The most that a bar could reach ideally; NaN where that is no gain. */
static double ideal_most(const struct plot_speedup *plot, const struct summary *summary)
{
    double most = 1;
    for (size_t i = 0; i < plot->count; i++)
        most = fmax(most, ideal_of(summary, plot->bars[i].cell));
    return most > 1 ? most : NAN;
}

static void panels_make(struct plot_speedup *plot, const struct summary *summary)
{
    plot->panels[RATIO_OWN_SYNC] = (struct plot_panel){
        .name = "own", .time = RATIO_WORK, .base = RATIO_OWN_SYNC, .ideal = ideal_most(plot, summary)};
    plot->panels[RATIO_PY_SYNC] = (struct plot_panel){
        .name = "base", .time = RATIO_WHOLE, .base = RATIO_PY_SYNC, .ideal = NAN};
    /* Work that is too short for a ratio still leaves the whole command's. */
    if (!panel_has_any(&plot->panels[RATIO_OWN_SYNC], plot))
        plot->panels[RATIO_OWN_SYNC].time = RATIO_WHOLE;
    for (size_t i = 0; i < RATIO_BASES; i++)
        panel_measure(&plot->panels[i], plot);
}

static int plot_speedup_make(struct plot_speedup *plot, const struct summary *summary, const struct plan_group *group)
{
    *plot = (struct plot_speedup){.bars = NULL};
    const int rc = bars_make(plot, summary, group);
    if (rc != 0)
        return rc;
    bars_place(plot);
    names_measure(plot);
    panels_make(plot, summary);
    return 0;
}

static void plot_speedup_free(struct plot_speedup *plot)
{
    free(plot->bars);
    *plot = (struct plot_speedup){.bars = NULL};
}

/* -- the data file ------------------------------------------------------------------------------------------------------------ */

/* A value's place on the axis, 0 at the bottom, 1 at the top; and back. */
static double axis_place(const struct plot_panel *panel, double value)
{
    return panel->logarithmic ? log(value / panel->low) / log(panel->high / panel->low) : value / panel->high;
}

static double axis_value(const struct plot_panel *panel, double place)
{
    return panel->logarithmic ? panel->low * pow(panel->high / panel->low, place) : place * panel->high;
}

/* Just above the bar and its interval, and above every line that would run through the label. */
static double label_height(const struct plot_panel *panel, const struct plot_bar *bar)
{
    const struct ratio *ratio = bar_ratio(bar, panel);
    const double lines[] = {1, bar_has_capacity(bar, panel) ? bar->capacity : NAN, panel->ideal};
    double top = axis_place(panel, ratio->state == RATIO_FULL ? ratio->high : ratio->ratio);
    for (size_t pass = 0; pass < sizeof lines / sizeof *lines; pass++)
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
            if (isfinite(lines[i])) {
                const double line = axis_place(panel, lines[i]);
                if (line > top && line < top + LABEL_ROOM)
                    top = line;
            }
    return axis_value(panel, top);
}

static void put_bars(FILE *out, const struct plot_speedup *plot, const struct plot_panel *panel, const char *runtime)
{
    fprintf(out, "\n\n# %s %s\n", panel->name, runtime);
    for (size_t i = 0; i < plot->count; i++) {
        const struct plot_bar *bar = &plot->bars[i];
        const struct ratio *ratio = bar_ratio(bar, panel);
        if (ratio_known(ratio) && strcmp(bar->cell->cell->runtime, runtime) == 0)
            fprintf(out, "%.6g %.6g\n", bar->x, ratio->ratio);
    }
}

static void put_intervals(FILE *out, const struct plot_speedup *plot, const struct plot_panel *panel)
{
    fprintf(out, "\n\n# %s intervals\n", panel->name);
    for (size_t i = 0; i < plot->count; i++) {
        const struct ratio *ratio = bar_ratio(&plot->bars[i], panel);
        if (ratio->state == RATIO_FULL)
            fprintf(out, "%.6g %.6g %.6g %.6g\n", plot->bars[i].x, ratio->ratio, ratio->low, ratio->high);
    }
}

static void put_labels(FILE *out, const struct plot_speedup *plot, const struct plot_panel *panel)
{
    fprintf(out, "\n\n# %s labels\n", panel->name);
    for (size_t i = 0; i < plot->count; i++) {
        const struct ratio *ratio = bar_ratio(&plot->bars[i], panel);
        struct format f;
        if (!ratio_known(ratio))
            continue;
        format_ratio(&f, ratio->ratio);
        f.text[strcspn(f.text, "x")] = '\0'; /* the axis has the x; bars are narrow: four characters */
        if (ratio->ratio >= 0.095 && ratio->ratio < 0.9995)
            snprintf(f.text, sizeof f.text, "%.2f", ratio->ratio);
        fprintf(out, "%.6g %.6g \"%s\"\n", plot->bars[i].x, label_height(panel, &plot->bars[i]), f.text);
    }
}

static const char *missing_word(const struct plot_bar *bar, const struct ratio *ratio)
{
    switch (bar->cell->cell->status) {
    case CELL_REFUSED:
        return "wrong result";
    case CELL_FAILED:
        return "failed";
    case CELL_TIMEOUT:
        return "out of time";
    case CELL_IMPOSSIBLE:
        return "not possible";
    case CELL_UNSEEN:
        return "not run";
    default:
        return ratio->state == RATIO_NOT_RUN ? "not run" : format_ratio_state(ratio->state);
    }
}

static void put_missing(FILE *out, const struct plot_speedup *plot, const struct plot_panel *panel)
{
    fprintf(out, "\n\n# %s missing\n", panel->name);
    for (size_t i = 0; i < plot->count; i++) {
        const struct ratio *ratio = bar_ratio(&plot->bars[i], panel);
        if (ratio_known(ratio))
            continue;
        fprintf(out, "%.6g ", plot->bars[i].x);
        picture_put_name(out, missing_word(&plot->bars[i], ratio));
        fputc('\n', out);
    }
}

static void put_capacities(FILE *out, const struct plot_speedup *plot, const struct plot_panel *panel)
{
    fprintf(out, "\n\n# %s capacity\n", panel->name);
    for (size_t i = 0; i < plot->count; i++)
        if (bar_has_capacity(&plot->bars[i], panel))
            fprintf(out, "%.6g %.6g\n", plot->bars[i].x, plot->bars[i].capacity);
}

static void put_models(FILE *out, const struct plot_speedup *plot)
{
    fputs("\n\n# models\n", out);
    for (size_t first = 0, last; first < plot->count; first = last + 1) {
        last = cluster_end(plot, first);
        fprintf(out, "%.6g ", (plot->bars[first].x + plot->bars[last].x) / 2);
        picture_put_name(out, plot->bars[first].cell->cell->model);
        fputc('\n', out);
    }
}

/* The distinct runtimes of a panel's bars, in their fixed order. */
static int runtimes_list(const struct plot_speedup *plot, const struct plot_panel *panel, struct string_list *words)
{
    for (size_t place = 0; place <= PICTURE_RUNTIMES; place++)
        for (size_t i = 0; i < plot->count; i++) {
            const struct plot_bar *bar = &plot->bars[i];
            if (bar->runtime == place && ratio_known(bar_ratio(bar, panel)) &&
                !string_list_have(words, bar->cell->cell->runtime) &&
                string_list_add(words, bar->cell->cell->runtime) != 0)
                return -ENOMEM;
        }
    return 0;
}

static char *plot_speedup_runtimes(const struct plot_speedup *plot, const struct plot_panel *panel)
{
    struct string_list words = {NULL, 0};
    char *text = runtimes_list(plot, panel, &words) == 0 ? string_list_join(&words, " ") : NULL;
    string_list_free(&words);
    return text;
}

static int put_panel(FILE *out, const struct plot_speedup *plot, const struct plot_panel *panel)
{
    struct string_list runtimes = {NULL, 0};
    const int rc = runtimes_list(plot, panel, &runtimes);
    for (size_t i = 0; i < runtimes.count && rc == 0; i++)
        put_bars(out, plot, panel, runtimes.items[i]);
    string_list_free(&runtimes);
    if (rc != 0 || !panel->any)
        return rc;
    put_labels(out, plot, panel);
    if (panel->errors > 0)
        put_intervals(out, plot, panel);
    if (panel->missing > 0)
        put_missing(out, plot, panel);
    if (panel->capacities > 0)
        put_capacities(out, plot, panel);
    return 0;
}

static int plot_speedup_write(const void *what, FILE *out)
{
    const struct plot_speedup *plot = what;
    int rc = 0;
    for (size_t i = 0; i < RATIO_BASES && rc == 0; i++)
        rc = put_panel(out, plot, &plot->panels[i]);
    put_models(out, plot);
    return rc;
}

/* -- as a picture ----------------------------------------------------------------------------------------------------------- */

static char *panel_settings(const struct plot_panel *panel)
{
    return text_format("%s=%d; %s_log=%d; %s_low=%.6g; %s_high=%.6g; %s_ideal=%.6g; %s_intervals=%zu; %s_missing=%zu; "
                       "%s_capacities=%zu; %s_work=%d; ",
                       panel->name, panel->any, panel->name, panel->logarithmic, panel->name, panel->low, panel->name,
                       panel->high, panel->name, isfinite(panel->ideal) ? panel->ideal : 0.0, panel->name,
                       panel->errors, panel->name, panel->missing, panel->name, panel->capacities, panel->name,
                       panel->time == RATIO_WORK);
}

static char *chart_settings(const struct plot_speedup *plot)
{
    char *own = panel_settings(&plot->panels[RATIO_OWN_SYNC]);
    char *py = panel_settings(&plot->panels[RATIO_PY_SYNC]);
    char *text = own == NULL || py == NULL ? NULL
                                           : text_format("%s%sleft=%.6g; right=%.6g; spacing=%.6g; longest=%d", own, py,
                                                         plot->left, plot->right, plot->spacing, plot->longest);
    free(py);
    free(own);
    return text;
}

/* "distance: speedups over the own sync; the most is c:threads 1.90x, the least ext:processes 0.644x". */
static char *chart_alt(const struct plot_speedup *plot, const struct plan_group *group)
{
    const struct plot_panel *panel = &plot->panels[RATIO_OWN_SYNC];
    const struct plot_bar *most = NULL, *least = NULL;
    for (size_t i = 0; i < plot->count; i++) {
        const struct plot_bar *bar = &plot->bars[i];
        if (!ratio_known(bar_ratio(bar, panel)) || bar_ratio(bar, panel)->state == RATIO_SELF)
            continue;
        if (most == NULL || bar_ratio(bar, panel)->ratio > bar_ratio(most, panel)->ratio)
            most = bar;
        if (least == NULL || bar_ratio(bar, panel)->ratio < bar_ratio(least, panel)->ratio)
            least = bar;
    }
    if (most == NULL)
        return text_format("%s: no variant has a speedup to show", group->name);
    struct format high, low;
    return text_format(
        "%s: bars of every variant's speedup; over its own sync the most is %s:%s with %s, the least %s:%s "
        "with %s",
        group->name, most->cell->cell->runtime, most->cell->cell->model,
        format_ratio(&high, bar_ratio(most, panel)->ratio), least->cell->cell->runtime, least->cell->cell->model,
        format_ratio(&low, bar_ratio(least, panel)->ratio));
}

static int chart_add(struct pictures *out, const struct picture_source *source, const struct plan_group *group)
{
    const struct summary *summary = source->summary;
    struct plot_speedup plot;
    int rc = plot_speedup_make(&plot, summary, group);
    struct picture *p = rc == 0 ? pictures_add(out, summary, "speedup", group) : NULL;
    if (p != NULL) {
        picture_set_data(p, "speedup.c", plot_speedup_write, &plot);
        picture_take(p, &p->settings, chart_settings(&plot));
        picture_take(p, &p->alt, chart_alt(&plot, group));
        for (size_t i = 0; i < RATIO_BASES; i++)
            picture_take(p, &p->words[i], plot_speedup_runtimes(&plot, &plot.panels[i]));
        picture_take(p, &p->words[2], picture_runtimes(summary, group));
        /* a group of failures only */
        p->empty = !plot.panels[RATIO_OWN_SYNC].any && !plot.panels[RATIO_PY_SYNC].any;
    }
    rc = rc != 0 ? rc : p == NULL ? -ENOMEM : p->rc;
    plot_speedup_free(&plot);
    return rc;
}

int picture_speedup(struct pictures *out, const struct picture_source *source, struct error *err)
{
    (void)err;
    return pictures_each_group(out, source, chart_add);
}
