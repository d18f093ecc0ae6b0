/* SPDX-License-Identifier: MIT */
/* `cobench claims`: what others published beside what a run measured. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>

#include "bench/analysis/claims.h"
#include "bench/cmd/command.h"
#include "bench/cmd/find_run.h"
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

static int read_claims(const struct claims_arguments *a, const struct paths *paths, const struct summary *summary,
                       struct claims *claims, struct error *err)
{
    if (a->file != NULL)
        return claims_read(a->file, summary, claims, err);
    char *folder = text_format("%s/bench/claims", paths->root);
    const int rc = claims_of_run(folder, summary, claims, err);
    free(folder);
    return rc != -ENOENT
               ? rc
               : error_set(err, rc,
                           "claims: the suite %s of this run names no claims; --file gives some, `cobench run "
                           "--suite published` makes a run that does",
                           summary->results->suite);
}

static int claims_show(const struct claims_arguments *a, const struct paths *paths, struct error *err)
{
    struct results results = {.plan = NULL};
    struct summary summary = {.cells = NULL};
    struct claims claims;
    struct error why;
    char *run = NULL;
    int rc = find_run(paths, NULL, a->run, &run, &why);
    if (rc != 0)
        return error_set(err, rc, "claims: %s", why.text);
    if ((rc = results_load(&results, run, err)) == 0 && (rc = summary_make(&summary, &results, err)) == 0 &&
        (rc = read_claims(a, paths, &summary, &claims, err)) == 0) {
        struct writer w = options_writer(&a->print, "rows");
        if (w.format == &format_terminal)
            printf("%s\n", run);
        write_claims(&w, 1, &claims);
        rc = options_print_end(write_end(&w), err);
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
               "RUN is a folder of a run, or its name under results/; results/latest where none is given.",
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
