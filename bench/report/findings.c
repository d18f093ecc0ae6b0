/* SPDX-License-Identifier: MIT */
/* The sentences, and which groups get which. Nothing is called won that the intervals do not show. */
#include "bench/report/findings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/ranking.h"
#include "bench/analysis/scaling.h"
#include "bench/report/format.h"
#include "bench/util/alloc.h"

/* So many names are spelled out. */
enum { NAMES_MOST = 4 };

/* -- what all sentences share ---------------------------------------------------------------------------------------------- */

/* What was measured to be possible comes before what would be ideal. That a gain lies above the ideal by chance (sync's
 * waits are a little too long, too) is only believed up to a tenth. */
static void put_limit(FILE *out, const struct summary *summary, const struct summary_cell *cell,
                      const struct ratio *gain)
{
    const struct limit limit = limit_of(summary, cell);
    struct format f;
    if (!limit.measured && limit.gain > 1 && gain->low > limit.gain * (1 + RATIO_UNRESOLVED))
        fprintf(out, ", more than the ideal %s: look for the mistake", format_ratio(&f, limit.gain));
    else if (limit.measured || limit.gain > 1)
        fprintf(out, ", %.0f%% of the %s %s", 100 * gain->ratio / limit.gain,
                limit.measured ? "measured capacity" : "ideal", format_ratio(&f, limit.gain));
}

/* "; but the ratio drifts over the rounds, ..." */
static void put_doubt(FILE *out, const struct summary_cell *cell)
{
    if (cell->doubt != DOUBT_NONE && cell->doubt < DOUBT_TOO_FEW_ROUNDS) /* the verdict has told of the others */
        fprintf(out, "; but %s", doubt_text(cell->doubt));
}

/* The names after `before`, nothing of none; frees them. */
static void put_names(FILE *out, const char *before, struct string_list *names)
{
    const size_t count = names->count;
    char *text = format_names(names, NAMES_MOST);
    if (count > 0)
        fprintf(out, "%s%s", before, text);
    free(text);
}

/* Those that are level with the one ahead. */
static void put_level(FILE *out, const struct ranking *ranking, const char *before)
{
    struct string_list names = {NULL, 0};
    string_list_add_all(&names, &ranking->level);
    put_names(out, before, &names);
}

/* -- a group that compares: the winner and what it won by -------------------------------------------------------------------- */

/* The speedups of the times that were compared. */
static const struct ratio *speedups_of(const struct ranking *ranking, const struct summary_cell *cell)
{
    return cell->speedup[ranking->by == RANKING_BY_WORK ? RATIO_WORK : RATIO_WHOLE];
}

/* "11.0x [10.9,11.1] over its sync" and what that is worth. */
static void put_gain(FILE *out, const struct ranking *ranking, const struct ratio *gain)
{
    static const char *const verdicts[] = {
        [VERDICT_NONE] = "",
        [VERDICT_FASTER] = "",
        [VERDICT_SLOWER] = "",
        [VERDICT_NO_DIFFERENCE] = "no difference from its sync shown, ",
        [VERDICT_TOO_FEW_ROUNDS] = "of too few rounds to be called faster, ",
        [VERDICT_UNRESOLVED] = "its gain is unresolved, ",
    };
    struct format f;
    if (gain->state == RATIO_SELF) {
        fputs(": no model made it faster", out);
    } else if (!ratio_known(gain)) {
        fprintf(out, ": no ratio over its sync (%s)", format_ratio_state(gain->state));
    } else {
        fprintf(out, ": %s%s over its sync", verdicts[gain->verdict], format_speedup(&f, gain));
        put_limit(out, ranking->summary, ranking->cells[0], gain);
    }
}

static void put_nothing(FILE *out, const struct ranking *ranking)
{
    bool failed = true;
    for (size_t i = 0; i < ranking->summary->cell_count; i++)
        failed &= ranking->summary->cells[i].group != ranking->group ||
                  ranking->summary->cells[i].cell->status > CELL_OK;
    fputs(failed ? "no cell worked" : "nothing was measured", out);
}

