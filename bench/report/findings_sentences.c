/* SPDX-License-Identifier: MIT */
/* The sentences. Nothing is called won that the intervals do not show. */
#include "bench/report/findings_parts.h"

#include <math.h>
#include <string.h>

#include "bench/analysis/summary.h"
#include "bench/report/format.h"
#include "bench/report/marginal_cost_text.h"
#include "bench/report/scaling_text.h"

/* -- what all sentences share ---------------------------------------------------------------------------------------------- */

static void put_names(FILE *out, const struct string_list *names)
{
    for (size_t i = 0; i < names->count && i < FINDINGS_NAMES_MOST; i++)
        fprintf(out, "%s%s", i == 0 ? "" : ", ", names->items[i]);
    if (names->count > FINDINGS_NAMES_MOST)
        fprintf(out, " and %zu more", names->count - FINDINGS_NAMES_MOST);
}

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

/* The other ratios that a reader would miss. */
static void put_beside(FILE *out, const struct ranking *ranking)
{
    const struct summary_cell *winner = ranking->cells[0];
    const struct ratio *all = &speedups_of(ranking, winner)[RATIO_PY_SYNC];
    const struct ratio *whole = &winner->speedup[RATIO_WHOLE][RATIO_OWN_SYNC];
    struct format ratio, interval;
    if (ranking->by == RANKING_BY_WORK && whole->state == RATIO_FULL)
        fprintf(out, "; as a whole command %s %s", format_ratio(&ratio, whole->ratio),
                format_interval(&interval, whole->low, whole->high));
    if (all->state == RATIO_FULL && strcmp(winner->cell->runtime, SUMMARY_BASELINE_RUNTIME) != 0)
        fprintf(out, "; %s " SUMMARY_BASELINE_RUNTIME ":sync %s", format_ratio(&ratio, all->ratio),
                format_interval(&interval, all->low, all->high));
}

void findings_put_group(FILE *out, const struct findings_subject *subject)
{
    const struct ranking *ranking = subject->ranking;
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
        put_names(out, &ranking->level);
    }
    fprintf(out, " (%s %s)", ranking->by == RANKING_BY_WORK ? "work" : "whole command",
            format_time(&time, ranking_value(ranking, winner)));
    put_gain(out, ranking, &speedups_of(ranking, winner)[RATIO_OWN_SYNC]);
    put_beside(out, ranking);
    put_doubt(out, winner);
}

/* The model of a runtime that was shown to gain most over its sync; NULL: none was. */
static const struct summary_cell *best_of(const struct ranking *ranking, const char *runtime)
{
    const struct summary_cell *best = NULL;
    for (size_t i = 0; i < ranking->count; i++) {
        const struct ratio *gain = &speedups_of(ranking, ranking->cells[i])[RATIO_OWN_SYNC];
        if (strcmp(ranking->cells[i]->cell->runtime, runtime) == 0 && gain->verdict == VERDICT_FASTER &&
            (best == NULL || gain->ratio > speedups_of(ranking, best)[RATIO_OWN_SYNC].ratio))
            best = ranking->cells[i];
    }
    return best;
}

/* In the order of the plan, each once. */
void findings_put_group_best(FILE *out, const struct findings_subject *subject)
{
    const struct ranking *ranking = subject->ranking;
    const struct summary *summary = ranking->summary;
    const char *last = NULL;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (cell->group != ranking->group || !cell->cell->baseline)
            continue;
        const struct summary_cell *best = best_of(ranking, cell->cell->runtime);
        struct format f;
        fputs(last == NULL ? "" : "; ", out);
        last = cell->cell->runtime;
        if (best == NULL)
            fprintf(out, "%s: no model shown to gain", last);
        else
            fprintf(out, "%s:%s %s", last, best->cell->model,
                    format_speedup(&f, &speedups_of(ranking, best)[RATIO_OWN_SYNC]));
    }
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

