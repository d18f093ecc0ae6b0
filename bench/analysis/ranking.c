/* SPDX-License-Identifier: MIT */
/* Who is ahead, and from when on a model pays. Nothing is said that the intervals do not show. */
#include "bench/analysis/ranking.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"

double ranking_value(const struct ranking *ranking, const struct summary_cell *cell)
{
    const double values[] = {cell->work_s, cell->median_s, cell->latency_s[LATENCY_P99]};
    return values[ranking->by];
}

static bool takes_part(const struct summary_cell *cell)
{
    if (!cell->verified || cell->rounds == 0 || !isfinite(cell->median_s) || !cell_is_safe(cell))
        return false;
    return cell->group->rate == 0 || (isfinite(cell->latency_s[LATENCY_P99]) && !cell->open_loop.behind);
}

bool cell_is_safe(const struct summary_cell *cell) { return cell->audit == AUDIT_NONE || cell->audit == AUDIT_SOUND; }

/* One that is shown to gain goes before one that is not, and where none is, sync before all. */
static int rank_of(const struct ranking *ranking, const struct summary_cell *cell)
{
    if (ranking->group->rate > 0)
        return 0;
    return ranking_gains(ranking, cell) ? 2 : cell->cell->baseline;
}

static bool is_ahead(const struct ranking *ranking, const struct summary_cell *cell, const struct summary_cell *of)
{
    const int mine = rank_of(ranking, cell), its = rank_of(ranking, of);
    return mine != its ? mine > its : ranking_value(ranking, cell) < ranking_value(ranking, of);
}

/* Moves the cell at `from` to `to`, before those that stand there. */
static void move_up(struct ranking *ranking, size_t from, size_t to)
{
    const struct summary_cell *cell = ranking->cells[from];
    memmove(&ranking->cells[to + 1], &ranking->cells[to], (from - to) * sizeof(const struct summary_cell *));
    ranking->cells[to] = cell;
}

static void collect(struct ranking *ranking)
{
    const struct summary *summary = ranking->summary;
    size_t ahead = 0;
    ranking->by = ranking->group->rate > 0 ? RANKING_BY_P99 : RANKING_BY_WORK;
    ranking->cells = xcalloc(summary->cell_count, sizeof *ranking->cells);
    for (const struct summary_cell *cell = summary->cells; cell < summary->cells + summary->cell_count; cell++) {
        if (cell->group != ranking->group || !takes_part(cell) || strcmp(ranking->runtime, cell->cell->runtime) != 0)
            continue;
        ranking->cells[ranking->count++] = cell;
        if (ranking->by == RANKING_BY_WORK && !(cell->work_s >= SUMMARY_SHORT_WORK_S))
            ranking->by = RANKING_BY_WHOLE;
    }
    for (size_t i = 1; i < ranking->count; i++)
        if (is_ahead(ranking, ranking->cells[i], ranking->cells[ahead]))
            ahead = i;
    if (ahead > 0)
        move_up(ranking, ahead, 0);
}

/* Those that are not shown to take RANKING_WORTH longer than the first; there is at least one cell. */
static void find_level(struct ranking *ranking)
{
    static const size_t columns[] = {[RANKING_BY_WORK] = COLUMN(work_ns),
                                     [RANKING_BY_WHOLE] = COLUMN(whole_ns),
                                     [RANKING_BY_P99] = COLUMN(latency_ns[LATENCY_P99])};
    const double margin = fmax(RANKING_WORTH, ranking->summary->results->margin);
    const size_t rivals = ranking->count - 1;
    struct ratio *ratios = xcalloc(rivals, sizeof *ratios), **family = xcalloc(rivals, sizeof *family);
    for (size_t i = 0; i < rivals; i++) {
        ratios[i] = ratio_between(ranking->cells[i + 1]->cell, ranking->cells[0]->cell, columns[ranking->by], margin);
        family[i] = &ratios[i];
    }
    ratios_decide(family, rivals, margin);
    for (size_t i = 0; i < rivals; i++)
        if (ratios[i].verdict != VERDICT_FASTER)
            move_up(ranking, i + 1, ++ranking->level);
    free(family);
    free(ratios);
}

void ranking_open(struct ranking *ranking, const struct summary *summary, const struct plan_group *group,
                  const char *runtime)
{
    *ranking = (struct ranking){.summary = summary, .group = group, .runtime = runtime};
    collect(ranking);
    if (ranking->count > 0)
        find_level(ranking);
}

void ranking_close(struct ranking *ranking)
{
    free(ranking->cells);
    *ranking = (struct ranking){.cells = NULL};
}

bool ranking_begins(const struct summary *summary, const struct summary_cell *cell)
{
    return strcmp(cell->cell->runtime, RUNTIME_PROGRAM) != 0 && !plan_serves(cell->group) &&
           (cell == summary->cells || cell[-1].group != cell->group ||
            strcmp(cell[-1].cell->runtime, cell->cell->runtime) != 0);
}

