/* SPDX-License-Identifier: MIT */
/* Runs by what people call them, the same for every subcommand. */
#ifndef BENCH_CMD_FIND_RUN_H
#define BENCH_CMD_FIND_RUN_H

#include "bench/protocol/paths.h"
#include "bench/util/error.h"

/*
 * The folder of the run that `name` stands for, to be freed: a path, else a name in the folder `results` (NULL: the
 * project's results/), of which `latest` is the newest run. A `name` of NULL is the latest. -ENOENT where there is none.
 */
int find_run(const struct paths *paths, const char *results, const char *name, char **path, struct error *err);

#endif
