/* SPDX-License-Identifier: MIT */
/* The sentences, which groups get which, and what single variants were found to do. Nothing is called won that the intervals
 * do not show. */
#include "bench/report/findings.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/marginal_cost.h"
#include "bench/analysis/ranking.h"
#include "bench/analysis/scaling.h"
#include "bench/report/format.h"

/* So many names are spelled out. */
enum { NAMES_MOST = 4 };

/* What a sentence is about; all borrowed. */
struct subject {
    const struct summary *summary;
    const struct ranking *ranking;     /* of a group that compares */
    const struct scaling *scaling;     /* of a sweep, with */
    const struct scaling_curve *table; /* the first curve of its table */
    const struct prices *prices;       /* of a price, with */
    const char *piece;                 /* the suite's group */
};

typedef void put_sentence(FILE *out, const struct subject *subject);

/* -- what all sentences share ---------------------------------------------------------------------------------------------- */

static void put_names(FILE *out, const struct string_list *names)
{
    for (size_t i = 0; i < names->count && i < NAMES_MOST; i++)
        fprintf(out, "%s%s", i == 0 ? "" : ", ", names->items[i]);
    if (names->count > NAMES_MOST)
        fprintf(out, " and %zu more", names->count - NAMES_MOST);
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
    struct format f, interval;
    if (ranking->by == RANKING_BY_WORK && whole->state == RATIO_FULL)
        fprintf(out, "; as a whole command %s", format_speedup(&f, whole));
    if (all->state == RATIO_FULL && strcmp(winner->cell->runtime, SUMMARY_BASELINE_RUNTIME) != 0)
        fprintf(out, "; %s " SUMMARY_BASELINE_RUNTIME ":sync %s", format_ratio(&f, all->ratio),
                format_interval(&interval, all->low, all->high));
}

static void put_group(FILE *out, const struct subject *subject)
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

/* What `put` says of each runtime, in the order of the plan: "py: no model shown to gain; c:..." */
static void put_each_runtime(FILE *out, const struct ranking *ranking,
                             void (*put)(FILE *out, const struct ranking *ranking, const char *runtime))
{
    bool first = true;
    for (size_t i = 0; i < ranking->summary->cell_count; i++) {
        const struct summary_cell *cell = &ranking->summary->cells[i];
        if (cell->group != ranking->group || !cell->cell->baseline)
            continue;
        fprintf(out, "%s%s:", first ? "" : "; ", cell->cell->runtime);
        put(out, ranking, cell->cell->runtime);
        first = false;
    }
}

/* The model of a runtime that was shown to gain most over its sync. */
static void put_best_gain(FILE *out, const struct ranking *ranking, const char *runtime)
{
    const struct summary_cell *best = NULL;
    struct format f;
    for (size_t i = 0; i < ranking->count; i++) {
        const struct ratio *gain = &speedups_of(ranking, ranking->cells[i])[RATIO_OWN_SYNC];
        if (strcmp(ranking->cells[i]->cell->runtime, runtime) == 0 && gain->verdict == VERDICT_FASTER &&
            (best == NULL || gain->ratio > speedups_of(ranking, best)[RATIO_OWN_SYNC].ratio))
            best = ranking->cells[i];
    }
    if (best == NULL)
        fputs(" no model shown to gain", out);
    else
        fprintf(out, "%s %s", best->cell->model, format_speedup(&f, &speedups_of(ranking, best)[RATIO_OWN_SYNC]));
}

static void put_group_best(FILE *out, const struct subject *subject)
{
    put_each_runtime(out, subject->ranking, put_best_gain);
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
        if (count++ < NAMES_MOST)
            fprintf(out, "%s%s:%s (%s)", count == 1 ? "; the rate was too high for " : ", ", cell->cell->runtime,
                    cell->cell->model, format_rate(&f, cell->open_loop.achieved));
    }
    if (count > NAMES_MOST)
        fprintf(out, " and %zu more", count - NAMES_MOST);
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

static void put_open_loop(FILE *out, const struct subject *subject)
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

static void put_best_p99(FILE *out, const struct ranking *ranking, const char *runtime)
{
    const struct summary_cell *best = NULL;
    for (size_t k = 0; k < ranking->count; k++)
        if (strcmp(ranking->cells[k]->cell->runtime, runtime) == 0 &&
            (best == NULL || ranking_value(ranking, ranking->cells[k]) < ranking_value(ranking, best)))
            best = ranking->cells[k];
    if (best == NULL)
        fputs(" no model kept the rate", out);
    else
        put_point(out, best, LATENCY_P99, best->cell->model);
}

static void put_open_loop_best(FILE *out, const struct subject *subject)
{
    put_each_runtime(out, subject->ranking, put_best_p99);
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
        struct format_law text;
        if (curve->fits[law].accepted)
            fprintf(out, "; %s: %s", titles[law], format_law(&text, &curve->fits[law]));
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

static void put_sweep(FILE *out, const struct subject *subject)
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
static void put_sweep_best(FILE *out, const struct subject *subject)
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
    struct format_cost memory, whole;
    if (isnan(row->memory_bytes.estimate) && isnan(row->whole_s.estimate)) {
        fprintf(out, "no price with %s:%s (%s)", row->runtime, row->model, row->note);
        return;
    }
    fprintf(out, "%s of memory and %s of the whole command with %s:%s",
            format_cost(&memory, &row->memory_bytes, format_bytes), format_cost(&whole, &row->whole_s, format_time),
            row->runtime, row->model);
}

