/* SPDX-License-Identifier: MIT */
/* `cobench compare`: two runs, cell by cell. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/protocol/paths.h"
#include "bench/plan/plan.h"
#include "bench/report/compare_formats.h"
#include "bench/cmd/find_run.h"
#include "bench/report/screen.h"

#define SLOWER_LEAST 0.0001
#define SLOWER_MOST  10

enum {
    OPTION_FAIL = 256,
    OPTION_JUDGE,
    OPTION_TIME,
    OPTION_BASE,
    OPTION_MARGIN,
    OPTION_ONLY,
    OPTION_FORMAT,
    OPTION_WIDTH
};

struct compare_arguments {
    const char *runs[COMPARE_SIDES];
    size_t run_count;
    struct compare_options options;
    struct string_list only;
    size_t format, judge, time, base;
    int width; /* 0: that of the terminal */
    struct error *err;
};

static const struct argp_option option_table[] = {
    {"fail-if-slower", OPTION_FAIL, "P%", 0, "Exit with 1 where a cell is slower in B by more than P%, for sure", 0},
    {"judge", OPTION_JUDGE, "time|speedup", 0, "By what --fail-if-slower judges and the answer tells (default time)",
     0},
    {"time", OPTION_TIME, "whole|work", 0, "Which time is judged and told (default whole); the table has both", 0},
    {"base", OPTION_BASE, "own|py", 0, "Speedups over the runtime's own sync (default) or over py:sync", 0},
    {"margin", OPTION_MARGIN, "P%", 0, "Judge by this margin in place of the runs' own, 0%..90%", 0},
    {"only", OPTION_ONLY, "TASK[/VARIANT]", 0, "These cells only, as in 'count/c:*'; may be given again", 0},
    {"format", OPTION_FORMAT, "FORMAT", 0, "What to print: text (default), md, json or csv", 0},
    {"width", OPTION_WIDTH, "N", 0, OPTIONS_WIDTH_HELP, 0},
    {0},
};

/* One row per format. */
static const char *const format_names[] = {"text", "md", "json", "csv", NULL};
static render_compare *const formats[] = {render_compare_text, render_compare_markdown, render_compare_json,
                                          render_compare_csv};

static error_t take_only(struct compare_arguments *a, const char *text)
{
    return string_list_add(&a->only, text) == 0 ? 0 : ENOMEM;
}

static error_t take_run(struct compare_arguments *a, const char *text)
{
    if (a->run_count == COMPARE_SIDES)
        return options_refuse(a->err, "a third run", text, "two are compared");
    a->runs[a->run_count++] = text;
    return 0;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    static const char *const judges[] = {"time", "speedup", NULL}, *const times[] = {"work", "whole", NULL},
                             *const bases[] = {"own", "py", NULL};
    struct compare_arguments *a = state->input;
    switch (key) {
    case OPTION_FAIL:
        return options_percent(a->err, "--fail-if-slower", text, (const double[]){SLOWER_LEAST, SLOWER_MOST},
                               &a->options.slower);
    case OPTION_JUDGE:
        return options_word(a->err, "--judge", text, judges, &a->judge);
    case OPTION_TIME:
        return options_word(a->err, "--time", text, times, &a->time);
    case OPTION_BASE:
        return options_word(a->err, "--base", text, bases, &a->base);
    case OPTION_MARGIN:
        return options_percent(a->err, "--margin", text, (const double[]){0, MARGIN_MAX}, &a->options.margin);
    case OPTION_ONLY:
        return take_only(a, text);
    case OPTION_FORMAT:
        return options_word(a->err, "--format", text, format_names, &a->format);
    case OPTION_WIDTH:
        return options_width(a->err, text, &a->width);
    case ARGP_KEY_ARG:
        return take_run(a, text);
    case ARGP_KEY_END:
        if (a->run_count < COMPARE_SIDES)
            return -error_set(a->err, -EINVAL, "two runs are needed, A and B (folders, or names under results/)");
        a->options.by_speedup = a->judge == 1;
        a->options.time = (enum ratio_time)a->time;
        a->options.base = (enum ratio_base)a->base;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int load(const struct paths *paths, const char *name, struct results *out, struct error *err)
{
    char *path = NULL;
    struct error why;
    int rc = find_run(paths, NULL, name, &path, &why);
    if (rc == 0)
        rc = results_load(out, path, &why);
    free(path);
    return rc == 0 ? 0 : error_set(err, rc, "compare: %.200s: %.700s", name, why.text);
}

static int print(const struct compare_arguments *a, const struct compare *compare, struct error *err)
{
    struct story story;
    int rc = story_make(&story, compare);
    if (rc == 0) {
        const struct compare_view view = {
            .compare = compare,
            .story = &story,
            .name = {a->runs[COMPARE_A], a->runs[COMPARE_B]},
            .width = a->width != 0 ? a->width : screen_columns(),
            .colour = screen_has_colour(),
        };
        rc = formats[a->format](&view, stdout);
        story_free(&story);
    }
    if (rc != 0)
        return error_set(err, rc, "compare: the table cannot be made: %s", strerror(-rc));
    if (fflush(stdout) != 0)
        return error_set(err, -errno, "compare: the table cannot be printed: %s", strerror(errno));
    return 0;
}

/* *fails: the gate says so. */
static int compare(const struct compare_arguments *a, const struct paths *paths, bool *fails, struct error *err)
{
    struct results results[COMPARE_SIDES] = {{.plan = NULL}, {.plan = NULL}};
    int rc = 0;
    for (int side = 0; side < COMPARE_SIDES && rc == 0; side++)
        rc = load(paths, a->runs[side], &results[side], err);
    struct compare comparison;
    if (rc == 0)
        rc = compare_make(&comparison, &results[COMPARE_A], &results[COMPARE_B], &a->options, err);
    if (rc == 0) {
        rc = print(a, &comparison, err);
        *fails = comparison.gate_fails;
        compare_free(&comparison);
    }
    for (int side = 0; side < COMPARE_SIDES; side++)
        results_free(&results[side]);
    return rc;
}

static int parse(int argc, char **argv, struct compare_arguments *a)
{
    static const struct argp argp = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "A B",
        .doc = "What is slower in run B than in run A, what is faster, what is not known; and what else differs.\v"
               "A and B are folders of runs, or names of such under results/ (latest). Ratios are A / B of times and B "
               "/ A "
               "of speedups, so that above 1 is always better in B. Exit status: 0, or 1 where --fail-if-slower fails "
               "or a "
               "run cannot be read, 2 usage. docs/compare.md says what is computed.",
    };
    return options_parse(&argp, argc, argv, a, a->err);
}

int cmd_compare(int argc, char **argv, struct error *err)
{
    struct compare_arguments a = {.options.margin = -1, .time = RATIO_WHOLE, .base = RATIO_OWN_SYNC, .err = err};
    struct paths paths = {.self = NULL};
    bool fails = false;
    a.options.only = &a.only;
    int rc = parse(argc, argv, &a);
    if (rc == 0 && (rc = paths_find(&paths, err)) == 0)
        rc = compare(&a, &paths, &fails, err);
    paths_free(&paths);
    string_list_free(&a.only);
    return rc == -EINVAL ? 2 : rc != 0 || fails ? 1 : 0;
}
