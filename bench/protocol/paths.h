/* SPDX-License-Identifier: MIT */
/* Where the programs and the project's files are. */
#ifndef BENCH_PROTOCOL_PATHS_H
#define BENCH_PROTOCOL_PATHS_H

#include <stdbool.h>

#include "bench/util/error.h"

#define VERSION_SIZE 4096 /* of BUILD/version, what the programs were made of */

struct paths {
    char *self;   /* the driver's own executable */
    char *build;  /* its folder */
    char *root;   /* the project: the nearest folder from `build` upwards that has py_impl/; COBENCH_ROOT overrides */
    char *python; /* the first line of BUILD/python; NULL where there is none */
    char *venv;   /* of a virtualenv, for the Python host alone; NULL: none */
};

int paths_find(struct paths *out, struct error *err);
void paths_free(struct paths *paths);
/* Does the program lie beside the project's files, where `make install` puts it, and not in a build of the project? */
bool paths_installed(const struct paths *paths);
/*
 * Where runs are kept, to be freed: results/ of the project. An installed program has ./results, and
 * $XDG_DATA_HOME/cobench where that cannot be written.
 */
char *paths_results(const struct paths *paths);

#endif
