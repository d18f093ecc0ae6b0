/* SPDX-License-Identifier: MIT */
/* The geometric means of a summary: over the groups, a row for each runtime and model. */
#ifndef BENCH_ANALYSIS_SUMMARY_GEOMEAN_H
#define BENCH_ANALYSIS_SUMMARY_GEOMEAN_H

#include "bench/analysis/summary.h"

/*
 * Fills summary->geomeans from its cells, verdicts included. The mean of a variant's ratio (of one time, against one
 * baseline) is over the groups where it has that ratio; its values are the rounds in which all of them have a pair, each
 * the mean of their log ratios, and its interval is the signed-rank one over those. `pairs` has room for the longest cell.
 * 0 or -ENOMEM; summary_geomean_free in both cases.
 */
int summary_geomean_all(struct summary *summary, struct pairs *pairs);
void summary_geomean_free(struct summary *summary);

#endif
