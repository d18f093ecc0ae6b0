/* SPDX-License-Identifier: MIT */
/* `cobench claims`: what others published beside what a run measured. */
#define _GNU_SOURCE /* argp.h wants error_t */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/claims.h"
#include "bench/cmd/command.h"
#include "bench/cmd/find_run.h"
#include "bench/util/files.h"
#include "bench/cmd/options.h"
#include "bench/protocol/paths.h"
#include "bench/report/claims.h"
#include "bench/util/text.h"

enum { KEY_FILE = 256 };

struct claims_arguments {
    const char *run, *file; /* NULL: not said */
    struct options_print print;
    struct error *err;
};

static const struct argp_option option_table[] = {
    {"file", KEY_FILE, "FILE", 0, "Other claims than those the run's suite names (docs/claims.md)", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct claims_arguments *a = state->input;
    switch (key) {
    case KEY_FILE:
        a->file = text;
        return 0;
    case ARGP_KEY_ARG:
        return options_argument(a->err, text, &a->run);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Whether a folder is a run whose plan names claims. */
static bool has_claims(const char *run)
{
    char *path = text_format("%s/plan.json", run);
    json_t *plan = path == NULL ? NULL : json_load_file(path, 0, NULL);
    const bool has = json_is_string(json_object_get(plan, "claims"));
    json_decref(plan);
    free(path);
    return has;
}

/* The run to look at, to be freed: the one named, else the last one or the reference run that has claims. */
static int run_to_judge(const struct claims_arguments *a, const struct paths *paths, char **out, struct error *err)
{
    static const char *const tried[] = {"results/latest", "results/reference/published"};
    struct error why = {.text = ""};
    *out = NULL;
    if (a->run != NULL && find_run(paths, NULL, a->run, out, &why) != 0)
        return error_set(err, -ENOENT, "claims: %s", why.text);
    for (size_t i = 0; a->run == NULL && *out == NULL && i < sizeof tried / sizeof *tried; i++) {
        char *path = text_format("%s/%s", paths->root, tried[i]);
        if (path != NULL && (a->file != NULL ? dir_exists(path) : has_claims(path)))
            *out = path;
        else
            free(path);
    }
    if (*out == NULL)
        return error_set(err, -ENOENT,
                         "claims: no run yet that measures any; `cobench run --suite published` makes one");
    return 0;
}

static int read_and_judge(const struct claims_arguments *a, const struct paths *paths, const struct summary *summary,
                          struct claims *claims, struct error *err)
{
    if (a->file != NULL) {
        int rc = claims_read(a->file, claims, err);
        if (rc == 0 && claims_judge(claims, summary) != 0) {
            claims_free(claims);
            rc = error_set(err, -ENOMEM, "out of memory");
        }
        return rc;
    }
    char *folder = text_format("%s/bench/claims", paths->root);
    int rc = folder == NULL ? error_set(err, -ENOMEM, "out of memory") : claims_of_run(folder, summary, claims, err);
    free(folder);
    if (rc == -ENOENT && err->text[0] == '\0')
        error_set(err, rc, "claims: the suite %s of this run names no claims; --file gives some",
                  summary->results->suite);
    return rc;
}

static int print(const struct claims_arguments *a, const char *run, const struct claims *claims, struct error *err)
{
    struct writer w = options_writer(&a->print, "rows");
    if (w.format == &format_terminal)
        printf("%s\n", run);
    write_claims(&w, 1, claims);
    return options_print_end(write_end(&w), err);
}

static int claims_show(const struct claims_arguments *a, const struct paths *paths, struct error *err)
{
    struct results results = {.plan = NULL};
    struct summary summary = {.cells = NULL};
    struct claims claims;
    char *run = NULL;
    int rc = run_to_judge(a, paths, &run, err);
    if (rc == 0)
        rc = results_load(&results, run, err);
    if (rc == 0)
        rc = summary_make(&summary, &results, err);
    if (rc == 0 && (rc = read_and_judge(a, paths, &summary, &claims, err)) == 0) {
        rc = print(a, run, &claims, err);
        claims_free(&claims);
    }
    summary_free(&summary);
    results_free(&results);
    free(run);
    return rc;
}

int cmd_claims(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "[RUN]",
        .doc = "Compare what others published with what a run measured.\v"
               "RUN is a folder under results/; without one the last run if its suite names claims, else the reference "
               "run of the suite published.",
    };
    struct claims_arguments arguments = {.err = err};
    struct paths paths;
    if (options_parse_print(&argp, argc, argv, &arguments, &arguments.print, err) != 0)
        return 2;
    int rc = paths_find(&paths, err);
    if (rc == 0)
        rc = claims_show(&arguments, &paths, err);
    paths_free(&paths);
    return options_status(rc);
}
