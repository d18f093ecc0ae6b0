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
#include "bench/report/plot/picture.h"

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

static void say(struct picture *p, const struct plot_rows *rows, const struct ranking *r, const char *common)
{
    const struct plot_row *first = &rows->items[0], *last = &rows->items[rows->known - 1];
    const char *time = r->time == RATIO_WORK ? "work time" : "whole command";
    struct format a, b;
    picture_say(&p->words[0], "%s over %s%s%s", time, r->base == RATIO_PY_SYNC ? common : "the runtime's own",
                r->base == RATIO_PY_SYNC ? ":" : " ", plan_baseline(p->group));
    picture_say(&p->alt, "%s: the %zu variants sorted by their %s; the highest is %s with %s, the lowest %s with %s",
                p->group->name, rows->count, time, picture_variant(first->cell->cell).text,
                format_ratio(&a, first->key), picture_variant(last->cell->cell).text, format_ratio(&b, last->key));
}

void picture_ranking(struct pictures *out, const struct plan_group *group)
{
    const struct summary *summary = out->source->summary;
    const enum ratio_base base = picture_compares(summary, group, RATIO_PY_SYNC) ? RATIO_PY_SYNC : RATIO_OWN_SYNC;
    const struct ranking r = {picture_time(summary, group, base), base};
    struct plot_rows rows = plot_rows_make(summary, group, key, &r);
    struct picture *p = rows.known > 0 ? picture_add(out, "ranking", group, NULL) : NULL;
    if (p != NULL) {
        picture_block(p, "rows");
        for (size_t i = 0; i < rows.count; i++) {
            const struct ratio *ratio = speedup_of(rows.items[i].cell, &r);
            struct format f;
            plot_rows_put(p, &rows, i,
                          i < rows.known ? format_speedup(&f, ratio) : picture_why(rows.items[i].cell, ratio),
                          (const double[]){ratio->ratio, picture_low(ratio), picture_high(ratio)}, 3);
        }
        plot_rows_set(p, &rows);
        say(p, &rows, &r, summary->results->common);
    }
    free(rows.items);
}