static void put_group(FILE *out, const struct ranking *ranking)
{
    if (ranking->count == 0) {
        put_nothing(out, ranking);
        return;
    }
    const struct summary_cell *winner = ranking->cells[0];
    const struct ratio *all = &speedups_of(ranking, winner)[RATIO_PY_SYNC];
    struct format f;
    fprintf(out, "%s:%s %s", winner->cell->runtime, winner->cell->model,
            ranking->count == 1         ? "alone was measured"
            : ranking->level.count == 0 ? "won"
                                        : "was first");
    put_level(out, ranking, ", not shown to be faster than ");
    fprintf(out, " (%s %s)", ranking->by == RANKING_BY_WORK ? "work" : "whole command",
            format_time(&f, ranking_value(ranking, winner)));
    put_gain(out, ranking, &speedups_of(ranking, winner)[RATIO_OWN_SYNC]);
    if (all->state == RATIO_FULL && strcmp(winner->cell->runtime, SUMMARY_BASELINE_RUNTIME) != 0)
        fprintf(out, "; over " SUMMARY_BASELINE_RUNTIME ":sync %s", format_speedup(&f, all));
    put_doubt(out, winner);
}

/* -- an open loop: the schedule decides how long the work takes, so there is no gain ------------------------------------------- */

/* "c:async has the lowest p99, 151 ms [150 ms, 153 ms]" */
static void put_p99(FILE *out, const struct summary_cell *cell, const char *has)
{
    struct format time, low, high;
    const struct summary_interval *ci = &cell->latency_ci_s[LATENCY_P99];
    fprintf(out, "%s:%s%s%s", cell->cell->runtime, cell->cell->model, has,
            format_time(&time, cell->latency_s[LATENCY_P99]));
    if (isfinite(ci->low))
        fprintf(out, " [%s, %s]", format_time(&low, ci->low), format_time(&high, ci->high));
}

static void put_open_loop(FILE *out, const struct ranking *ranking)
{
    struct string_list late = {NULL, 0};
    struct format f;
    for (size_t i = 0; i < ranking->summary->cell_count; i++) {
        const struct summary_cell *c = &ranking->summary->cells[i];
        if (c->group == ranking->group && c->verified && c->rounds > 0 && c->open_loop.behind)
            string_list_addf(&late, "%s:%s (%s)", c->cell->runtime, c->cell->model,
                             format_rate(&f, c->open_loop.achieved));
    }
    if (ranking->count == 0 && late.count == 0) {
        put_nothing(out, ranking);
        return;
    }
    fprintf(out, "of jobs arriving at %s, %s, ", format_rate(&f, ranking->group->rate),
            ranking->group->arrivals == NULL ? "fixed" : ranking->group->arrivals);
    if (ranking->count == 0) {
        fputs("no variant kept the rate", out);
    } else {
        put_p99(out, ranking->cells[0], " has the lowest p99, ");
        put_level(out, ranking, ", not shown to be lower than that of ");
        put_doubt(out, ranking->cells[0]);
    }
    put_names(out, "; the rate was too high for ", &late);
}

/* -- of either, the best of each runtime -------------------------------------------------------------------------------- */

/* The first of a runtime among those shown to gain, or in an open loop to keep the rate; NULL: there is none. */
static const struct summary_cell *best_of(const struct ranking *ranking, const char *runtime)
{
    const struct summary_cell *best = NULL;
    for (size_t i = 0; i < ranking->count; i++) {
        const struct summary_cell *cell = ranking->cells[i];
        const bool good = ranking->by == RANKING_BY_P99 ||
                          speedups_of(ranking, cell)[RATIO_OWN_SYNC].verdict == VERDICT_FASTER;
        if (good && strcmp(cell->cell->runtime, runtime) == 0 &&
            (best == NULL || ranking_value(ranking, cell) < ranking_value(ranking, best)))
            best = cell;
    }
    return best;
}

/* In the order of the plan. */
static void put_best(FILE *out, const struct ranking *ranking)
{
    const bool open = ranking->group->rate > 0;
    const char *between = open ? "The lowest p99 of each runtime: "
                               : "The best model of each runtime, over its own sync: ";
    struct format f;
    for (size_t i = 0; i < ranking->summary->cell_count; i++) {
        const struct summary_cell *cell = &ranking->summary->cells[i];
        if (cell->group != ranking->group || !cell->cell->baseline)
            continue;
        const struct summary_cell *best = best_of(ranking, cell->cell->runtime);
        fputs(between, out);
        between = "; ";
        if (best == NULL)
            fprintf(out, "%s: no model %s", cell->cell->runtime, open ? "kept the rate" : "shown to gain");
        else if (open)
            put_p99(out, best, " ");
        else
            fprintf(out, "%s:%s %s", best->cell->runtime, best->cell->model,
                    format_speedup(&f, &speedups_of(ranking, best)[RATIO_OWN_SYNC]));
    }
}

