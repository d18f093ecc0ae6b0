/* SPDX-License-Identifier: MIT */
/* What the files of bench/stats share. */
#ifndef BENCH_STATS_SORTED_H
#define BENCH_STATS_SORTED_H

#include <stddef.h>

/* A sorted copy of n >= 1 finite values in *out, to be freed by the caller; errors as in bench/stats/signed_rank.h. */
int stats_sorted_new(const double *x, size_t n, double **out);

/* One past the last of the values that equal sorted[first]: ties, a group at a time. */
size_t stats_sorted_run(const double *sorted, size_t n, size_t first);

#endif
