/* SPDX-License-Identifier: MIT */
/*
 * Which variant of a group is ahead, and which of the others cannot be told from it. Pure.
 *
 * Work times are compared where every variant works for 5 ms or more, else whole commands; in an open loop, whose schedule
 * decides over both, the p99 of the latency, and only of those that kept the rate. Ahead is the variant with the least
 * median; each of the others is compared with it in paired rounds, and where that does not show it to be behind
 * (Holm-adjusted over the group, as every verdict: docs/statistics.md) it is level.
 */
#ifndef BENCH_ANALYSIS_RANKING_H
#define BENCH_ANALYSIS_RANKING_H

#include "bench/analysis/summary.h"
#include "bench/util/text.h"

enum contest_by { CONTEST_WORK, CONTEST_WHOLE, CONTEST_P99 };

struct contest {
    const struct summary *summary;
    const struct result_group *group;
    enum contest_by by;
    const struct summary_cell **cells; /* the one ahead, then the others in the order of the plan */
    size_t count;
    struct string_list level; /* "c:sync": those not shown to be behind */
};

/* 0 or -ENOMEM; then contest_close is allowed all the same. `summary` is borrowed. */
int contest_open(struct contest *contest, const struct summary *summary, const struct result_group *group);
void contest_close(struct contest *contest);
/* A cell's median of what is compared, in seconds. */
double contest_value(const struct contest *contest, const struct summary_cell *cell);

#endif
