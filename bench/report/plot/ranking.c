/* SPDX-License-Identifier: MIT */
/*
 * The ranking of a group: all variants sorted by their speedup over py:sync, with its interval. By work time; by the whole
 * command where no work is long enough; over the own sync where the run has no py:sync.
 *
 * The data: "rows" (y, place of the runtime, ratio, low, high, name, label); the numbers are NaN where there is no ratio.
 */
#include <math.h>
#include <stdlib.h>

#include "bench/report/format.h"
#include "bench/report/plot/rows.h"

struct ranking {
    enum ratio_time time;
    enum ratio_base base;
};

static const struct ratio *speedup_of(const struct summary_cell *cell, const struct ranking *r)
{
    return &cell->speedup[r->time][r->base];
}

static double key(const struct summary_cell *cell, const void *what)
{
    const struct ratio *r = speedup_of(cell, what);
    return ratio_known(r) ? r->ratio : NAN;
}

static void put_rows(struct picture *p, struct plot_rows *rows, const struct ranking *r)
{
    picture_block(p, "rows");
    for (size_t i = 0; i < rows->count; i++) {
        const struct summary_cell *cell = rows->items[i].cell;
        const struct ratio *ratio = speedup_of(cell, r);
        const double numbers[] = {ratio->ratio, picture_low(ratio), picture_high(ratio)};
        struct format f;
        plot_rows_put(p, rows, i, i < rows->known ? format_speedup(&f, ratio) : picture_why(cell, ratio), numbers, 3);
        for (size_t k = 0; i < rows->known && k < 3; k++)
            picture_stretch(&rows->axis, numbers[k]);
    }
    plot_rows_set(p, rows);
}

static void say(struct picture *p, const struct plot_rows *rows, const struct ranking *r)
{
    const struct plot_row *first = &rows->items[0], *last = &rows->items[rows->known - 1];
    const char *time = r->time == RATIO_WORK ? "work time" : "whole command";
    struct format a, b;
    picture_say(p, &p->words[0], "%s over %s", time,
                r->base == RATIO_PY_SYNC ? SUMMARY_BASELINE_RUNTIME ":sync" : "the runtime's own sync");
    picture_say(p, &p->alt, "%s: the %zu variants sorted by their %s; the first is %s with %s, the last %s with %s",
                p->group->name, rows->count, time, picture_variant(first->cell->cell).text,
                format_ratio(&a, first->key), picture_variant(last->cell->cell).text, format_ratio(&b, last->key));
}

void picture_ranking(struct pictures *out, const struct picture_source *source, const struct plan_group *group)
{
    const struct summary *summary = source->summary;
    struct ranking r = {picture_time(summary, group, RATIO_PY_SYNC), RATIO_PY_SYNC};
    if (!picture_compares(summary, group, r.time, r.base)) /* a run without Python */
        r = (struct ranking){picture_time(summary, group, RATIO_OWN_SYNC), RATIO_OWN_SYNC};
    struct plot_rows rows = plot_rows_make(out, summary, group, key, &r);
    struct picture *p = rows.known > 0 ? picture_add(out, summary, "ranking", group, NULL) : NULL;
    if (p != NULL) {
        put_rows(p, &rows, &r);
        say(p, &rows, &r);
    }
    free(rows.items);
}
