/* SPDX-License-Identifier: MIT */
/* Where the programs and the project's files are, and which hosts there are. */
#ifndef BENCH_PROTOCOL_PATHS_H
#define BENCH_PROTOCOL_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/util/error.h"
#include "bench/util/text.h"

#define VERSION_SIZE 4096 /* of BUILD/version, what the programs were made of */

struct paths {
    char *self;   /* the driver's own executable */
    char *build;  /* its folder */
    char *root;   /* the project: the nearest folder from `build` upwards that has py_impl/; COBENCH_ROOT overrides */
    char *python; /* the first line of BUILD/python; NULL where there is none */
    char *venv;   /* of a virtualenv, for the Python host alone; NULL: none */
};

enum language { IN_C, IN_PYTHON, LANGUAGES };

/* One row of the table of hosts: a program that offers one or more runtimes. */
struct host_row {
    const char *name;
    const char
        *argv[8];     /* first a program of the build folder, "{python}" or "{venv}", which without one is the former */
    const char *only; /* said of a task that no other host has */
    const char *reference; /* the runtime whose baseline this host's results are checked against */
    enum language work;    /* what its tasks are written in */
};

extern const struct host_row host_table[];
extern const size_t host_count;

int paths_find(struct paths *out, struct error *err);
void paths_free(struct paths *paths);
/* Does the program lie beside the project's files, where `make install` puts it, and not in a build of the project? */
bool paths_installed(const struct paths *paths);
/*
 * Where runs are kept, to be freed: results/ of the project. An installed program has ./results, and
 * $XDG_DATA_HOME/cobench where that cannot be written.
 */
char *paths_results(const struct paths *paths);
/* The words that start a host. -ENOENT where its program is not there. */
int host_words(const struct host_row *row, const struct paths *paths, struct string_list *out, struct error *err);
/* The environment a host needs: one "KEY=VALUE", to be freed. */
char *host_env(const struct paths *paths);

#endif
