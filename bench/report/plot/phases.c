/* SPDX-License-Identifier: MIT */
/*
 * Where the time of a variant goes: a bar from the start of the command to its end, cut into start (exec to main's
 * clock), ready (to the opening of the gate), work (to the end of the last job) and end. Medians of the durations, as
 * shares of their sum, which stands beside: a command in C is over before one in Python has started, and all bars have
 * one axis.
 *
 * The data: "rows" (y, place of the runtime, the four ends of the phases in percent, name, the whole as text).
 */
#include <math.h>
#include <stdlib.h>

#include "bench/report/format.h"
#include "bench/report/plot/picture.h"

static double total_of(const struct summary_cell *c)
{
    double sum = 0;
    for (size_t i = 0; i < PHASES; i++)
        sum += isfinite(c->phase_s[i]) ? fmax(0, c->phase_s[i]) : NAN;
    return c->verified && c->rounds > 0 && sum > 0 ? sum : NAN;
}

/* By runtime. */
static double key(const struct summary_cell *cell, const void *what)
{
    (void)what;
    return isfinite(total_of(cell)) ? -(double)picture_runtime_place(cell->cell->runtime) : NAN;
}

static void put_rows(struct picture *p, struct plot_rows *rows)
{
    const struct summary_cell *least = NULL, *most = NULL;
    double low = INFINITY, high = -INFINITY;
    picture_block(p, "rows");
    for (size_t i = 0; i < rows->known; i++) {
        const struct summary_cell *c = rows->items[i].cell;
        const double total = total_of(c), share = c->phase_s[PHASE_WORK] / total;
        double ends[PHASES], at = 0;
        struct format f;
        for (size_t k = 0; k < PHASES; k++)
            ends[k] = 100 * (at += fmax(0, c->phase_s[k])) / total;
        plot_rows_put(p, rows, i, format_time(&f, total), ends, PHASES);
        least = share < low ? c : least;
        most = share > high ? c : most;
        low = fmin(low, share);
        high = fmax(high, share);
    }
    picture_say(
        &p->alt, "%s: start, ready, work and end of every variant; %s spends %.0f%% of its command working, %s %.0f%%",
        p->group->name, picture_variant(most->cell).text, 100 * high, picture_variant(least->cell).text, 100 * low);
}

void picture_phases(struct pictures *out, const struct plan_group *group)
{
    struct plot_rows rows = plot_rows_make(out->source->summary, group, key, NULL);
    struct picture *p = rows.known > 0 ? picture_add(out, "phases", group, NULL) : NULL;
    rows.count = rows.known; /* what did not run has no bar */
    if (p != NULL) {
        put_rows(p, &rows);
        rows.axis = (struct picture_axis){1, 100}; /* a linear one, in truth: phases.gp */
        plot_rows_set(p, &rows);
    }
    free(rows.items);
}