static void put_cost(FILE *out, const struct subject *subject)
{
    size_t count = 0;
    fputs("one more costs ", out);
    for (size_t i = 0; i < subject->prices->count; i++) {
        const struct price *row = &subject->prices->rows[i];
        if (strcmp(row->piece, subject->piece) != 0)
            continue;
        if (count++ >= NAMES_MOST)
            continue;
        fputs(count == 1 ? "" : "; ", out);
        put_price(out, row);
    }
    if (count > NAMES_MOST)
        fprintf(out, "; %zu more are in the table", count - NAMES_MOST);
}

/* -- variants -------------------------------------------------------------------------------------------------------------- */

/* "py:threads", and of off-CPU work " (31%)". */
static int variant_add(struct string_list *names, const struct summary_cell *cell)
{
    if (cell->finding == FINDING_OFF_CPU)
        return string_list_addf(names, "%s:%s (%.0f%%)", cell->cell->runtime, cell->cell->model,
                                100 * cell->off_cpu_share);
    return string_list_addf(names, "%s:%s", cell->cell->runtime, cell->cell->model);
}

static int add_finding(struct string_list *out, const struct summary *summary, const struct plan_group *group,
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
    int rc = 0;
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++)
        if (summary->cells[i].group == group && summary->cells[i].finding == finding)
            rc = variant_add(&names, &summary->cells[i]);
    char after[200];
    snprintf(after, sizeof after, " %s", texts[finding]);
    return format_add_names(out, rc, &names, SIZE_MAX, ", ", "", after);
}

int findings_of_variants(struct string_list *out, const struct summary *summary, const struct plan_group *group)
{
    int rc = 0;
    for (enum finding finding = FINDING_NONE + 1; finding < FINDINGS && rc == 0; finding++)
        rc = add_finding(out, summary, group, finding);
    return rc;
}

/* -- the whole ------------------------------------------------------------------------------------------------------------- */

enum kind { KIND_GROUP, KIND_OPEN_LOOP, KIND_SWEEP, KIND_PRICE };

static const struct {
    put_sentence *text, *best;
    const char *best_title;
} kinds[] = {
    [KIND_GROUP] = {put_group, put_group_best, "The best model of each runtime, over its own sync"},
    [KIND_OPEN_LOOP] = {put_open_loop, put_open_loop_best, "The lowest p99 of each runtime"},
    [KIND_SWEEP] = {put_sweep, put_sweep_best, "The greatest gain of each runtime, over its own sync"},
    [KIND_PRICE] = {put_cost, NULL, ""},
};

/* What `put` prints, to be freed; NULL: no memory. */
static char *printed(put_sentence *put, const struct subject *subject)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    if (put != NULL)
        put(out, subject);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* Appends one; `name` and `point` as in struct findings_line. */
static int line_add(struct findings *out, enum kind kind, const char *name, bool point, const struct subject *subject)
{
    struct findings_line *more = realloc(out->items, (out->count + 1) * sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    out->items = more;
    struct findings_line *mine = &more[out->count++]; /* from here on findings_free frees it */
    *mine = (struct findings_line){.name = name, .point = point, .best_title = kinds[kind].best_title};
    mine->text = printed(kinds[kind].text, subject);
    mine->best = printed(kinds[kind].best, subject);
    return mine->text == NULL || mine->best == NULL ? -ENOMEM : 0;
}

/* The price of the suite's group that this is the first point of. */
static int add_price(struct findings *out, const struct subject *all, const struct plan_group *group)
{
    for (const struct plan_group *g = all->summary->results->groups; g < group; g++)
        if (!plan_compares(g) && strcmp(g->sweep, group->sweep) == 0)
            return 0;
    struct subject subject = *all;
    subject.piece = group->sweep;
    return line_add(out, KIND_PRICE, group->sweep, false, &subject);
}

/* A group, and before the first point of a sweep the sweep. *last is the table of the group before. */
static int add_group(struct findings *out, const struct subject *all, const struct plan_group *group,
                     const struct scaling_curve **last)
{
    struct subject subject = *all;
    struct ranking ranking;
    int rc = 0;
    subject.table = scaling_table(all->scaling, group);
    if (subject.table != NULL && subject.table != *last)
        rc = line_add(out, KIND_SWEEP, group->sweep, false, &subject);
    *last = subject.table;
    if (rc == 0) {
        rc = ranking_open(&ranking, all->summary, group);
        subject.ranking = &ranking;
        if (rc == 0)
            rc = line_add(out, group->rate > 0 ? KIND_OPEN_LOOP : KIND_GROUP, group->name, subject.table != NULL,
                          &subject);
        if (rc == 0)
            rc = findings_of_variants(&out->items[out->count - 1].variants, all->summary, group);
        ranking_close(&ranking);
    }
    return rc;
}

int findings_make(struct findings *out, const struct summary *summary)
{
    struct scaling scaling = {.curves = NULL};
    struct prices prices = {.rows = NULL};
    const struct scaling_curve *last = NULL;
    *out = (struct findings){.items = NULL};
    int rc = 0;
    scaling_make(&scaling, summary);
    prices_make(&prices, summary);
    const struct subject all = {.summary = summary, .scaling = &scaling, .prices = &prices};
    for (size_t g = 0; g < summary->results->group_count && rc == 0; g++) {
        const struct plan_group *group = &summary->results->groups[g];
        rc = plan_compares(group) ? add_group(out, &all, group, &last) : add_price(out, &all, group);
    }
    prices_free(&prices);
    scaling_free(&scaling);
    if (rc != 0)
        findings_free(out);
    return rc;
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