const struct ratio *ranking_gain(const struct ranking *ranking, const struct summary_cell *cell)
{
    return &cell->speedup[ranking->by == RANKING_BY_WORK ? RATIO_WORK : RATIO_WHOLE][RATIO_OWN_SYNC];
}

bool cell_has_lock(const struct result_cell *cell)
{
    const char *version = cell->runtime + strcspn(cell->runtime, "0123456789");
    const bool named = version[strspn(version, "0123456789.")] == 't';
    return (runtime_is(cell->runtime, "py") || runtime_is(cell->runtime, "embed")) &&
           (cell->lock == LOCK_UNKNOWN ? !named : cell->lock != LOCK_OFF);
}

/* One thread at a time computes one job at a time: what looks like a gain of it is none. A loop whose jobs are processes
 * keeps more CPUs busy than its own. */
bool ranking_cannot_gain(const struct summary_cell *cell)
{
    const enum model_flow flow = model_flow(cell->cell->model);
    const double most = 1 + RANKING_WORTH, cpus = cell->cpus_used; /* NaN: not known */
    const bool one = flow == FLOW_ONE && !(cpus > most),
               locked = flow == FLOW_THREADS && cell_has_lock(cell->cell) && cpus <= most;
    return strcmp(cell->group->kind, "cpu") == 0 && (one || locked);
}

bool ranking_is_open(const struct ratio *gain)
{
    return gain->verdict == VERDICT_UNRESOLVED && gain->ratio >= 1 + RANKING_WORTH;
}

bool ranking_gains(const struct ranking *ranking, const struct summary_cell *cell)
{
    const struct ratio *gain = ranking_gain(ranking, cell);
    return !ranking_cannot_gain(cell) && gain->verdict == VERDICT_FASTER && gain->ratio >= 1 + RANKING_WORTH;
}

/* -- which to take ---------------------------------------------------------------------------------------------------------- */

/* Its place in this order, twice; a model with the further value of a knob ("threads+x") comes behind the plain one. */
static size_t simplicity(const char *model)
{
    static const char *const order[] = {"sync",   "async",         "uring",       "threads",      "thread-pool",
                                        "openmp", "async-threads", "native-pool", "process-pool", "processes"};
    const size_t length = strcspn(model, "+");
    size_t i = 0;
    while (i < sizeof order / sizeof *order && (strncmp(order[i], model, length) != 0 || order[i][length] != '\0'))
        i++;
    return 2 * i + (model[length] == '+');
}

enum model_flow model_flow(const char *model)
{
    const size_t i = simplicity(model) / 2;
    return i < 3 ? FLOW_ONE : i < 7 ? FLOW_THREADS : FLOW_OTHER;
}

/* As a runner-up: sync only where there is no other, before it a model that cannot gain. */
static int last_resort(const struct summary_cell *cell) { return cell->cell->baseline ? 2 : ranking_cannot_gain(cell); }

/* By the ratio where that is what is told of it; it may order two models otherwise than the medians do. */
static bool is_nearer(const struct ranking *ranking, bool by_gain, const struct summary_cell *cell,
                      const struct summary_cell *of)
{
    return by_gain ? ranking_gain(ranking, cell)->ratio > ranking_gain(ranking, of)->ratio
                   : ranking_value(ranking, cell) < ranking_value(ranking, of);
}

struct choice choice_of(const struct ranking *ranking)
{
    struct choice choice = {.take = ranking->count > 0 ? ranking->cells[0] : NULL};
    const bool chosen = plan_compares(ranking->group); /* without a baseline the one that took the least is named */
    for (size_t i = 1; chosen && i <= ranking->level; i++) { /* the simplest of those that are level and of one rank */
        const struct summary_cell *cell = ranking->cells[i];
        if (simplicity(cell->cell->model) < simplicity(choice.take->cell->model) &&
            rank_of(ranking, cell) == rank_of(ranking, ranking->cells[0]))
            choice.take = cell;
    }
    const bool by_gain = chosen && choice.take != NULL && choice.take->cell->baseline && ranking->group->rate == 0;
    for (size_t i = 0; i < ranking->count; i++) {
        const struct summary_cell *cell = ranking->cells[i], *best = choice.runner_up;
        const int mine = last_resort(cell), its = best == NULL ? INT_MAX : last_resort(best);
        if (cell == choice.take || mine > its || (mine == its && !is_nearer(ranking, by_gain, cell, best)))
            continue;
        choice.runner_up = cell;
        choice.told_apart = i > ranking->level;
    }
    if (choice.take != NULL)
        choice.gains = ranking_gains(ranking, choice.take);
    return choice;
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
    if (cell->group->rate > 0 || cell->group->baseline != NULL || sync == NULL || sync == cell || !sync->verified ||
        !cell->verified)
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
