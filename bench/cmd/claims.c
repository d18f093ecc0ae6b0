/* SPDX-License-Identifier: MIT */
/* `cobench claims`: what others published beside what a run measured. */
#include <errno.h>
#include <stdlib.h>

#include "bench/analysis/claims.h"
#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/report/document.h"

struct arguments {
    struct options_print print;
    const char *run; /* NULL: the latest */
    char *file;      /* NULL: what the run's plan names */
};

static const struct option_row rows[] = {
    {{"file", SETTING_TEXT, offsetof(struct arguments, file)},
     "FILE",
     "Other claims than those the run's suite names (docs/claims.md)"},
};
static const struct options options = {
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .prints = true,
    .arguments = 1,
    .arguments_at = offsetof(struct arguments, run),
    .args_doc = "[RUN]",
    .doc = "Compare what others published with what a run measured.\v"
           "RUN is a folder of a run, or its name under results/; results/latest where none is given."};

static int read_claims(const char *file, const struct paths *paths, const struct summary *summary,
                       struct claims *claims, struct error *err)
{
    const int rc = file != NULL ? claims_read(file, summary, claims, err)
                                : claims_of_run(paths->root, summary, claims, err);
    return rc != -ENOENT
               ? rc
               : error_set(err, rc,
                           "claims: the suite %s of this run names no claims; --file gives some, `cobench run "
                           "--suite published` makes a run that does",
                           summary->results->suite);
}

static int claims_show(const void *arguments, const struct paths *paths, struct error *err)
{
    const struct arguments *a = arguments;
    struct results results = {.plan = NULL};
    struct summary summary = {.cells = NULL};
    struct claims claims;
    char *run = NULL;
    int rc = find_run(paths, NULL, a->run, &run, err);
    if (rc == 0)
        rc = results_load(&results, run, err);
    if (rc == 0)
        summary_make(&summary, &results);
    if (rc == 0 && (rc = read_claims(a->file, paths, &summary, &claims, err)) == 0) {
        struct writer w = options_writer(&a->print, "rows");
        text_clean(run, '?');
        if (w.format == &format_terminal)
            printf("%s\n", run);
        write_claims(&w, 1, &claims);
        write_end(&w);
        rc = options_print_end(err);
        claims_free(&claims);
    }
    summary_free(&summary);
    results_free(&results);
    free(run);
    return rc;
}

int cmd_claims(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {.run = NULL};
    return options_run(&options, argc, argv, &arguments, claims_show, err);
}
