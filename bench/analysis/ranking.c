/* SPDX-License-Identifier: MIT */
/* Who is ahead, and from when on a model pays. Nothing is said that the intervals do not show. */
#include "bench/analysis/ranking.h"

#include <math.h>
#include <stdlib.h>

#include "bench/util/alloc.h"

double ranking_value(const struct ranking *ranking, const struct summary_cell *cell)
{
    const double values[] = {cell->work_s, cell->median_s, cell->latency_s[LATENCY_P99]};
    return values[ranking->by];
}

static bool takes_part(const struct summary_cell *cell)
{
    if (!cell->verified || cell->rounds == 0 || !isfinite(cell->median_s))
        return false;
    return cell->group->rate == 0 || (isfinite(cell->latency_s[LATENCY_P99]) && !cell->open_loop.behind);
}

static void collect(struct ranking *ranking)
{
    const struct summary *summary = ranking->summary;
    ranking->by = ranking->group->rate > 0 ? RANKING_BY_P99 : RANKING_BY_WORK;
    ranking->cells = xcalloc(summary->cell_count, sizeof *ranking->cells);
    for (const struct summary_cell *cell = summary->cells; cell < summary->cells + summary->cell_count; cell++) {
        if (cell->group != ranking->group || !takes_part(cell))
            continue;
        ranking->cells[ranking->count++] = cell;
        if (ranking->by == RANKING_BY_WORK && !(cell->work_s >= SUMMARY_SHORT_WORK_S))
            ranking->by = RANKING_BY_WHOLE;
    }
    for (size_t i = 1; i < ranking->count; i++)
        if (ranking_value(ranking, ranking->cells[i]) < ranking_value(ranking, ranking->cells[0])) {
            const struct summary_cell *ahead = ranking->cells[i];
            ranking->cells[i] = ranking->cells[0];
            ranking->cells[0] = ahead;
        }
}

/* Those that do not take longer than the first; there is at least one cell. */
static void find_level(struct ranking *ranking)
{
    static const size_t columns[] = {[RANKING_BY_WORK] = COLUMN(work_ns),
                                     [RANKING_BY_WHOLE] = COLUMN(whole_ns),
                                     [RANKING_BY_P99] = COLUMN(latency_ns[LATENCY_P99])};
    const double margin = ranking->summary->results->margin;
    const size_t rivals = ranking->count - 1;
    struct ratio *ratios = xcalloc(rivals, sizeof *ratios), **family = xcalloc(rivals, sizeof *family);
    for (size_t i = 0; i < rivals; i++) {
        ratios[i] = ratio_between(ranking->cells[i + 1]->cell, ranking->cells[0]->cell, columns[ranking->by], margin);
        family[i] = &ratios[i];
    }
    ratios_decide(family, rivals, margin);
    for (size_t i = 0; i < rivals; i++)
        if (ratios[i].verdict != VERDICT_FASTER)
            string_list_addf(&ranking->level, "%s:%s", ranking->cells[i + 1]->cell->runtime,
                             ranking->cells[i + 1]->cell->model);
    free(family);
    free(ratios);
}

void ranking_open(struct ranking *ranking, const struct summary *summary, const struct plan_group *group)
{
    *ranking = (struct ranking){.summary = summary, .group = group};
    collect(ranking);
    if (ranking->count > 0)
        find_level(ranking);
}

void ranking_close(struct ranking *ranking)
{
    free(ranking->cells);
    string_list_free(&ranking->level);
    *ranking = (struct ranking){.cells = NULL};
}

/* -- break-even: where two lines with steps in one of them cross for good ------------------------------------------------------ */

#define BREAK_EVEN_MAX 1e12 /* further off than anybody runs: then it is as good as never */

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

/* Whether the interval shows what the estimate says: a gain at all, and one here if it says that it pays here. */
static bool is_shown(const struct summary_cell *cell, const struct break_even *found)
{
    const bool work = cell->speedup[RATIO_WORK][RATIO_OWN_SYNC].verdict == VERDICT_FASTER;
    const bool whole = cell->speedup[RATIO_WHOLE][RATIO_OWN_SYNC].verdict == VERDICT_FASTER;
    return found->jobs <= cell->group->jobs ? whole : work;
}

struct break_even break_even_of(const struct summary *summary, const struct summary_cell *cell)
{
    const struct summary_cell *sync = summary_sync_of(summary, cell);
    const struct break_even unknown = {.state = BREAK_EVEN_UNKNOWN};
    if (cell->group->rate > 0 || sync == NULL || sync == cell || !sync->verified || !cell->verified)
        return unknown;
    const struct break_even_times times = {.sync_rest = sync->median_s - sync->work_s,
                                           .sync_work = sync->work_s,
                                           .rest = cell->median_s - cell->work_s,
                                           .work = cell->work_s,
                                           .jobs = cell->group->jobs,
                                           .workers = cell->group->workers};
    struct break_even found = break_even_find(&times);
    if (found.jobs == 1) /* nothing overlaps one job: there a gain is the noise of starting up */
        found.jobs = 2;
    return found.state == BREAK_EVEN_FROM && !is_shown(cell, &found) ? unknown : found;
}

const char *break_even_name(enum break_even_state state)
{
    return state == BREAK_EVEN_FROM ? "from" : state == BREAK_EVEN_NEVER ? "never" : NULL;
}