/* "; c:sync did not keep the rate (6.61/s)": those that were measured and came behind. */
static void put_late(FILE *out, const struct ranking *ranking)
{
    size_t count = 0;
    for (size_t i = 0; i < ranking->summary->cell_count; i++) {
        const struct summary_cell *cell = &ranking->summary->cells[i];
        struct format f;
        if (!was_late(cell, ranking->group))
            continue;
        if (count++ < FINDINGS_NAMES_MOST)
            fprintf(out, "%s%s:%s (%s)", count == 1 ? "; the rate was too high for " : ", ", cell->cell->runtime,
                    cell->cell->model, format_rate(&f, cell->open_loop.achieved));
    }
    if (count > FINDINGS_NAMES_MOST)
        fprintf(out, " and %zu more", count - FINDINGS_NAMES_MOST);
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
        put_names(out, &ranking->level);
    }
    put_doubt(out, ahead);
}

void findings_put_open_loop(FILE *out, const struct findings_subject *subject)
{
    const struct ranking *ranking = subject->ranking;
    struct format f;
    size_t measured = ranking->count;
    for (size_t i = 0; i < subject->summary->cell_count; i++)
        measured += was_late(&subject->summary->cells[i], ranking->group);
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

/* In the order of the plan, each runtime once. */
void findings_put_open_loop_best(FILE *out, const struct findings_subject *subject)
{
    const struct ranking *ranking = subject->ranking;
    bool first = true;
    for (size_t i = 0; i < subject->summary->cell_count; i++) {
        const struct summary_cell *cell = &subject->summary->cells[i], *best = NULL;
        if (cell->group != ranking->group || !cell->cell->baseline)
            continue;
        for (size_t k = 0; k < ranking->count; k++)
            if (strcmp(ranking->cells[k]->cell->runtime, cell->cell->runtime) == 0 &&
                (best == NULL || ranking_value(ranking, ranking->cells[k]) < ranking_value(ranking, best)))
                best = ranking->cells[k];
        fputs(first ? "" : "; ", out);
        first = false;
        if (best == NULL)
            fprintf(out, "%s: no model kept the rate", cell->cell->runtime);
        else {
            fprintf(out, "%s:", best->cell->runtime);
            put_point(out, best, LATENCY_P99, best->cell->model);
        }
    }
}

/* -- a sweep over workers: the greatest gain, and what the laws make of its curve ------------------------------------------------- */

struct best {
    const struct scaling_curve *curve; /* NULL: no model was shown to gain */
    const struct scaling_point *point;
};

/* Of all curves of the table, or of one runtime's. */
static struct best find_best(const struct scaling *scaling, const struct scaling_curve *table, const char *runtime)
{
    struct best best = {NULL, NULL};
    for (size_t i = 0; i < scaling->count; i++) {
        const struct scaling_curve *curve = &scaling->curves[i];
        if (!scaling_same_table(curve, table) || (runtime != NULL && strcmp(curve->runtime, runtime) != 0))
            continue;
        for (size_t p = 0; p < curve->count; p++)
            if (curve->points[p].gain->verdict == VERDICT_FASTER &&
                (best.curve == NULL || curve->points[p].gain->ratio > best.point->gain->ratio))
                best = (struct best){curve, &curve->points[p]};
    }
    return best;
}

static void put_laws(FILE *out, const struct scaling_curve *curve)
{
    static const char *const titles[FIT_LAWS] = {[FIT_AMDAHL] = "Amdahl", [FIT_USL] = "USL"};
    bool any = false;
    for (enum fit_law law = 0; law < FIT_LAWS; law++) {
        struct scaling_law_text text;
        if (curve->fits[law].accepted)
            fprintf(out, "; %s: %s", titles[law], scaling_law_text(&text, &curve->fits[law]));
        any |= curve->fits[law].accepted;
    }
    if (!any)
        fprintf(out, "; no law fitted to it: %s", curve->fits[FIT_USL].reason);
}

static void put_workers(FILE *out, const struct scaling_point *point)
{
    const long long workers = (long long)point->cell->group->workers;
    fprintf(out, " with %lld worker%s", workers, workers == 1 ? "" : "s");
}

/* The fewest and the most workers of the table. */
static void put_range(FILE *out, const struct scaling *scaling, const struct scaling_curve *table)
{
    int64_t low = table->points[0].cell->group->workers, high = low;
    for (size_t i = 0; i < scaling->count; i++)
        for (size_t p = 0; scaling_same_table(&scaling->curves[i], table) && p < scaling->curves[i].count; p++) {
            const int64_t workers = scaling->curves[i].points[p].cell->group->workers;
            low = workers < low ? workers : low;
            high = workers > high ? workers : high;
        }
    fprintf(out, "%s scaling over %lld to %lld workers, %lld job%s%s: ", table->scaling, (long long)low,
            (long long)high, (long long)table->jobs, table->jobs == 1 ? "" : "s",
            scaling_is_weak(table->scaling) ? " each" : "");
}

void findings_put_sweep(FILE *out, const struct findings_subject *subject)
{
    const struct best best = find_best(subject->scaling, subject->table, NULL);
    struct format ratio, interval;
    put_range(out, subject->scaling, subject->table);
    if (best.curve == NULL) {
        fputs("no model shown to gain over its sync with any of them", out);
        return;
    }
    fprintf(out, "the greatest gain is that of %s:%s, %s its sync", best.curve->runtime, best.curve->model,
            format_ratio(&ratio, best.point->gain->ratio));
    fprintf(out, " %s", format_interval(&interval, best.point->gain->low, best.point->gain->high));
    put_workers(out, best.point);
    put_limit(out, subject->summary, best.point->cell, best.point->gain);
    put_doubt(out, best.point->cell);
    put_laws(out, best.curve);
}

/* In the order of the plan, each runtime once. */
void findings_put_sweep_best(FILE *out, const struct findings_subject *subject)
{
    const struct scaling *scaling = subject->scaling;
    const char *last = NULL;
    for (size_t i = 0; i < scaling->count; i++) {
        const struct scaling_curve *curve = &scaling->curves[i];
        struct format f;
        if (!scaling_same_table(curve, subject->table) || (last != NULL && strcmp(last, curve->runtime) == 0))
            continue;
        const struct best best = find_best(scaling, subject->table, curve->runtime);
        fputs(last == NULL ? "" : "; ", out);
        last = curve->runtime;
        if (best.curve == NULL) {
            fprintf(out, "%s: no model shown to gain", last);
            continue;
        }
        fprintf(out, "%s:%s %s", last, best.curve->model, format_speedup(&f, best.point->gain));
        put_workers(out, best.point);
    }
}

/* -- a group that is there for its price: what one more costs ----------------------------------------------------------------- */

/* "12.3 kB ±4% of memory and 31 µs ±2% of the whole command with c:async" */
static void put_price(FILE *out, const struct price *row)
{
    struct price_text memory, whole;
    if (isnan(row->memory_bytes.estimate) && isnan(row->whole_s.estimate)) {
        fprintf(out, "no price with %s:%s (%s)", row->runtime, row->model, row->note);
        return;
    }
    fprintf(out, "%s of memory and %s of the whole command with %s:%s",
            price_text(&memory, &row->memory_bytes, format_bytes), price_text(&whole, &row->whole_s, format_time),
            row->runtime, row->model);
}

void findings_put_cost(FILE *out, const struct findings_subject *subject)
{
    size_t count = 0;
    fputs("one more costs ", out);
    for (size_t i = 0; i < subject->prices->count; i++) {
        const struct price *row = &subject->prices->rows[i];
        if (strcmp(row->piece, subject->piece) != 0)
            continue;
        if (count++ >= FINDINGS_NAMES_MOST)
            continue;
        fputs(count == 1 ? "" : "; ", out);
        put_price(out, row);
    }
    if (count > FINDINGS_NAMES_MOST)
        fprintf(out, "; %zu more are in the table", count - FINDINGS_NAMES_MOST);
}
