/* SPDX-License-Identifier: MIT */
/*
 * The ranking of a group: all variants sorted by their speedup over py:sync, with its interval. By work time; by the whole
 * command where no work is long enough; over the own sync where the run has no py:sync.
 *
 * The data: "rows" (y, place of the runtime, name, ratio, low, high, label); the numbers are NaN where there is no ratio.
 */
#include <errno.h>
#include <math.h>

#include "bench/report/format.h"
#include "bench/report/plot/pictures.h"
#include "bench/report/plot/rows.h"
#include "bench/util/text.h"

struct ranking {
    struct plot_rows rows;
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

/* The first of time and base by which more than the baseline itself can be sorted. */
static int ranking_make(struct ranking *r, const struct summary *summary, const struct plan_group *group)
{
    int rc = 0;
    r->rows.items = NULL;
    for (size_t i = 0; rc == 0 && i < RATIO_TIMES * RATIO_BASES && (i == 0 || r->rows.known <= 1); i++) {
        plot_rows_free(&r->rows);
        r->time = i % 2 == 0 ? RATIO_WORK : RATIO_WHOLE;
        r->base = i < 2 ? RATIO_PY_SYNC : RATIO_OWN_SYNC; /* in a run without Python */
        rc = plot_rows_make(&r->rows, summary, group, key, r);
    }
    for (size_t i = 0; rc == 0 && i < r->rows.known; i++) {
        const struct ratio *ratio = speedup_of(r->rows.items[i].cell, r);
        plot_rows_stretch(&r->rows, ratio->ratio);
        plot_rows_stretch(&r->rows, ratio->low);
        plot_rows_stretch(&r->rows, ratio->high);
    }
    return rc;
}

static int print(const void *what, FILE *out)
{
    const struct ranking *r = what;
    fputs("\n\n# rows\n", out);
    for (size_t i = 0; i < r->rows.count; i++) {
        const struct summary_cell *cell = r->rows.items[i].cell;
        const struct ratio *ratio = speedup_of(cell, r);
        const bool full = ratio->state == RATIO_FULL;
        struct format f;
        plot_rows_put(&r->rows, i, out);
        if (i < r->rows.known)
            fprintf(out, " %.6g %.6g %.6g ", ratio->ratio, full ? ratio->low : ratio->ratio,
                    full ? ratio->high : ratio->ratio);
        else
            fputs(" NaN NaN NaN ", out);
        picture_put_name(out, i < r->rows.known ? format_speedup(&f, ratio)
                              : cell->verified  ? format_ratio_state(ratio->state)
                                                : "failed");
        fputc('\n', out);
    }
    return 0;
}

/* "work time over py:sync" */
static char *compared(const struct ranking *r)
{
    return text_format("%s over %s", r->time == RATIO_WORK ? "work time" : "whole command",
                       r->base == RATIO_PY_SYNC ? SUMMARY_BASELINE_RUNTIME ":sync" : "the runtime's own sync");
}

static char *alt(const struct ranking *r, const struct plan_group *group)
{
    const struct plot_row *first = &r->rows.items[0], *last = &r->rows.items[r->rows.known - 1];
    struct format a, b;
    return text_format("%s: the %zu variants sorted by their %s; the first is %s:%s with %s, the last %s:%s with %s",
                       group->name, r->rows.count, r->time == RATIO_WORK ? "work time" : "whole command",
                       first->cell->cell->runtime, first->cell->cell->model, format_ratio(&a, first->key),
                       last->cell->cell->runtime, last->cell->cell->model, format_ratio(&b, last->key));
}

static int ranking_add(struct pictures *out, const struct picture_source *source, const struct plan_group *group)
{
    struct ranking r;
    int rc = ranking_make(&r, source->summary, group);
    if (rc == 0 && r.rows.known > 0) {
        struct picture *p = pictures_add(out, source->summary, "ranking", group);
        rc = p == NULL ? -ENOMEM : 0;
        if (p != NULL) {
            picture_set_data(p, "ranking.c", print, &r);
            picture_take(p, &p->settings, plot_rows_settings(&r.rows));
            picture_take(p, &p->alt, alt(&r, group));
            picture_take(p, &p->words[0], compared(&r));
            rc = p->rc;
        }
    }
    plot_rows_free(&r.rows);
    return rc;
}

int picture_ranking(struct pictures *out, const struct picture_source *source, struct error *err)
{
    (void)err;
    return pictures_each_group(out, source, ranking_add);
}
