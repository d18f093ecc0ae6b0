/* SPDX-License-Identifier: MIT */
/*
 * Memory: the peak PSS of a variant's process tree over the number of workers, for each sweep; where the run has a marginal
 * cost (bench/analysis/scaling.h), what one more costs stands in the key.
 *
 * The data, for each variant K from 1: "points_K" (workers, megabytes).
 */
#include <math.h>

#include "bench/report/format.h"
#include "bench/report/plot/picture.h"

#define MB         1e-6
#define AXIS_SPACE 1.3

struct sweep {
    struct picture *p;
    size_t curves;
    struct picture_axis workers, memory;
    const struct summary_cell *most;
};

static double bytes_of(const struct scaling_point *point)
{
    return point->cell->cell->peak_pss_bytes > 0 ? (double)point->cell->cell->peak_pss_bytes : NAN;
}

/* `cost`: of one more, NaN where it is not known. */
static void put_curve(struct sweep *s, const struct scaling_curve *curve, double cost)
{
    struct format f;
    picture_block(s->p, "points_%zu", ++s->curves);
    for (const struct scaling_point *point = curve->points; point < curve->points + curve->count; point++) {
        const double workers = (double)point->cell->group->workers, bytes = bytes_of(point);
        if (!isfinite(bytes))
            continue;
        picture_row(s->p, NULL, NULL, workers, bytes * MB);
        picture_stretch(&s->workers, workers);
        picture_stretch(&s->memory, bytes * MB);
        if (s->most == NULL || point->cell->cell->peak_pss_bytes > s->most->cell->peak_pss_bytes)
            s->most = point->cell;
    }
    picture_append(&s->p->words[0], " ", "%s", picture_variant(curve->points[0].cell->cell).text);
    picture_append(&s->p->words[1], "|", "%s%s", isfinite(cost) ? format_bytes(&f, cost) : " ",
                   isfinite(cost) ? " for one more" : "");
}

static void say(struct sweep *s, const struct scaling_curve *first)
{
    struct picture *p = s->p;
    const bool compares = !plan_prices(first->group);
    struct format f;
    picture_set(p, "curves=%zu; workers=%.6g; low=%.6g; high=%.6g", s->curves, s->workers.high,
                s->memory.low / AXIS_SPACE, s->memory.high * AXIS_SPACE);
    picture_say(&p->subtitle, "task %s, %s%s: peak memory (PSS) of the whole process tree", first->group->task,
                compares ? first->scaling : "what one more costs", compares ? " scaling" : "");
    picture_say(&p->alt,
                "%s: peak memory of %zu variants over 1 to %.0f workers; the most is %s, %s with %lld worker%s",
                first->sweep, s->curves, s->workers.high, format_bytes(&f, (double)s->most->cell->peak_pss_bytes),
                picture_variant(s->most->cell).text, (long long)s->most->group->workers,
                s->most->group->workers == 1 ? "" : "s");
}

/* `rows`: of each curve its price; NULL: none has one. */
static void put_sweeps(struct pictures *out, const struct scaling *scaling, const struct price *rows)
{
    for (size_t i = 0; i < scaling->count; i++) {
        if (picture_next_curve(scaling, i, 0, bytes_of) != i)
            continue;
        struct sweep s = {picture_add_sweep(out, "memory", &scaling->curves[i]), 0, {INFINITY, 1}, {INFINITY, 0}, NULL};
        for (size_t k = i; k < scaling->count; k = picture_next_curve(scaling, i, k + 1, bytes_of))
            put_curve(&s, &scaling->curves[k], rows != NULL ? rows[k].memory_bytes.estimate : NAN);
        say(&s, &scaling->curves[i]);
    }
}

void picture_memory(struct pictures *out, const struct plan_group *none)
{
    struct scaling scaling;
    struct prices prices;
    (void)none;
    scaling_make(&scaling, out->source->summary);
    prices_make(&prices, out->source->summary);
    put_sweeps(out, &scaling, NULL);
    put_sweeps(out, &prices.curves, prices.rows);
    prices_free(&prices);
    scaling_free(&scaling);
}
