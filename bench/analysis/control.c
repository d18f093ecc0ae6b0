/* SPDX-License-Identifier: MIT */
/* Control and capacity rows. */
#include "bench/analysis/control.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/ranks.h"
#include "bench/util/text.h"

#define FAMILY_ERROR 0.05

const char *cell_status_word(enum cell_status status)
{
    static const char *const words[] = {
        [CELL_UNSEEN] = "not run",      [CELL_OK] = "ok",
        [CELL_REFUSED] = "refused",     [CELL_FAILED] = "failed",
        [CELL_TIMEOUT] = "out of time", [CELL_IMPOSSIBLE] = "not possible here",
    };
    return words[status];
}

int cell_note(const struct result_cell *cell, char **note)
{
    if (cell->status == CELL_OK)
        return 0;
    *note = cell->status == CELL_UNSEEN ? text_format("not run: the run was cut off before it")
                                        : text_format("%s: %s", cell_status_word(cell->status), cell->reason);
    return *note == NULL ? -ENOMEM : 0;
}

/* The baseline of a control or capacity cell where both ran well; else NULL, with the row's note. */
static int row_baseline(const struct results *results, const struct result_cell *cell, const struct result_cell **base,
                        struct ratio *ratio, char **note)
{
    const struct result_cell *found = results_baseline(results, cell->group, cell->runtime);
    *base = NULL;
    *ratio = ratio_none(found == NULL ? RATIO_NO_BASE : RATIO_NOT_RUN);
    if (found == NULL || cell->status != CELL_OK)
        return cell_note(cell, note);
    if (found->status != CELL_OK) {
        ratio->state = RATIO_BASE_FAILED;
        return cell_note(found, note);
    }
    *base = found;
    return 0;
}

int control_make(struct summary_control *out, const struct results *results, const struct result_cell *cell,
                 struct pairs *pairs)
{
    const struct result_cell *base;
    *out = (struct summary_control){
        .cell = cell, .group = &results->groups[cell->group], .low99 = NAN, .high99 = NAN, .p = NAN};
    const int rc = row_baseline(results, cell, &base, &out->ratio, &out->note);
    if (base == NULL)
        return rc;
    pairs_collect(pairs, base, cell, out->group->rate > 0 ? sample_p50 : sample_whole);
    out->ratio = ratio_of(pairs);
    struct stats_interval interval;
    if (stats_ratio(pairs->base, pairs->variant, pairs->n, 0.99, &interval) != 0)
        return 0;
    out->low99 = interval.low;
    out->high99 = interval.high;
    for (size_t i = 0; i < pairs->n; i++)
        pairs->base[i] = log(pairs->base[i]) - log(pairs->variant[i]);
    if (stats_outside_p(pairs->base, pairs->n, log1p(results->margin), &out->p) != 0)
        out->p = NAN;
    return 0;
}

int capacity_make(struct summary_capacity *out, const struct results *results, const struct result_cell *cell,
                  struct pairs *pairs)
{
    const struct result_cell *base;
    *out = (struct summary_capacity){.cell = cell, .group = &results->groups[cell->group]};
    const int rc = row_baseline(results, cell, &base, &out->ratio, &out->note);
    if (base == NULL)
        return rc;
    pairs_collect(pairs, base, cell, sample_work);
    for (size_t i = 0; i < pairs->n; i++)
        pairs->base[i] *= (double)cell->copies;
    out->ratio = ratio_of(pairs);
    return 0;
}

/* One runtime's, from its first on. `p` and `adjusted` have space for all. */
static void runtime_flag(struct summary_control *controls, size_t count, double margin, double *p, double *adjusted)
{
    const char *runtime = controls[0].cell->runtime;
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(controls[i].cell->runtime, runtime) == 0 && isfinite(controls[i].p))
            p[n++] = controls[i].p;
    const bool adjust = stats_holm(p, n, adjusted) == 0;
    for (size_t i = 0, at = 0; i < count; i++) {
        struct summary_control *control = &controls[i];
        if (strcmp(control->cell->runtime, runtime) != 0 || !isfinite(control->p))
            continue;
        const double least = ldexp(1, 1 - (int)fmin(1000, (double)control->ratio.rounds)) * (double)n;
        const bool passes = !adjust || least >= FAMILY_ERROR || adjusted[at] < FAMILY_ERROR;
        control->flagged = interval_clears(control->low99, control->high99, margin) && passes;
        at++;
    }
}

int controls_flag(struct summary_control *controls, size_t count, double margin)
{
    double *space = calloc(2 * count + 1, sizeof *space);
    if (space == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        bool first = true;
        for (size_t j = 0; j < i && first; j++)
            first = strcmp(controls[i].cell->runtime, controls[j].cell->runtime) != 0;
        if (first)
            runtime_flag(controls + i, count - i, margin, space, space + count);
    }
    free(space);
    return 0;
}
