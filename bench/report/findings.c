/* SPDX-License-Identifier: MIT */
/* The sentences, which groups get which, and what single variants were found to do. Nothing is called won that the intervals
 * do not show. */
#include "bench/report/findings.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/ranking.h"
#include "bench/analysis/scaling.h"
#include "bench/report/marginal_cost.h"
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

/* Those that are level with the one ahead. */
static void put_level(FILE *out, const struct ranking *ranking)
{
    struct string_list names = {NULL, 0};
    string_list_add_all(&names, &ranking->level);
    char *text = format_names(&names, NAMES_MOST);
    fputs(text, out);
    free(text);
}

/* -- a group that compares: the winner and what it won by -------------------------------------------------------------------- */

/* The speedups of the times that were compared. */
static const struct ratio *speedups_of(const struct ranking *ranking, const struct summary_cell *cell)
{
    return cell->speedup[ranking->by == RANKING_BY_WORK ? RATIO_WORK : RATIO_WHOLE];
}

/* "11.0x its sync [10.9,11.1]" and what that is worth. */
static void put_gain(FILE *out, const struct ranking *ranking, const struct ratio *gain)
{
    struct format ratio, interval;
    if (gain->state == RATIO_SELF) {
        fputs(": no model made it faster", out);
        return;
    }
    if (!ratio_known(gain)) {
        fprintf(out, ": no ratio over its sync (%s)", format_ratio_state(gain->state));
        return;
    }
    fputs(gain->verdict == VERDICT_NO_DIFFERENCE    ? ": no difference from its sync shown, "
          : gain->verdict == VERDICT_UNRESOLVED     ? ": its gain is unresolved, "
          : gain->verdict == VERDICT_TOO_FEW_ROUNDS ? ": of too few rounds to be called faster, "
                                                    : ": ",
          out);
    fprintf(out, "%s its sync", format_ratio(&ratio, gain->ratio));
    if (gain->state == RATIO_FULL)
        fprintf(out, " %s", format_interval(&interval, gain->low, gain->high));
    else
        fputs(", of too few rounds for an interval", out);
    put_limit(out, ranking->summary, ranking->cells[0], gain);
}

/* What language and model gain together. */
static void put_beside(FILE *out, const struct ranking *ranking)
{
    const struct ratio *all = &speedups_of(ranking, ranking->cells[0])[RATIO_PY_SYNC];
    struct format f;
    if (all->state == RATIO_FULL && strcmp(ranking->cells[0]->cell->runtime, SUMMARY_BASELINE_RUNTIME) != 0)
        fprintf(out, "; over " SUMMARY_BASELINE_RUNTIME ":sync %s", format_speedup(&f, all));
}

static void put_group(FILE *out, const struct ranking *ranking)
{
    if (ranking->count == 0) {
        fputs("nothing was measured", out);
        return;
    }
    const struct summary_cell *winner = ranking->cells[0];
    struct format time;
    fprintf(out, "%s:%s ", winner->cell->runtime, winner->cell->model);
    if (ranking->count == 1) {
        fputs("alone was measured", out);
    } else if (ranking->level.count == 0) {
        fputs("won", out);
    } else {
        fputs("was first, not shown to be faster than ", out);
        put_level(out, ranking);
    }
    fprintf(out, " (%s %s)", ranking->by == RANKING_BY_WORK ? "work" : "whole command",
            format_time(&time, ranking_value(ranking, winner)));
    put_gain(out, ranking, &speedups_of(ranking, winner)[RATIO_OWN_SYNC]);
    put_beside(out, ranking);
    put_doubt(out, winner);
}

/* -- an open loop: the schedule decides how long the work takes, so there is no gain ------------------------------------------- */

/* "p99 151 ms [150 ms, 153 ms]" */
static void put_point(FILE *out, const struct summary_cell *cell, enum latency_point point, const char *name)
{
    struct format time, low, high;
    const struct summary_interval *ci = &cell->latency_ci_s[point];
    fprintf(out, "%s %s", name, format_time(&time, cell->latency_s[point]));
    if (isfinite(ci->low))
        fprintf(out, " [%s, %s]", format_time(&low, ci->low), format_time(&high, ci->high));
}

static bool was_late(const struct summary_cell *cell, const struct plan_group *group)
{
    return cell->group == group && cell->verified && cell->rounds > 0 && (cell->open_loop.behind);
}

/* "; the rate was too high for c:sync (6.61/s)": those that were measured and came behind. */
static void put_late(FILE *out, const struct ranking *ranking)
{
    struct string_list late = {NULL, 0};
    for (size_t i = 0; i < ranking->summary->cell_count; i++) {
        const struct summary_cell *cell = &ranking->summary->cells[i];
        struct format f;
        if (was_late(cell, ranking->group))
            string_list_addf(&late, "%s:%s (%s)", cell->cell->runtime, cell->cell->model,
                             format_rate(&f, cell->open_loop.achieved));
    }
    char *names = format_names(&late, NAMES_MOST);
    if (*names != '\0')
        fprintf(out, "; the rate was too high for %s", names);
    free(names);
}

static void put_least(FILE *out, const struct ranking *ranking)
{
    const struct summary_cell *ahead = ranking->cells[0];
    fprintf(out, "%s:%s ", ahead->cell->runtime, ahead->cell->model);
    fputs(ranking->count == 1 ? "alone kept it, with " : "kept it with the lowest ", out);
    put_point(out, ahead, LATENCY_P99, "p99");
    put_point(out, ahead, LATENCY_P50, ", p50");
    if (ranking->level.count > 0) {
        fputs(", not shown to be lower than that of ", out);
        put_level(out, ranking);
    }
    put_doubt(out, ahead);
}

