/* SPDX-License-Identifier: MIT */
/* How precise a group's ratios are: what `--precision` is about. Pure. */
#ifndef BENCH_ANALYSIS_PRECISION_H
#define BENCH_ANALYSIS_PRECISION_H

#include "bench/analysis/summary.h"

/*
 * The widest half-width, as a share, of all intervals that the table shows of the group's variants: work and whole, to the
 * own sync and to py:sync. Ratios without an interval (too short, failed) do not count, nor do control and capacity rows.
 * NaN where no interval is left.
 */
double precision_reached(const struct summary *summary, size_t group);

#endif
