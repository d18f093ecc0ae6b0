/* SPDX-License-Identifier: MIT */
/* `cobench compare`: two runs, cell by cell. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/protocol/paths.h"
#include "bench/report/compare.h"
#include "bench/cmd/find_run.h"

#define SLOWER_LEAST 0.0001
#define SLOWER_MOST  10

enum { OPTION_FAIL = 256, OPTION_JUDGE, OPTION_TIME, OPTION_ONLY };

struct compare_arguments {
    const char *runs[COMPARE_SIDES];
    size_t run_count;
    struct compare_options options;
    struct string_list only;
    struct options_print print;
    size_t judge, time;
    struct error *err;
};

static const struct argp_option option_table[] = {
    {"fail-if-slower", OPTION_FAIL, "P%", 0, "Exit with 1 where a cell is slower in B by more than P%, for sure", 0},
    {"judge", OPTION_JUDGE, "time|speedup", 0, "What --fail-if-slower goes by (default time)", 0},
    {"time", OPTION_TIME, "whole|work", 0, "Which time is compared, alone and in speedups (default whole)", 0},
    {"only", OPTION_ONLY, "TASK[/VARIANT]", 0, "These cells only, as in 'count/c:*'; may be given again", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    static const char *const judges[] = {"time", "speedup", NULL}, *const times[] = {"work", "whole", NULL};
    struct compare_arguments *a = state->input;
    switch (key) {
    case OPTION_FAIL:
        return options_percent(a->err, "--fail-if-slower", text, (const double[]){SLOWER_LEAST, SLOWER_MOST},
                               &a->options.slower);
    case OPTION_JUDGE:
        return options_word(a->err, "--judge", text, judges, &a->judge);
    case OPTION_TIME:
        return options_word(a->err, "--time", text, times, &a->time);
    case OPTION_ONLY:
        string_list_add(&a->only, text);
        return 0;
    case ARGP_KEY_ARG:
        if (a->run_count == COMPARE_SIDES)
            return options_refuse(a->err, "a third run", text, "two are compared");
        a->runs[a->run_count++] = text;
        return 0;
    case ARGP_KEY_END:
        if (a->run_count < COMPARE_SIDES)
            return -error_set(a->err, -EINVAL, "two runs are needed, A and B (folders, or names under results/)");
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
        struct writer w = options_writer(&a->print, COMPARE_TABLE);
        rc = options_print_end(compare_write(&comparison, a->runs, &w), err);
        *fails = comparison.gate_fails;
        compare_free(&comparison);
    }
    for (int side = 0; side < COMPARE_SIDES; side++)
        results_free(&results[side]);
    return rc;
}

int cmd_compare(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "A B",
        .doc = "Compare two runs: what is slower in B than in A, what is faster, what is not known; and what else "
               "differs.\v"
               "A and B are folders of runs, or names of such under results/ (latest). Ratios are A / B of times and B "
               "/ A of speedups, so that above 1 is always better in B. Exit status: 0, or 1 where --fail-if-slower "
               "fails or a run cannot be read, 2 usage. docs/compare.md says what is computed.",
    };
    struct compare_arguments a = {.time = RATIO_WHOLE, .print.with_margin = true, .err = err};
    struct paths paths = {.self = NULL};
    bool fails = false;
    int rc = options_parse_print(&argp, argc, argv, &a, &a.print, err);
    a.options.by_speedup = a.judge == 1;
    a.options.time = (enum ratio_time)a.time;
    a.options.only = &a.only;
    a.options.margin = a.print.margin;
    if (rc == 0 && (rc = paths_find(&paths, err)) == 0)
        rc = compare(&a, &paths, &fails, err);
    paths_free(&paths);
    string_list_free(&a.only);
    return rc == -EINVAL ? 2 : rc != 0 || fails ? 1 : 0;
}
