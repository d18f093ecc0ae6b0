/* SPDX-License-Identifier: MIT */
/* `cobench report`: tables and pictures made again from a run's folder. */
#define _GNU_SOURCE /* argp.h wants error_t; strdup and realpath come along */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cmd/command.h"
#include "bench/cmd/find_run.h"
#include "bench/util/files.h"
#include "bench/cmd/opener.h"
#include "bench/cmd/options.h"
#include "bench/report/html/page.h"
#include "bench/protocol/paths.h"
#include "bench/plan/plan.h"
#include "bench/cmd/report_make.h"
#include "bench/report/screen.h"
#include "bench/util/text.h"
#include "common/num.h"

enum { WIDTH_LEAST = 80, WIDTH_MOST = 1000 };
enum { OPTION_PLOTS = 256, OPTION_NO_PLOTS, OPTION_FORMAT, OPTION_WIDTH, OPTION_MARGIN, OPTION_OPEN };
enum plots { PLOTS_IF_POSSIBLE, PLOTS_NEEDED, PLOTS_NONE };

struct report_arguments {
    const char *run;
    enum plots plots;
    bool quiet;
    bool open;
    enum report_format format;
    int width;     /* 0: that of the terminal */
    double margin; /* below 0: the run's own */
    struct error *err;
};

static const struct argp_option option_table[] = {
    {"plots", OPTION_PLOTS, NULL, 0, "Make the pictures, and fail where they cannot be made", 0},
    {"no-plots", OPTION_NO_PLOTS, NULL, 0, "Make no pictures", 0},
    {"open", OPTION_OPEN, NULL, 0,
     "Show the page, RUN/" PAGE_FILE ", in a browser ($BROWSER or xdg-open); print its path where there is none", 0},
    {"quiet", 'q', NULL, 0, "Print no table", 0},
    {"format", OPTION_FORMAT, "FORMAT", 0, "What to print: terminal (default), md, csv or json", 0},
    {"width", OPTION_WIDTH, "N", 0, "Columns of the terminal's table, 80..1000 (default: the terminal's own, or 80)",
     0},
    {"margin", OPTION_MARGIN, "P%", 0, "Judge by this margin in place of the run's own, 0%..90%", 0},
    {0},
};

static int usage(struct error *err, const char *what, const char *value, const char *allowed)
{
    return error_set(err, EINVAL, "report: %s \"%s\": %s", what, value, allowed);
}

static error_t parse_format(const char *text, struct report_arguments *arguments)
{
    static const char *const names[] = {
        [REPORT_TERMINAL] = "terminal", [REPORT_MARKDOWN] = "md", [REPORT_CSV] = "csv", [REPORT_JSON] = "json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            arguments->format = (enum report_format)i;
            return 0;
        }
    return usage(arguments->err, "--format", text, "must be terminal, md, csv or json");
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct report_arguments *arguments = state->input;
    int64_t width = 0;
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
    case OPTION_FORMAT:
        return parse_format(text, arguments);
    case OPTION_WIDTH:
        if (num_parse_i64(text, WIDTH_LEAST, WIDTH_MOST, &width) != 0)
            return usage(arguments->err, "--width", text, "must be an integer in 80..1000");
        arguments->width = (int)width;
        return 0;
    case OPTION_MARGIN:
        if (num_parse_percent(text, 0, MARGIN_MAX, &arguments->margin) != 0)
            return usage(arguments->err, "--margin", text, "must be a percentage from 0% to 90%");
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->run != NULL)
            return usage(arguments->err, "a second RUN", text, "one at a time");
        arguments->run = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* 2: not a run at all; 77: something this machine lacks; 1: the rest. */
static int status_of(int rc)
{
    if (rc == 0)
        return 0;
    return rc == -ENOENT || rc == -ENOTDIR || rc == -EPROTO ? 2 : rc == -ENOSYS ? 77 : 1;
}

/* In a browser, or where it is. */
static int show_page(const char *run, struct error *err)
{
    char *path = text_format("%s/" PAGE_FILE, run);
    if (path == NULL)
        return error_set(err, -ENOMEM, "no memory");
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
        error_set(err, rc, "no memory");
        goto out;
    }
    const struct report_options options = {
        .files = true,
        .plots = arguments->plots != PLOTS_NONE,
        .plots_needed = arguments->plots == PLOTS_NEEDED,
        .out = arguments->quiet ? NULL : stdout,
        .format = arguments->format,
        .width = arguments->width != 0 ? arguments->width : screen_columns(),
        .colour = screen_has_colour(),
        .margin = arguments->margin < 0 ? NULL : &arguments->margin,
        .scripts_dir = scripts,
        .claims_dir = claims,
    };
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
    struct report_arguments arguments = {.margin = -1, .err = err};
    err->text[0] = '\0';
    if (options_check(option_table, argc, argv, err) != 0 || argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return 2;
    struct paths paths;
    int rc = paths_find(&paths, err);
    if (rc == 0)
        rc = report(&arguments, &paths, err);
    paths_free(&paths);
    return status_of(rc);
}
