/* SPDX-License-Identifier: MIT */
/* What a summary's cells show of their latencies: the intervals of the percentiles and, in an open loop, the rate. */
#ifndef BENCH_ANALYSIS_SUMMARY_OPEN_LOOP_H
#define BENCH_ANALYSIS_SUMMARY_OPEN_LOOP_H

#include "bench/analysis/summary.h"

/*
 * Fills the cells' latency_ci_s and open_loop and adds MARK_RATE_NOT_KEPT where more than half of the rounds did not keep the
 * rate (bench/protocol/open_loop.h says when one does). 0 or -ENOMEM.
 *
 * In an open loop there are no speedups: the schedule decides how long the work takes, so that whoever keeps the rate
 * takes as long as whoever else does, and `sync` mostly does not keep it, whose latency then is but the number of jobs.
 */
int summary_open_loop(struct summary *summary);

#endif
