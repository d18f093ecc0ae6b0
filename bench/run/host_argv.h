/* SPDX-License-Identifier: MIT */
/* The command a sample runs: a host's argv, perhaps behind `cobench copies`, perhaps under hyperfine. */
#ifndef BENCH_RUN_HOST_ARGV_H
#define BENCH_RUN_HOST_ARGV_H

#include <stdbool.h>

#include "bench/run/sample.h"
#include "bench/util/text.h"

/* Adds the words to `out`. `round`: of which an open loop has the schedule; 0: the verify pass. `json`: where
 * hyperfine writes; NULL: run the command by itself, and where sample_pauses() says so, with the end pause's descriptors
 * where the supervisor puts them. */
void host_argv(const struct bench *b, const struct plan_cell *cell, int64_t round, const char *json,
               struct string_list *out);
/* Whether the host stands still at the last job's end: not where several do at once. */
bool sample_pauses(const struct plan_cell *cell);
/* "SCRATCH/slots" or, of copy k, "SCRATCH/slots.k"; likewise "record". */
#define SAMPLE_PATH_SIZE 4096
void sample_file(const char *scratch, const char *what, const struct plan_cell *cell, int64_t copy,
                 char out[SAMPLE_PATH_SIZE]);

#endif
