/* SPDX-License-Identifier: MIT */
/* `cobench compare`: two runs, cell by cell. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/report/document.h"

struct arguments {
    struct options_print print;
    const char *runs[COMPARE_SIDES];
    char *judge, *time;
    double margin, slower;
    struct string_list only;
};

#define AT(field) offsetof(struct arguments, field)
static const struct option_row rows[] = {
    {{"fail-if-slower", SETTING_SLOWER, AT(slower)},
     "P%",
     "Exit with 1 where a cell is slower in B by more than P%, for sure"},
    {{"judge", SETTING_JUDGE, AT(judge)}, "time|speedup", "What --fail-if-slower goes by (default time)"},
    {{"time", SETTING_TIME, AT(time)}, "whole|work", "Which time is compared, alone and in speedups (default whole)"},
    {{"only", SETTING_ADDED, AT(only)}, "TASK[/VARIANT]", "These cells only, as in 'count/c:*'; may be given again"},
    {{"margin", SETTING_MARGIN, AT(margin)},
     "P%",
     "A difference smaller than this is none, in place of the runs' own, 0%..90%"},
};
static const struct options options = {
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .prints = true,
    .arguments = COMPARE_SIDES,
    .arguments_at = AT(runs),
    .args_doc = "A B",
    .doc = "Compare two runs: what is slower in B than in A, what is faster, what is not known; and what else "
           "differs.\v"
           "A and B are folders of runs, or names of such under results/ (latest). Ratios are A / B of times and B "
           "/ A of speedups, so that above 1 is always better in B. Exit status: 0, or 1 where --fail-if-slower "
           "fails or a run cannot be read, 2 usage. docs/compare.md says what is computed."};

static bool is(const char *said, const char *word) { return said != NULL && strcmp(said, word) == 0; }

static int load(const struct paths *paths, const char *name, struct results *out, struct error *err)
{
    char *path = NULL;
    struct error why;
    int rc = find_run(paths, NULL, name, &path, &why);
    if (rc == 0)
        rc = results_load(out, path, &why);
    if (rc == 0 && results_serve(out))
        rc = error_set(&why, -EINVAL,
                       "it compares servers, and here are models compared; cobench report has its tables");
    free(path);
    return rc == 0 ? 0 : error_set(err, rc, "compare: %.200s: %.700s", name, why.text);
}

/* *fails: the gate says so. */
static int compare(const struct arguments *a, const struct paths *paths, bool *fails, struct error *err)
{
    const struct compare_options how = {.margin = a->margin,
                                        .time = is(a->time, "work") ? RATIO_WORK : RATIO_WHOLE,
                                        .by_speedup = is(a->judge, "speedup"),
                                        .slower = a->slower,
                                        .only = &a->only};
    struct results results[COMPARE_SIDES] = {{.plan = NULL}, {.plan = NULL}};
    int rc = 0;
    for (int side = 0; side < COMPARE_SIDES && rc == 0; side++)
        rc = load(paths, a->runs[side], &results[side], err);
    struct compare comparison;
    if (rc == 0)
        rc = compare_make(&comparison, &results[COMPARE_A], &results[COMPARE_B], &how, err);
    if (rc == 0) {
        struct writer w = options_writer(&a->print, COMPARE_TABLE);
        compare_write(&comparison, a->runs, &w);
        rc = options_print_end(err);
        *fails = comparison.gate_fails;
        compare_free(&comparison);
    }
    for (int side = 0; side < COMPARE_SIDES; side++)
        results_free(&results[side]);
    return rc;
}

int cmd_compare(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {.margin = -1};
    struct paths paths = {.self = NULL};
    bool fails = false;
    int rc = options_parse(&options, argc, argv, &arguments, NULL, err);
    if (rc == 0 && arguments.runs[COMPARE_B] == NULL)
        rc = error_set(err, -EINVAL, "two runs are needed, A and B (folders, or names under results/)");
    if (rc == 0)
        rc = paths_find(&paths, err);
    if (rc == 0)
        rc = compare(&arguments, &paths, &fails, err);
    paths_free(&paths);
    options_free(&options, &arguments);
    return rc == -EINVAL ? 2 : rc != 0 || fails ? 1 : 0;
}
