/* SPDX-License-Identifier: MIT */
/* Who is ahead. Nothing is called behind that the intervals do not show. */
#include "bench/analysis/ranking.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

double contest_value(const struct contest *contest, const struct summary_cell *cell)
{
    switch (contest->by) {
    case CONTEST_WORK:
        return cell->work_s;
    case CONTEST_WHOLE:
        return cell->median_s;
    case CONTEST_P99:
        return cell->latency_s[LATENCY_P99];
    }
    return NAN;
}

static bool takes_part(const struct summary_cell *cell)
{
    if (!cell->verified || cell->rounds == 0 || !isfinite(cell->median_s))
        return false;
    return cell->group->rate == 0 || (isfinite(cell->latency_s[LATENCY_P99]) && !(cell->marks & MARK_RATE_NOT_KEPT));
}

static int collect(struct contest *contest)
{
    const struct summary *summary = contest->summary;
    contest->by = contest->group->rate > 0 ? CONTEST_P99 : CONTEST_WORK;
    contest->cells = calloc(summary->cell_count + 1, sizeof *contest->cells);
    if (contest->cells == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (cell->group != contest->group || !takes_part(cell))
            continue;
        contest->cells[contest->count++] = cell;
        if (contest->by == CONTEST_WORK && !(cell->work_s >= SUMMARY_SHORT_WORK_S))
            contest->by = CONTEST_WHOLE;
    }
    for (size_t i = 1; i < contest->count; i++)
        if (contest_value(contest, contest->cells[i]) < contest_value(contest, contest->cells[0])) {
            const struct summary_cell *ahead = contest->cells[i];
            contest->cells[i] = contest->cells[0];
            contest->cells[0] = ahead;
        }
    return 0;
}

/* How many times longer another took than the first. */
static int compare(const struct contest *contest, const struct summary_cell *other, struct ratio *out)
{
    static sample_value *const values[] = {
        [CONTEST_WORK] = sample_work, [CONTEST_WHOLE] = sample_whole, [CONTEST_P99] = sample_p99};
    struct pairs pairs;
    const struct result_cell *ahead = contest->cells[0]->cell;
    if (pairs_open(&pairs, ahead->count) != 0)
        return -ENOMEM;
    pairs_collect(&pairs, other->cell, ahead, values[contest->by]);
    *out = ratio_of(&pairs);
    const int rc = ratio_test(out, &pairs, contest->summary->results->margin);
    pairs_close(&pairs);
    return rc;
}

/* Fills in contest->level; there is at least one cell. */
static int find_level(struct contest *contest)
{
    const size_t rivals = contest->count - 1;
    struct ratio *ratios = calloc(rivals + 1, sizeof *ratios), **family = calloc(rivals + 1, sizeof *family);
    int rc = ratios == NULL || family == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < rivals && rc == 0; i++) {
        family[i] = &ratios[i];
        rc = compare(contest, contest->cells[i + 1], &ratios[i]);
    }
    if (rc == 0)
        rc = ratios_judge(family, rivals, contest->summary->results->margin);
    for (size_t i = 0; i < rivals && rc == 0; i++)
        if (ratios[i].verdict != VERDICT_FASTER)
            rc = string_list_addf(&contest->level, "%s:%s", contest->cells[i + 1]->cell->runtime,
                                  contest->cells[i + 1]->cell->model);
    free(family);
    free(ratios);
    return rc;
}

int contest_open(struct contest *contest, const struct summary *summary, const struct result_group *group)
{
    *contest = (struct contest){.summary = summary, .group = group};
    const int rc = collect(contest);
    return rc != 0 || contest->count == 0 ? rc : find_level(contest);
}

void contest_close(struct contest *contest)
{
    free(contest->cells);
    string_list_free(&contest->level);
    *contest = (struct contest){.cells = NULL};
}
