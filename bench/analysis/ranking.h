/* SPDX-License-Identifier: MIT */
/*
 * Which variant of a group is ahead, which of the others cannot be told from it, and from how many jobs on a variant beats
 * its `sync`. Pure.
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

enum ranking_by { RANKING_BY_WORK, RANKING_BY_WHOLE, RANKING_BY_P99 };

struct ranking {
    const struct summary *summary;
    const struct plan_group *group;
    enum ranking_by by;
    const struct summary_cell **cells; /* the one ahead, then the others in the order of the plan */
    size_t count;
    struct string_list level; /* "c:sync": those not shown to be behind */
};

/* `summary` is borrowed. */
void ranking_open(struct ranking *ranking, const struct summary *summary, const struct plan_group *group);
void ranking_close(struct ranking *ranking);
/* A cell's median of what is compared, in seconds. */
double ranking_value(const struct ranking *ranking, const struct summary_cell *cell);

/*
 * From how many jobs on a model beats `sync` in whole-command time, estimated from medians: what starting and ending
 * cost, and the work. One job of `sync` takes its work over the jobs; a model with w workers runs its jobs in waves of
 * w, each as long as its work over the ceil(jobs / w) waves it was measured with:
 *
 *   sync(n) = rest_s + work_s n / jobs          model(n) = rest + work ceil(n / w) / ceil(jobs / w)
 *
 * So it is exact for what was measured, and as good as "a job costs what it cost here" for other numbers of jobs.
 */
enum break_even_state {
    BREAK_EVEN_UNKNOWN, /* a time is missing, or the cell is the baseline itself */
    BREAK_EVEN_FROM,    /* from `jobs` on */
    BREAK_EVEN_NEVER,   /* however many: a job costs no less than one of sync */
};

struct break_even {
    enum break_even_state state;
    int64_t jobs; /* every number of jobs from here on is faster than sync; at least 1 */
};

struct break_even_times {
    double sync_rest, sync_work; /* seconds; rest is the whole command less the work */
    double rest, work;
    int64_t jobs, workers; /* that the times were measured with */
};

struct break_even break_even_find(const struct break_even_times *times);
/*
 * Of a cell against its runtime's sync in the same group; at least 2 jobs. Unknown where neither work nor whole command
 * was shown to be faster, or the estimate contradicts what was measured; and in open loops, which last as long as told.
 */
struct break_even break_even_of(const struct summary *summary, const struct summary_cell *cell);
/* "from", "never"; NULL where it is unknown. */
const char *break_even_name(enum break_even_state state);

#endif
