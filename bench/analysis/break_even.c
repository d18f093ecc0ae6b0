/* SPDX-License-Identifier: MIT */
/* Where two lines with steps in one of them cross for good. */
#include "bench/analysis/break_even.h"

#include <math.h>
#include <string.h>

/* Further off than anybody runs: then it is as good as never. */
#define BREAK_EVEN_MAX 1e12

struct break_even break_even_find(const struct break_even_times *t)
{
    const struct break_even never = {.state = BREAK_EVEN_NEVER};
    const double w = (double)t->workers, job = t->sync_work / (double)t->jobs;
    const double wave = t->work / ceil((double)t->jobs / w), more = t->rest - t->sync_rest;
    if (!isfinite(job) || !isfinite(wave) || !isfinite(more) || t->jobs < 1 || t->workers < 1)
        return (struct break_even){.state = BREAK_EVEN_UNKNOWN};
    if (wave >= job * w) /* a full wave gains nothing on sync */
        return never;
    /* The worst of a wave is its first job, n = (k - 1) w + 1: the last wave k whose first job loses has
     * more + wave k >= job ((k - 1) w + 1). */
    const double last = floor((more + job * (w - 1)) / (job * w - wave));
    if (last < 1)
        return (struct break_even){.state = BREAK_EVEN_FROM, .jobs = 1};
    /* In that wave it is behind up to n = (more + wave k) / job jobs. */
    const double behind = floor((more + wave * last) / job);
    const double first = (last - 1) * w + 1, end = last * w;
    const double from = (behind < first ? first : behind > end ? end : behind) + 1;
    if (from > BREAK_EVEN_MAX)
        return never;
    return (struct break_even){.state = BREAK_EVEN_FROM, .jobs = (int64_t)from};
}

static const struct summary_cell *sync_of(const struct summary *summary, const struct summary_cell *cell)
{
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *other = &summary->cells[i];
        if (other->group == cell->group && other->cell->baseline &&
            strcmp(other->cell->runtime, cell->cell->runtime) == 0)
            return other;
    }
    return NULL;
}

struct break_even break_even_of(const struct summary *summary, const struct summary_cell *cell)
{
    const struct summary_cell *sync = sync_of(summary, cell);
    if (cell->group->rate > 0) /* the schedule decides how long the work takes */
        return (struct break_even){.state = BREAK_EVEN_UNKNOWN};
    if (sync == NULL || sync == cell || !sync->verified || !cell->verified)
        return (struct break_even){.state = BREAK_EVEN_UNKNOWN};
    const struct break_even_times times = {.sync_rest = sync->median_s - sync->work_s,
                                           .sync_work = sync->work_s,
                                           .rest = cell->median_s - cell->work_s,
                                           .work = cell->work_s,
                                           .jobs = cell->group->jobs,
                                           .workers = cell->group->workers};
    return break_even_find(&times);
}

const char *break_even_name(enum break_even_state state)
{
    static const char *const names[] = {
        [BREAK_EVEN_UNKNOWN] = NULL, [BREAK_EVEN_FROM] = "from", [BREAK_EVEN_NEVER] = "never"};
    return names[state];
}
