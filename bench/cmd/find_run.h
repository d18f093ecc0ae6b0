/* SPDX-License-Identifier: MIT */
/* Runs by what people call them. */
#ifndef BENCH_CMD_FIND_RUN_H
#define BENCH_CMD_FIND_RUN_H

#include "bench/util/error.h"
#include "bench/protocol/paths.h"

/*
 * The folder of the run that `name` stands for, to be freed: the folder of that path or, where there is none, results/NAME
 * of the project (so that `latest` is the last one). -ENOENT where there is neither.
 */
int run_find(const struct paths *places, const char *name, char **path, struct error *err);

#endif
