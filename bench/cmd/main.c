/* SPDX-License-Identifier: MIT */
/* The driver: finds the subcommand in a table and prints what it says went wrong. Nothing else prints errors or
 * exits. */
#define _DEFAULT_SOURCE /* on_exit */
#include <argp.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cmd/command.h"
#include "bench/protocol/paths.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

#define NAME_SIZE 64

static const struct {
    const char *name;
    int (*run)(int argc, char **argv, struct error *err);
    const char *about; /* NULL: not for people */
} commands[] = {
    {"run", cmd_run, "time tasks under every model, and print which to take"},
    {"serve-bench", cmd_serve_bench, "time servers, and print which to take"},
    {"list", cmd_list, "show the runtimes, models and tasks there are"},
    {"report", cmd_report, "make a run's tables and pictures again"},
    {"advise", cmd_advise, "say which model to take, its price, what would change that"},
    {"plot", cmd_plot, "draw a run's pictures, as files or in the terminal"},
    {"compare", cmd_compare, "compare two runs, for people and for CI"},
    {"claims", cmd_claims, "compare what others published with a run"},
    {"new", cmd_new, "write the first files of a task or a model of your own"},
    {"doctor", cmd_doctor, "say whether a run is possible here, and what disturbs it"},
    {"copies", cmd_copies, NULL},
    {"node", cmd_node, NULL},
};
static const size_t command_count = sizeof commands / sizeof *commands;

static void print_help(FILE *out)
{
    fputs("Usage: cobench COMMAND [OPTION...]\n"
          "Which concurrency model should carry this work, and what does each one cost?\n\n",
          out);
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].about != NULL)
            fprintf(out, "  cobench %-11s %s\n", commands[i].name, commands[i].about);
    fputs("\n'cobench COMMAND --help' lists its options. Exit status: 0 done,\n"
          "1 something failed, 2 usage, 77 not possible here, 128 + n ended by signal n.\n",
          out);
}

/* And what the build wrote of itself beside the program: the commit, the compiler, the Python. */
static void print_version(FILE *out, struct argp_state *state)
{
    (void)state;
    struct paths paths;
    struct error err;
    char *text = NULL;
    size_t length = 0;
    fputs("cobench " COBENCH_VERSION "\n", out);
    if (paths_find(&paths, &err) != 0)
        return;
    char *path = text_format("%s/version", paths.build);
    if (file_read(path, VERSION_SIZE, &text, &length) == 0)
        fputs(text, out);
    free(text);
    free(path);
    paths_free(&paths);
}

static int refuse_command(const char *name)
{
    struct error err;
    error_set(&err, 0, "unknown command '%s' (known:", name);
    fprintf(stderr, "cobench: %s", err.text);
    const char *separator = " ";
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].about != NULL) {
            fprintf(stderr, "%s%s", separator, commands[i].name);
            separator = ", ";
        }
    fputs(")\n", stderr);
    return 2;
}

/* So that no file opened later takes the place of a standard stream that was closed. What is written to it fails. */
static bool fill_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            return false;
    return true;
}

static bool error_told;

/* At exit, wherever that is: argp prints help and version, and ends the program by itself. */
static void end_output(int status, void *unused)
{
    (void)unused;
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return;
    if (!error_told)
        fputs("cobench: cannot write to standard output\n", stderr);
    _exit(status != 0 ? status : 1);
}

static int run_command(size_t i, int argc, char **argv)
{
    char name[NAME_SIZE];
    struct error err = {.text = ""};
    snprintf(name, sizeof name, "cobench %s", commands[i].name);
    argv[0] = name;
    const int status = commands[i].run(argc, argv, &err);
    error_told = err.text[0] != '\0';
    if (error_told)
        fprintf(stderr, "cobench: %s\n", err.text);
    return status;
}

int main(int argc, char **argv)
{
    static char help[] = "--help";
    argp_err_exit_status = 2;
    argp_program_version_hook = print_version;
    json_set_alloc_funcs(xmalloc, free);
    if (!fill_standard_streams() || on_exit(end_output, NULL) != 0)
        return 1;
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "help") == 0 && argc == 3) { /* that command's */
        argv[1] = argv[2];
        argv[2] = help;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        print_version(stdout, NULL);
        return 0;
    }
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return run_command(i, argc - 1, argv + 1);
    return refuse_command(argv[1]);
}
