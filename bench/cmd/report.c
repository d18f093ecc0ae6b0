/* SPDX-License-Identifier: MIT */
/* `cobench report`: tables and pictures made again from a run's folder. */
#define _GNU_SOURCE /* argp.h wants error_t; strdup and realpath come along */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/command.h"
#include "bench/cmd/find_run.h"
#include "bench/util/files.h"
#include "bench/cmd/opener.h"
#include "bench/cmd/options.h"
#include "bench/report/html/html.h"
#include "bench/protocol/paths.h"
#include "bench/cmd/report_make.h"
#include "bench/util/text.h"

enum { OPTION_PLOTS = 256, OPTION_NO_PLOTS, OPTION_TABLE, OPTION_OPEN };
enum plots { PLOTS_IF_POSSIBLE, PLOTS_NEEDED, PLOTS_NONE };

struct report_arguments {
    const char *run;
    enum plots plots;
    bool quiet;
    bool open;
    struct options_print print;
    const char *table;
    struct error *err;
};

static const struct argp_option option_table[] = {
    {"plots", OPTION_PLOTS, NULL, 0, "Make the pictures, and fail where they cannot be made", 0},
    {"no-plots", OPTION_NO_PLOTS, NULL, 0, "Make no pictures", 0},
    {"open", OPTION_OPEN, NULL, 0,
     "Show the page, RUN/" PAGE_FILE ", in a browser ($BROWSER or xdg-open); print its path where there is none", 0},
    {"quiet", 'q', NULL, 0, "Print no table", 0},
    {"table", OPTION_TABLE, "NAME", 0,
     "Of csv, which is one table: cells (default), checks, scaling, laws or marginal_cost", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct report_arguments *arguments = state->input;
    switch (key) {
    case OPTION_PLOTS:
        arguments->plots = PLOTS_NEEDED;
        return 0;
    case OPTION_NO_PLOTS:
        arguments->plots = PLOTS_NONE;
        return 0;
    case OPTION_OPEN:
        arguments->open = true;
        return 0;
    case 'q':
        arguments->quiet = true;
        return 0;
    case OPTION_TABLE:
        arguments->table = text;
        return 0;
    case ARGP_KEY_ARG:
        return options_argument(arguments->err, text, &arguments->run);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* In a browser, or where it is. */
static int show_page(const char *run, struct error *err)
{
    char *path = text_format("%s/" PAGE_FILE, run);
    if (path == NULL)
        return error_set(err, -ENOMEM, "out of memory");
    (void)fflush(stdout); /* the browser may print, too */
    if (!opener_open(path))
        printf("%s\n", path);
    free(path);
    return 0;
}

static int report(const struct report_arguments *arguments, const struct paths *paths, struct error *err)
{
    int failed = 0, rc = -ENOMEM;
    char *run = NULL;
    char *scripts = text_format("%s/scripts/plots", paths->root);
    char *claims = text_format("%s/bench/claims", paths->root);
    if (scripts == NULL || claims == NULL) {
        error_set(err, rc, "out of memory");
        goto out;
    }
    struct report_options options = {
        .files = true,
        .plots = arguments->plots != PLOTS_NONE,
        .plots_needed = arguments->plots == PLOTS_NEEDED,
        .writer = options_writer(&arguments->print, arguments->table),
        .margin = arguments->print.margin < 0 ? NULL : &arguments->print.margin,
        .scripts_dir = scripts,
        .claims_dir = claims,
    };
    if (arguments->quiet)
        options.writer.out = NULL;
    struct error why = {.text = ""};
    if ((rc = find_run(paths, NULL, arguments->run, &run, &why)) != 0)
        error_set(err, rc, "report: %s", why.text);
    if (rc == 0)
        rc = report_make(run, &options, &failed, err);
    if (rc == 0 && arguments->open)
        rc = show_page(run, err);
out:
    free(claims);
    free(scripts);
    free(run);
    return rc;
}

int cmd_report(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "[RUN]",
        .doc = "Make a run's tables, pictures and page again and print the table.\v"
               "RUN is a folder under results/; results/latest where none is given. Exit status: 0; 1 where a file "
               "cannot be "
               "written (the table is printed all the same, and what was not made is named); 2 no run, or usage; 77 "
               "without "
               "gnuplot, where --plots needs it.",
    };
    struct report_arguments arguments = {.print.with_margin = true, .err = err};
    if (options_parse_print(&argp, argc, argv, &arguments, &arguments.print, err) != 0)
        return 2;
    struct paths paths;
    int rc = paths_find(&paths, err);
    if (rc == 0)
        rc = report(&arguments, &paths, err);
    paths_free(&paths);
    return options_status(rc);
}
