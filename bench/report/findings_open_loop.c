/* SPDX-License-Identifier: MIT */
/* An open loop: the schedule decides how long the work takes, so there is no gain. Who kept the rate, and whose latency,
 * counted from when each job was to start, is the least? */
#include "bench/report/findings_parts.h"

#include <math.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/latency.h"

/* "p99 151 ms [150 ms, 153 ms]" */
static void put_point(FILE *out, const struct summary_cell *cell, enum latency_point point, const char *name)
{
    struct format time, low, high;
    const struct summary_interval *ci = &cell->latency_ci_s[point];
    fprintf(out, "%s %s", name, format_time(&time, cell->latency_s[point]));
    if (isfinite(ci->low))
        fprintf(out, " [%s, %s]", format_time(&low, ci->low), format_time(&high, ci->high));
}

static bool was_late(const struct summary_cell *cell, const struct result_group *group)
{
    return cell->group == group && cell->verified && cell->rounds > 0 && (cell->marks & MARK_RATE_NOT_KEPT);
}

/* "; c:sync did not keep the rate (6.61/s)": those that were measured and came behind. */
static void put_late(FILE *out, const struct contest *contest)
{
    size_t count = 0;
    for (size_t i = 0; i < contest->summary->cell_count; i++) {
        const struct summary_cell *cell = &contest->summary->cells[i];
        struct format f;
        if (!was_late(cell, contest->group))
            continue;
        if (count++ < HEADLINE_NAMES_MOST)
            fprintf(out, "%s%s:%s (%s)", count == 1 ? "; the rate was too high for " : ", ", cell->cell->runtime,
                    cell->cell->model, render_latency_rate(&f, cell->open_loop.achieved));
    }
    if (count > HEADLINE_NAMES_MOST)
        fprintf(out, " and %zu more", count - HEADLINE_NAMES_MOST);
}

static void put_least(FILE *out, const struct contest *contest)
{
    const struct summary_cell *ahead = contest->cells[0];
    fprintf(out, "%s:%s ", ahead->cell->runtime, ahead->cell->model);
    fputs(contest->count == 1 ? "alone kept it, with " : "kept it with the lowest ", out);
    put_point(out, ahead, LATENCY_P99, "p99");
    put_point(out, ahead, LATENCY_P50, ", p50");
    if (contest->level.count > 0) {
        fputs(", not shown to be lower than that of ", out);
        headline_put_names(out, &contest->level);
    }
    headline_put_doubts(out, ahead);
}

void headline_put_open_loop(FILE *out, const struct headline_subject *subject)
{
    const struct contest *contest = subject->contest;
    struct format f;
    size_t measured = contest->count;
    for (size_t i = 0; i < subject->summary->cell_count; i++)
        measured += was_late(&subject->summary->cells[i], contest->group);
    if (measured == 0) {
        fputs("nothing was measured", out);
        return;
    }
    fprintf(out, "jobs arriving at %s, %s: %zu of %zu variants kept the rate",
            render_latency_rate(&f, contest->group->rate),
            contest->group->arrivals == NULL ? "fixed" : contest->group->arrivals, contest->count, measured);
    if (contest->count > 0) {
        fputs("; ", out);
        put_least(out, contest);
    }
    put_late(out, contest);
}

/* In the order of the plan, each runtime once. */
void headline_put_open_loop_best(FILE *out, const struct headline_subject *subject)
{
    const struct contest *contest = subject->contest;
    bool first = true;
    for (size_t i = 0; i < subject->summary->cell_count; i++) {
        const struct summary_cell *cell = &subject->summary->cells[i], *best = NULL;
        if (cell->group != contest->group || !cell->cell->baseline)
            continue;
        for (size_t k = 0; k < contest->count; k++)
            if (strcmp(contest->cells[k]->cell->runtime, cell->cell->runtime) == 0 &&
                (best == NULL || contest_value(contest, contest->cells[k]) < contest_value(contest, best)))
                best = contest->cells[k];
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
