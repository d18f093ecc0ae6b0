/* SPDX-License-Identifier: MIT */
/* Runs by what people call them. */
#ifndef BENCH_RUN_FIND_H
#define BENCH_RUN_FIND_H

#include "bench/error.h"
#include "bench/places.h"

/*
 * The folder of the run that `name` stands for, to be freed: the folder of that path or, where there is none, results/NAME
 * of the project (so that `latest` is the last one). -ENOENT where there is neither.
 */
int run_find(const struct places *places, const char *name, char **path, struct error *err);

#endif
