/* SPDX-License-Identifier: MIT */
/* A group that compares: the winner and what it won by. Nothing is called won that the intervals do not show. */
#include "bench/report/findings_parts.h"

#include <string.h>

#include "bench/report/format.h"

/* The speedups of the times that were compared. */
static const struct ratio *speedups_of(const struct contest *contest, const struct summary_cell *cell)
{
    return cell->speedup[contest->by == CONTEST_WORK ? RATIO_WORK : RATIO_WHOLE];
}

/* "11.0x its sync [10.9,11.1]" and what that is worth. */
static void put_gain(FILE *out, const struct contest *contest, const struct ratio *gain)
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
    fputs(gain->verdict == VERDICT_NO_DIFFERENCE ? ": no difference from its sync shown, "
          : gain->verdict == VERDICT_UNRESOLVED  ? ": its gain is unresolved, "
                                                 : ": ",
          out);
    fprintf(out, "%s its sync", format_ratio(&ratio, gain->ratio));
    if (gain->state == RATIO_FULL)
        fprintf(out, " %s", format_interval(&interval, gain->low, gain->high));
    else
        fputs(", of too few rounds for an interval", out);
    headline_put_limit(out, contest->summary, contest->cells[0], gain);
}

/* The other ratios that a reader would miss. */
static void put_beside(FILE *out, const struct contest *contest)
{
    const struct summary_cell *winner = contest->cells[0];
    const struct ratio *all = &speedups_of(contest, winner)[RATIO_PY_SYNC];
    const struct ratio *whole = &winner->speedup[RATIO_WHOLE][RATIO_OWN_SYNC];
    struct format ratio, interval;
    if (contest->by == CONTEST_WORK && whole->state == RATIO_FULL)
        fprintf(out, "; as a whole command %s %s", format_ratio(&ratio, whole->ratio),
                format_interval(&interval, whole->low, whole->high));
    if (all->state == RATIO_FULL && strcmp(winner->cell->runtime, SUMMARY_BASELINE_RUNTIME) != 0)
        fprintf(out, "; %s " SUMMARY_BASELINE_RUNTIME ":sync %s", format_ratio(&ratio, all->ratio),
                format_interval(&interval, all->low, all->high));
}

void headline_put_group(FILE *out, const struct headline_subject *subject)
{
    const struct contest *contest = subject->contest;
    if (contest->count == 0) {
        fputs("nothing was measured", out);
        return;
    }
    const struct summary_cell *winner = contest->cells[0];
    struct format time;
    fprintf(out, "%s:%s ", winner->cell->runtime, winner->cell->model);
    if (contest->count == 1) {
        fputs("alone was measured", out);
    } else if (contest->level.count == 0) {
        fputs("won", out);
    } else {
        fputs("was first, not shown to be faster than ", out);
        headline_put_names(out, &contest->level);
    }
    fprintf(out, " (%s %s)", contest->by == CONTEST_WORK ? "work" : "whole command",
            format_time(&time, contest_value(contest, winner)));
    put_gain(out, contest, &speedups_of(contest, winner)[RATIO_OWN_SYNC]);
    put_beside(out, contest);
    headline_put_doubts(out, winner);
}

/* The model of a runtime that was shown to gain most over its sync; NULL: none was. */
static const struct summary_cell *best_of(const struct contest *contest, const char *runtime)
{
    const struct summary_cell *best = NULL;
    for (size_t i = 0; i < contest->count; i++) {
        const struct ratio *gain = &speedups_of(contest, contest->cells[i])[RATIO_OWN_SYNC];
        if (strcmp(contest->cells[i]->cell->runtime, runtime) == 0 && gain->verdict == VERDICT_FASTER &&
            (best == NULL || gain->ratio > speedups_of(contest, best)[RATIO_OWN_SYNC].ratio))
            best = contest->cells[i];
    }
    return best;
}

/* In the order of the plan, each once. */
void headline_put_group_best(FILE *out, const struct headline_subject *subject)
{
    const struct contest *contest = subject->contest;
    const struct summary *summary = contest->summary;
    const char *last = NULL;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (cell->group != contest->group || !cell->cell->baseline)
            continue;
        const struct summary_cell *best = best_of(contest, cell->cell->runtime);
        struct format f;
        fputs(last == NULL ? "" : "; ", out);
        last = cell->cell->runtime;
        if (best == NULL)
            fprintf(out, "%s: no model shown to gain", last);
        else
            fprintf(out, "%s:%s %s", last, best->cell->model,
                    format_speedup(&f, &speedups_of(contest, best)[RATIO_OWN_SYNC]));
    }
}
