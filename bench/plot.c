/* SPDX-License-Identifier: MIT */
/* The pictures of a run: for each group the data, then the same chart as SVG and PNG. */
#include "bench/plot.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/format.h"
#include "bench/gnuplot.h"
#include "bench/plot_speedup.h"
#include "bench/publish.h"
#include "bench/text.h"

/* What drawing one chart needs; all strings owned. */
struct chart {
    struct plot_speedup plot;
    char *stem; /* "speedup-NAME", the files' name without its ending */
    char *settings, *title, *subtitle;
    char *runtimes[RATIO_BASES];
};

/* A group's name as a file's: what is no letter, digit, point, dash or underscore becomes an underscore. */
static char *stem_of(const struct summary *summary, const struct result_group *group)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    const size_t id = (size_t)(group - summary->results->groups);
    bool changed = strlen(group->name) > 100 || *group->name == '\0';
    for (size_t i = 0; i < summary->results->group_count; i++)
        changed |= i != id && strcmp(summary->results->groups[i].name, group->name) == 0;
    char *stem = text_format("speedup-%.100s", group->name);
    for (char *p = stem; p != NULL && *p != '\0'; p++)
        if (strchr(plain, *p) == NULL) {
            *p = '_';
            changed = true;
        }
    if (stem == NULL || !changed)
        return stem;
    char *unique = text_format("%s-%zu", stem, id); /* two names may have become the same */
    free(stem);
    return unique;
}

static char *panel_settings(const struct plot_panel *panel)
{
    return text_format("%s=%d; %s_log=%d; %s_low=%.6g; %s_high=%.6g; %s_ideal=%.6g; %s_intervals=%zu; %s_missing=%zu; "
                       "%s_capacities=%zu; %s_work=%d; ",
                       panel->name, panel->any, panel->name, panel->logarithmic, panel->name, panel->low, panel->name,
                       panel->high, panel->name, isfinite(panel->ideal) ? panel->ideal : 0.0, panel->name, panel->errors,
                       panel->name, panel->missing, panel->name, panel->capacities, panel->name,
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

static char *chart_subtitle(const struct result_group *group)
{
    char *params = format_params(group), *shape = format_shape(group);
    char *text = params == NULL || shape == NULL ? NULL
                                                 : text_format("%s%s%s", params, *params != '\0' ? "; " : "", shape);
    /* A long URL must not run out of the picture. */
    if (text != NULL && format_columns(text) > 110) {
        free(text);
        text = text_format("%s", shape);
    }
    free(shape);
    free(params);
    return text;
}

static int chart_make(struct chart *chart, const struct summary *summary, const struct result_group *group)
{
    int code = plot_speedup_make(&chart->plot, summary, group);
    if (code != 0)
        return code;
    chart->stem = stem_of(summary, group);
    chart->settings = chart_settings(&chart->plot);
    chart->title = text_format("%s", group->name);
    chart->subtitle = chart_subtitle(group);
    bool whole = chart->stem != NULL && chart->settings != NULL && chart->title != NULL && chart->subtitle != NULL;
    if (whole) { /* control characters are not allowed in an SVG */
        text_one_line(chart->title);
        text_one_line(chart->subtitle);
    }
    for (size_t i = 0; i < RATIO_BASES; i++) {
        chart->runtimes[i] = plot_speedup_runtimes(&chart->plot, &chart->plot.panels[i]);
        whole = whole && chart->runtimes[i] != NULL;
    }
    return whole ? 0 : -ENOMEM;
}

static void chart_free(struct chart *chart)
{
    for (size_t i = 0; i < RATIO_BASES; i++)
        free(chart->runtimes[i]);
    free(chart->subtitle);
    free(chart->title);
    free(chart->settings);
    free(chart->stem);
    plot_speedup_free(&chart->plot);
}

static int chart_draw(const struct chart *chart, const char *folder, const char *script, const char *format,
                      struct error *err)
{
    int code = -ENOMEM;
    char *data = text_format("%s/%s.dat", folder, chart->stem);
    char *name = text_format("%s.%s", chart->stem, format);
    char *temporary = text_format(".%s.new", name);
    char *output = text_format("%s/%s", folder, temporary != NULL ? temporary : "");
    if (data == NULL || name == NULL || temporary == NULL || output == NULL) {
        error_set(err, code, "no memory");
        goto out;
    }
    const struct gnuplot_call call = {
        .settings = chart->settings,
        .script = script,
        .arguments = {data, output, format, chart->title, chart->subtitle, chart->runtimes[RATIO_OWN_SYNC],
                      chart->runtimes[RATIO_PY_SYNC]},
    };
    code = gnuplot_run(&call, err);
    if (code == 0)
        code = publish_file(folder, temporary, name, err);
    if (code != 0)
        (void)unlink(output);
out:
    free(output);
    free(temporary);
    free(name);
    free(data);
    return code;
}

static int chart_publish(struct chart *chart, const char *folder, const char *script, struct error *err)
{
    static const char *const formats[] = {"svg", "png"};
    char *name = text_format("%s.dat", chart->stem);
    if (name == NULL)
        return error_set(err, -ENOMEM, "no memory");
    int code = publish_printed(folder, name, plot_speedup_write, &chart->plot, err);
    free(name);
    /* A group of failures only has nothing to draw. */
    if (!chart->plot.panels[RATIO_OWN_SYNC].any && !chart->plot.panels[RATIO_PY_SYNC].any)
        return code;
    for (size_t i = 0; i < sizeof formats / sizeof *formats && code == 0; i++)
        code = chart_draw(chart, folder, script, formats[i], err);
    return code;
}

static int group_plot(const struct summary *summary, const struct result_group *group, const char *folder,
                      const char *script, struct error *err)
{
    struct chart chart = {.stem = NULL};
    int code = chart_make(&chart, summary, group);
    if (code != 0)
        error_set(err, code, "no memory for the pictures");
    else
        code = chart_publish(&chart, folder, script, err);
    chart_free(&chart);
    return code;
}

int plot_make(const char *run_dir, const char *scripts_dir, const struct summary *summary, struct error *err)
{
    int code = 0;
    /* gnuplot takes a name that starts with < or | for a command. */
    const char *dot = *run_dir == '/' || *run_dir == '.' ? "" : "./";
    char *folder = text_format("%s%s/plots", dot, run_dir);
    char *script = text_format("%s/speedup.gp", scripts_dir);
    if (folder == NULL || script == NULL)
        code = error_set(err, -ENOMEM, "no memory for the pictures");
    else if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        code = error_set(err, -errno, "cannot make %s: %s", folder, strerror(errno));
    if (code == 0)
        for (size_t g = 0; g < summary->results->group_count; g++) {
            struct error group_err = {""};
            const int group_code = group_plot(summary, &summary->results->groups[g], folder, script, &group_err);
            if (code == 0 && group_code != 0) {
                code = group_code;
                *err = group_err;
            }
        }
    free(script);
    free(folder);
    return code;
}