/* -- a sweep over workers: the greatest gain ------------------------------------------------------------------------------ */

/* Of all points of a table; NULL: no model was shown to gain. */
static const struct scaling_point *greatest_gain(const struct scaling *scaling, const struct scaling_curve *table)
{
    const struct scaling_point *best = NULL;
    for (size_t i = 0; i < scaling->count; i++)
        for (size_t p = 0; scaling_same_table(&scaling->curves[i], table) && p < scaling->curves[i].count; p++) {
            const struct scaling_point *point = &scaling->curves[i].points[p];
            if (point->gain->verdict == VERDICT_FASTER && (best == NULL || point->gain->ratio > best->gain->ratio))
                best = point;
        }
    return best;
}

static void put_sweep(FILE *out, const struct summary *summary, const struct scaling *scaling,
                      const struct scaling_curve *table)
{
    const struct scaling_point *best = greatest_gain(scaling, table);
    struct format f;
    fprintf(out, "%s scaling, %lld job%s%s: ", table->scaling, (long long)table->jobs, table->jobs == 1 ? "" : "s",
            scaling_is_weak(table->scaling) ? " for each worker" : "");
    if (best == NULL) {
        fputs("no model shown to gain over its sync with any number of workers", out);
        return;
    }
    fprintf(out, "the greatest gain is that of %s:%s with %lld workers, %s over its sync", best->cell->cell->runtime,
            best->cell->cell->model, (long long)best->cell->group->workers, format_speedup(&f, best->gain));
    put_limit(out, summary, best->cell, best->gain);
    put_doubt(out, best->cell);
}

/* -- the whole ------------------------------------------------------------------------------------------------------------- */

static struct findings_line *line_add(struct findings *out, const char *name)
{
    out->items = array_grow(out->items, out->count, sizeof *out->items);
    struct findings_line *line = &out->items[out->count++];
    *line = (struct findings_line){.name = name};
    return line;
}

/* Takes `text`. */
static void line_say(struct findings_line *line, char *text)
{
    string_list_add(&line->said, text);
    free(text);
}

static char *ranking_text(void (*put)(FILE *out, const struct ranking *ranking), const struct ranking *ranking)
{
    char *text;
    size_t length;
    FILE *out = text_open(&text, &length);
    put(out, ranking);
    text_close(out);
    return text;
}

static void add_group(struct findings *out, const struct summary *summary, const struct plan_group *group, bool point)
{
    struct findings_line *line = line_add(out, group->name);
    struct ranking ranking;
    line->point = point;
    ranking_open(&ranking, summary, group);
    line_say(line, ranking_text(group->rate > 0 ? put_open_loop : put_group, &ranking));
    if (ranking.count > 0)
        line_say(line, ranking_text(put_best, &ranking));
    findings_of_variants(&line->said, summary, group);
    ranking_close(&ranking);
}

/* The price of the suite's group that this is the first point of. */
static void add_price(struct findings *out, const struct summary *summary, const struct plan_group *group)
{
    for (const struct plan_group *g = summary->results->groups; g < group; g++)
        if (!plan_compares(g) && strcmp(g->sweep, group->sweep) == 0)
            return;
    line_say(line_add(out, group->sweep), marginal_cost_text(summary, group->sweep));
}

void findings_make(struct findings *out, const struct summary *summary)
{
    struct scaling scaling;
    const struct scaling_curve *last = NULL;
    *out = (struct findings){.items = NULL};
    scaling_make(&scaling, summary);
    for (size_t g = 0; g < summary->results->group_count; g++) {
        const struct plan_group *group = &summary->results->groups[g];
        if (!plan_compares(group)) {
            add_price(out, summary, group);
            continue;
        }
        const struct scaling_curve *table = scaling_table(&scaling, group);
        if (table != NULL && table != last) { /* the sweep before its first point */
            char *text;
            size_t length;
            FILE *stream = text_open(&text, &length);
            put_sweep(stream, summary, &scaling, table);
            text_close(stream);
            line_say(line_add(out, group->sweep), text);
        }
        last = table;
        add_group(out, summary, group, table != NULL);
    }
    scaling_free(&scaling);
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        string_list_free(&findings->items[i].said);
    free(findings->items);
    *findings = (struct findings){.items = NULL};
}
