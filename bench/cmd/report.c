/* SPDX-License-Identifier: MIT */
/* `cobench report`: tables and pictures made again from a run's folder. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/cmd/report_make.h"
#include "bench/report/html/html.h"
#include "bench/util/text.h"

/* A desktop's opener has failed by then, or found a browser. */
enum { PATIENCE_MS = 5000, POLL_MS = 20 };

struct arguments {
    struct options_print print;
    const char *run; /* NULL: the latest */
    char *table;
    double margin;
    bool plots, no_plots, open, quiet, brief;
};

static const struct option_row rows[] = {
    {{"plots", SETTING_FLAG, offsetof(struct arguments, plots)},
     NULL,
     "Make the pictures, and fail where they cannot be made"},
    {{"no-plots", SETTING_FLAG, offsetof(struct arguments, no_plots)}, NULL, "Make no pictures"},
    {{"open", SETTING_FLAG, offsetof(struct arguments, open)},
     NULL,
     "Show the page, RUN/" PAGE_FILE ", in a browser ($BROWSER or xdg-open); print its path where there is none"},
    {{"quiet", SETTING_FLAG, offsetof(struct arguments, quiet)}, NULL, "Print no table"},
    {{"brief", SETTING_FLAG, offsetof(struct arguments, brief)},
     NULL,
     "Print only what cobench run prints: which model to take, and what was wrong with the run"},
    {{"table", SETTING_TABLE, offsetof(struct arguments, table)},
     "NAME",
     "Of csv, which is one table: cells (default), checks, shared_state, scaling, laws, marginal_cost, handover, "
     "ladder, servers, "
     "serving or native"},
    {{"margin", SETTING_MARGIN, offsetof(struct arguments, margin)},
     "P%",
     "A difference smaller than this is none, in place of the run's own, 0%..90%"},
};
static const struct options options = {
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .prints = true,
    .arguments = 1,
    .arguments_at = offsetof(struct arguments, run),
    .args_doc = "[RUN]",
    .doc =
        "Make a run's tables, pictures and page again and print the table.\v"
        "RUN is a folder under results/; results/latest where none is given. Exit status: 0; 1 where a file cannot be "
        "written (the table is printed all the same, and what was not made is named); 2 no run, or usage; 77 without "
        "gnuplot, where --plots needs it."};

/* Did the browser end well, or is it still there? Without a display it has the terminal, and is waited for. */
static bool goes_well(pid_t pid)
{
    const bool display = getenv("DISPLAY") != NULL || getenv("WAYLAND_DISPLAY") != NULL;
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    for (int waited = 0; !display || waited < PATIENCE_MS; waited += POLL_MS) {
        int status = 0;
        if (waitpid(pid, &status, display ? WNOHANG : 0) == pid)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        nanosleep(&pause, NULL);
    }
    return true;
}

/* In a browser, a program of the user's that inherits the terminal and is never killed; or says where it is. */
static void show_page(const char *run)
{
    extern char **environ;
    char *path = text_format("%s/" PAGE_FILE, run), *absolute = realpath(path, NULL), *said = getenv("BROWSER");
    char *program = said != NULL && *said != '\0' ? said : (char[]){"xdg-open"};
    char *const argv[] = {program, absolute, NULL};
    pid_t pid = -1;
    (void)fflush(stdout); /* the browser may print, too */
    if (absolute == NULL || posix_spawnp(&pid, program, NULL, NULL, argv, environ) != 0 || !goes_well(pid)) {
        text_clean(path, '?');
        printf("%s\n", path);
    }
    free(absolute);
    free(path);
}

static int report(const void *arguments, const struct paths *paths, struct error *err)
{
    const struct arguments *a = arguments;
    struct report_options how = {.root = paths->root,
                                 .plots = a->plots || !a->no_plots,
                                 .plots_needed = a->plots,
                                 .margin = a->margin,
                                 .writer = options_writer(&a->print, a->table)};
    how.writer.brief = a->brief;
    int failed = 0;
    char *run = NULL;
    if (a->quiet)
        how.writer.out = NULL;
    int rc = find_run(paths, NULL, a->run, &run, err);
    if (rc == 0)
        rc = report_make(run, &how, &failed, err);
    if (rc == 0 && a->open)
        show_page(run);
    free(run);
    return rc;
}

int cmd_report(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {.margin = -1};
    return options_run(&options, argc, argv, &arguments, report, err);
}
