/* SPDX-License-Identifier: MIT */
/* `cobench merge`: runs of one plan on one machine made into one. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/command.h"
#include "bench/analysis/merge.h"
#include "bench/cmd/options.h"
#include "bench/protocol/paths.h"
#include "bench/report/report.h"
#include "bench/cmd/find_run.h"

enum { OPTION_OUT = 256, OPTION_FORCE };

struct merge_arguments {
    struct string_list runs;
    const char *out; /* NULL: a name under results/ */
    bool force;
    int rc; /* the first error */
    struct error *err;
};

static const struct argp_option option_table[] = {
    {"out", OPTION_OUT, "DIR", 0, "The folder to make (default: one with the time, host and suite in results/)", 0},
    {"force", OPTION_FORCE, NULL, 0, "Merge though programs, machine or plan differ; the summary is marked", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct merge_arguments *a = state->input;
    switch (key) {
    case OPTION_OUT:
        a->out = text;
        if (*text == '\0' && a->rc == 0)
            a->rc = error_set(a->err, -EINVAL, "merge: --out \"\": the name of a folder to make is needed");
        return 0;
    case OPTION_FORCE:
        a->force = true;
        return 0;
    case ARGP_KEY_ARG:
        if (string_list_add(&a->runs, text) != 0 && a->rc == 0)
            a->rc = error_set(a->err, -ENOMEM, "merge: no memory");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int parse(int argc, char **argv, struct merge_arguments *a)
{
    static const struct argp argp = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "A B...",
        .doc =
            "Make one run of several of the same plan on the same machine, each round kept as its own.\v"
            "The runs are folders, or names of such under results/ (latest). Interrupted ones give their whole rounds. "
            "Runs that differ are refused, and what differs is named. results/latest stays as it is. "
            "docs/compare.md has the rules.",
    };
    if (options_check(option_table, argc, argv, a->err) != 0)
        return -EINVAL;
    const int rc = argp_parse(&argp, argc, argv, 0, NULL, a);
    if (a->rc == 0 && rc != 0)
        a->rc = error_set(a->err, -EINVAL, "merge: %s", strerror(rc));
    if (a->rc == 0 && a->runs.count < 2)
        a->rc = error_set(a->err, -EINVAL, "merge: two runs or more are needed (folders, or names under results/)");
    return a->rc;
}

static int find_runs(const struct merge_arguments *a, const struct paths *places, struct string_list *paths,
                     struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < a->runs.count && rc == 0; i++) {
        struct error why;
        char *path = NULL;
        rc = find_run(places, NULL, a->runs.items[i], &path, &why);
        if (rc != 0)
            error_set(err, rc, "merge: %.200s: %.700s", a->runs.items[i], why.text);
        else if (string_list_add(paths, path) != 0)
            rc = error_set(err, -ENOMEM, "merge: no memory");
        free(path);
    }
    return rc;
}

static void tell(const struct merge *merge, const char *folder)
{
    for (size_t i = 0; i < merge->count; i++)
        printf("%s: %lld round%s\n", merge->parts[i].name, (long long)merge->parts[i].rounds,
               merge->parts[i].rounds == 1 ? "" : "s");
    printf("%lld round%s in %s; cobench report shows %s\n", (long long)merge->rounds,
           merge->rounds == 1 ? " is" : "s are", folder, merge->rounds == 1 ? "it" : "them");
}

/* The tables are made at once, as after a run; pictures are made by the report. */
static int merge_runs(const struct merge_arguments *a, const struct string_list *paths, const struct paths *places,
                      struct error *err)
{
    struct merge merge;
    char *folder = NULL, *results = text_format("%s/results", places->root),
         *claims = text_format("%s/bench/claims", places->root);
    const struct report_options report = {.files = true, .claims_dir = claims};
    int failed = 0, rc = results == NULL || claims == NULL ? error_set(err, -ENOMEM, "merge: no memory") : 0;
    if (rc == 0)
        rc = merge_open(&merge, paths->items, paths->count, a->force, err);
    if (rc != 0)
        goto out;
    rc = merge_write(&merge, a->out, results, &folder, err);
    if (rc == 0) {
        tell(&merge, folder);
        rc = report_make(folder, &report, &failed, err);
    }
    merge_close(&merge);
out:
    free(claims);
    free(results);
    free(folder);
    return rc;
}

int cmd_merge(int argc, char **argv, struct error *err)
{
    struct merge_arguments a = {.err = err};
    struct paths places = {.self = NULL};
    struct string_list paths = {NULL, 0};
    int rc = parse(argc, argv, &a);
    if (rc == 0)
        rc = paths_find(&places, err);
    if (rc == 0)
        rc = find_runs(&a, &places, &paths, err);
    if (rc == 0)
        rc = merge_runs(&a, &paths, &places, err);
    string_list_free(&paths);
    paths_free(&places);
    string_list_free(&a.runs);
    return rc == -EINVAL ? 2 : rc != 0 ? 1 : 0;
}