static void put_open_loop(FILE *out, const struct ranking *ranking)
{
    struct format f;
    size_t measured = ranking->count;
    for (size_t i = 0; i < ranking->summary->cell_count; i++)
        measured += was_late(&ranking->summary->cells[i], ranking->group);
    if (measured == 0) {
        fputs("nothing was measured", out);
        return;
    }
    fprintf(out, "jobs arriving at %s, %s: %zu of %zu variants kept the rate", format_rate(&f, ranking->group->rate),
            ranking->group->arrivals == NULL ? "fixed" : ranking->group->arrivals, ranking->count, measured);
    if (ranking->count > 0) {
        fputs("; ", out);
        put_least(out, ranking);
    }
    put_late(out, ranking);
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

/* "c:async 11.0x [10.9,11.1]; py: no model shown to gain", in the order of the plan. */
static void put_best(FILE *out, const struct ranking *ranking)
{
    const bool open = ranking->group->rate > 0;
    const char *between = "";
    struct format f;
    for (size_t i = 0; i < ranking->summary->cell_count; i++) {
        const struct summary_cell *cell = &ranking->summary->cells[i];
        if (cell->group != ranking->group || !cell->cell->baseline)
            continue;
        const struct summary_cell *best = best_of(ranking, cell->cell->runtime);
        fprintf(out, "%s%s:", between, cell->cell->runtime);
        between = "; ";
        if (best == NULL)
            fputs(open ? " no model kept the rate" : " no model shown to gain", out);
        else if (open)
            put_point(out, best, LATENCY_P99, best->cell->model);
        else
            fprintf(out, "%s %s", best->cell->model, format_speedup(&f, &speedups_of(ranking, best)[RATIO_OWN_SYNC]));
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

/* -- variants -------------------------------------------------------------------------------------------------------------- */

static void add_finding(struct string_list *out, const struct summary *summary, const struct plan_group *group,
                        enum finding finding)
{
    static const char *const texts[FINDINGS] = {
        [FINDING_NEVER_OVERLAPS] = "never had two jobs in flight at once, though the workers would have allowed it",
        [FINDING_TAKES_TURNS] =
            "took turns: jobs were in flight together, and yet one at a time went on (a lock, such as "
            "Python's, does that)",
        [FINDING_CONTENDS] = "kept the CPUs busy without a gain: far more CPU time than sync for the same work "
                             "(contention, false sharing, one hot cache line)",
        [FINDING_OFF_CPU] = "was off the CPU for part of the time its jobs were in flight: it slept, was stopped or "
                            "throttled, or waited for a lock or a CPU",
    };
    struct string_list names = {NULL, 0};
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        char share[32] = "";
        if (cell->group != group || cell->finding != finding)
            continue;
        if (finding == FINDING_OFF_CPU)
            snprintf(share, sizeof share, " (%.0f%%)", 100 * cell->off_cpu_share);
        string_list_addf(&names, "%s:%s%s", cell->cell->runtime, cell->cell->model, share);
    }
    char *who = format_names(&names, names.count);
    if (*who != '\0')
        string_list_addf(out, "%s %s", who, texts[finding]);
    free(who);
}

void findings_of_variants(struct string_list *out, const struct summary *summary, const struct plan_group *group)
{
    for (enum finding finding = FINDING_NONE + 1; finding < FINDINGS; finding++)
        add_finding(out, summary, group, finding);
}

/* -- the whole ------------------------------------------------------------------------------------------------------------- */

static struct findings_line *line_add(struct findings *out, const char *name)
{
    out->items = array_grow(out->items, out->count, sizeof *out->items);
    struct findings_line *line = &out->items[out->count++];
    *line = (struct findings_line){.name = name, .best_title = ""};
    return line;
}

/* The price of the suite's group that this is the first point of. */
static void add_price(struct findings *out, const struct summary *summary, const struct plan_group *group)
{
    for (const struct plan_group *g = summary->results->groups; g < group; g++)
        if (!plan_compares(g) && strcmp(g->sweep, group->sweep) == 0)
            return;
    line_add(out, group->sweep)->text = marginal_cost_text(summary, group->sweep);
}

static void add_group(struct findings *out, const struct summary *summary, const struct plan_group *group, bool point)
{
    const bool open = group->rate > 0;
    struct findings_line *line = line_add(out, group->name);
    struct ranking ranking;
    size_t length;
    ranking_open(&ranking, summary, group);
    line->point = point;
    FILE *text = text_open(&line->text, &length);
    (open ? put_open_loop : put_group)(text, &ranking);
    text_close(text);
    line->best_title = open ? "The lowest p99 of each runtime" : "The best model of each runtime, over its own sync";
    text = text_open(&line->best, &length);
    put_best(text, &ranking);
    text_close(text);
    findings_of_variants(&line->variants, summary, group);
    ranking_close(&ranking);
}

void findings_make(struct findings *out, const struct summary *summary)
{
    struct scaling scaling;
    const struct scaling_curve *last = NULL;
    size_t length;
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
            FILE *text = text_open(&line_add(out, group->sweep)->text, &length);
            put_sweep(text, summary, &scaling, table);
            text_close(text);
        }
        last = table;
        add_group(out, summary, group, table != NULL);
    }
    scaling_free(&scaling);
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].text);
        free(findings->items[i].best);
        string_list_free(&findings->items[i].variants);
    }
    free(findings->items);
    *findings = (struct findings){.items = NULL};
}
