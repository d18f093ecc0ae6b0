/* SPDX-License-Identifier: MIT */
/*
 * Several runs of one plan on one machine made into one run. Each round stays a round, its samples pairs of each other;
 * rounds are numbered anew, from 1, in the order in which the runs were begun. docs/compare.md has the rules.
 */
#ifndef BENCH_ANALYSIS_MERGE_H
#define BENCH_ANALYSIS_MERGE_H

#include <stdbool.h>

#include "bench/util/error.h"
#include "bench/store/results.h"
#include "bench/util/text.h"

struct merge_part {
    const char *path; /* of the run's folder; borrowed */
    char *name;       /* the folder's own name */
    struct results results;
    int32_t *new_round; /* of each round from 1 on: its number in the merged run; 0: it is left out */
    int64_t last;       /* the highest round of its own */
    int64_t rounds;     /* how many are taken */
};

struct merge {
    struct merge_part *parts; /* in the order they were begun */
    size_t count;
    struct string_list differences; /* what is not the same and can be forced: a line each */
    int64_t rounds;
};

/*
 * Reads the runs and settles which rounds of each are taken: the whole ones, in which every cell that is due and sound in
 * all runs has its sample. Errors, with err filled in: those of results_load (the run named); -EINVAL where a run is given
 * twice; -EPERM where groups, cells or their results differ, or, unless `force`, where anything of out->differences does;
 * -ENODATA where no round is left. merge_close is needed after 0 only.
 */
int merge_open(struct merge *out, char *const *paths, size_t count, bool force, struct error *err);
void merge_close(struct merge *merge);

/* Where the merged run goes: `path`, or, where that is NULL, a name of its own in `results`. *folder is to be freed. */
int merge_write(const struct merge *merge, const char *path, const char *results, char **folder, struct error *err);

#endif
