/* SPDX-License-Identifier: MIT */
/* The command lines of `cobench run` and `cobench serve-bench`. */
#ifndef BENCH_CMD_RUN_OPTIONS_H
#define BENCH_CMD_RUN_OPTIONS_H

#include <stdbool.h>

#include "bench/util/error.h"
#include "bench/cmd/options.h"
#include "bench/plan/plan.h"

/* Of a function or command, absolute; NULL: not said. plan.function borrows them. */
struct function_texts {
    char *in[LANGUAGES], *command, *directory, *path, *inputs;
};

struct run_options {
    struct plan_options plan;
    struct function_texts function;
    struct string_list pythons;
    struct string_list services; /* each NAME=URL */
    char *redis, *dask;          /* URLs of the services of these names; NULL: not said */
    char *suite;                 /* NULL: not said */
    char *results;               /* NULL: paths_results */
    char *resume;                /* a run's folder or name; NULL: a new run */
    bool no_plots, quiet, force, table;
    bool serves; /* serve-bench */
};

/* 0, or -EINVAL with err naming what is wrong. argp itself ends the program (status 2) on options it does not know, and
 * for --help. run_options_free in every case. */
int run_options_parse(int argc, char **argv, struct run_options *out, struct error *err);
/* The same of `cobench serve-bench`: a run whose groups are all of serving, by default those of the suite serving. */
int serve_options_parse(int argc, char **argv, struct run_options *out, struct error *err);
extern const struct options serve_options; /* its table (serve_options.c) */
void run_options_free(struct run_options *o);

#endif
