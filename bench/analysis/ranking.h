/* SPDX-License-Identifier: MIT */
/*
 * Which model of a runtime is ahead in a group, which of the others cannot be told from it, which one to take, and from how
 * many jobs on a variant beats its `sync`. Pure.
 *
 * Work times are compared where every variant works for 5 ms or more, else whole commands; in an open loop, whose schedule
 * decides over both, the p99 of the latency, and only of those that kept the rate. Ahead is the model with the least
 * median of those shown to gain over `sync`, which is ahead itself where none is; each of the others is compared with it in
 * paired rounds, and where that does not show it to be behind by RANKING_WORTH (Holm-adjusted over the runtime:
 * docs/statistics.md) it is level.
 */
#ifndef BENCH_ANALYSIS_RANKING_H
#define BENCH_ANALYSIS_RANKING_H

#include "bench/analysis/summary.h"
#include "bench/util/text.h"

#define RANKING_WORTH 0.05 /* a smaller difference is not worth a model that is less simple */

enum ranking_by { RANKING_BY_WORK, RANKING_BY_WHOLE, RANKING_BY_P99 };

struct ranking {
    const struct summary *summary;
    const struct plan_group *group;
    const char *runtime;
    enum ranking_by by;
    /* The one ahead, `level` that are not shown to be behind it, then the others; each part in the order of the plan. */
    const struct summary_cell **cells;
    size_t count, level;
};

/* What it takes is borrowed. */
void ranking_open(struct ranking *ranking, const struct summary *summary, const struct plan_group *group,
                  const char *runtime);
void ranking_close(struct ranking *ranking);
/* Whether a cell is the first of its group and runtime: for each of those there is a ranking. */
bool ranking_begins(const struct summary *summary, const struct summary_cell *cell);
/* A cell's median of what is compared, in seconds. */
double ranking_value(const struct ranking *ranking, const struct summary_cell *cell);
/* Its ratio to its own sync in the times that are compared, and whether that is shown to be a gain, and one of RANKING_WORTH:
 * never of what cannot gain. */
const struct ratio *ranking_gain(const struct ranking *ranking, const struct summary_cell *cell);
bool ranking_gains(const struct ranking *ranking, const struct summary_cell *cell);
/* Whether it may be a gain of RANKING_WORTH, and the interval is too wide to tell. */
bool ranking_is_open(const struct ratio *gain);
/* At work that only computes: one thread, and threads under Python's lock that kept no more than one CPU busy. */
bool ranking_cannot_gain(const struct summary_cell *cell);

/* Whether its jobs neither lost changes of each other nor could have: what is not safe is in no ranking. */
bool cell_is_safe(const struct summary_cell *cell);

/* Whether only one of its threads runs Python at a time, as its records say; those of before say nothing of a lock: then the
 * versions of free-threaded builds end in t. */
bool cell_has_lock(const struct result_cell *cell);

/* What a model's jobs share, as far as it matters to whether they can compute at once. */
enum model_flow { FLOW_OTHER, FLOW_ONE, FLOW_THREADS }; /* one thread; threads of one interpreter */
enum model_flow model_flow(const char *model);

/*
 * Which model of a runtime to take: of the one ahead and those that are level with it and shown to gain, too, the simplest
 * (docs/statistics.md); sync where none is shown to gain. In an open loop there is no gain, and all that kept the rate are
 * eligible.
 */
struct choice {
    const struct summary_cell *take,
        *runner_up;  /* NULL: there is none. The runner-up is the quickest of the other models */
    bool gains;      /* over its sync; in an open loop never */
    bool told_apart; /* the runner-up is shown to be behind the one ahead by RANKING_WORTH */
};
struct choice choice_of(const struct ranking *ranking);

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
