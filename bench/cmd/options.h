/* SPDX-License-Identifier: MIT */
/* What the subcommands' options have in common: one table per command makes the parser and --help. */
#ifndef BENCH_CMD_OPTIONS_H
#define BENCH_CMD_OPTIONS_H

#include <stdint.h>

#include "bench/plan/setting.h"
#include "bench/protocol/paths.h"
#include "bench/report/writer.h"

struct option_row {
    struct setting set;          /* its place is in the struct that the command is told in */
    const char *argument, *help; /* argument: of --help; NULL: a flag */
};

/* Above the options from `key` on --help has the title. */
struct option_group {
    const char *key, *title;
};

struct options {
    const struct option_row *rows;
    size_t count;
    const struct option_group *groups; /* in the order of the rows, its end has no key; NULL: none */
    const char *args_doc, *doc;        /* as of argp */
    size_t arguments;                  /* how many there may be without an option: `const char *[]`, borrowed */
    size_t arguments_at;               /* and their place */
    const char *others;                /* an option that is in no row is taken as this one, which can be given again,
                                          with the argument NAME=VALUE, VALUE "on" where there is none; NULL: argp refuses */
    bool prints;                       /* it prints a document: the struct begins with a struct options_print */
};

/* --format and --width. */
struct options_print {
    char *format;  /* NULL: terminal */
    int64_t width; /* 0: that of the terminal */
};

/*
 * Fills in `into`. *given (NULL: not wanted): bit i: row i was given. 0, or -EINVAL at the first value that is refused. On
 * options that it does not know, lack a value or have one too many argp itself ends the program with status 2, on --help
 * and --version with 0. options_free in every case.
 */
int options_parse(const struct options *options, int argc, char **argv, void *into, uint64_t *given, struct error *err);
void options_free(const struct options *options, void *into);

/* Makes the path of what option --`key` names, a folder or a file, absolute, as the hosts run in another one. NULL: not said. */
int options_path(const char *key, bool folder, char **path, struct error *err);

/* To standard output; of `only` what struct writer says. */
struct writer options_writer(const struct options_print *print, const char *only);
/* Ends the output: were all bytes taken? */
int options_print_end(struct error *err);

/*
 * The folder of the run that `name` stands for, to be freed: a path, else a name in the folder `results` (NULL:
 * paths_results), of which `latest` is the newest run. A `name` of NULL is the latest. -ENOENT where there is none.
 */
int find_run(const struct paths *paths, const char *results, const char *name, char **path, struct error *err);

/* A command that reads a run: parses its options, finds the project and calls `run`. The exit status: 0, 2 where there is no
 * run or usage is wrong, 77 where this machine lacks something, else 1. */
typedef int options_command(const void *arguments, const struct paths *paths, struct error *err);
int options_run(const struct options *options, int argc, char **argv, void *into, options_command *run,
                struct error *err);

#endif
