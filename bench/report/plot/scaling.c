/* SPDX-License-Identifier: MIT */
/*
 * A sweep: each variant's gain over the number of workers, with its intervals and the fitted laws.
 *
 * The data, for each curve K from 1: "points_K" (workers, gain, low, high; the ends are the gain where there is no
 * interval), "amdahl_K" and "usl_K" (workers, gain of the law) where it was fitted; and "capacity" (workers, ratio) where
 * there is one.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/analysis/scaling.h"
#include "bench/report/format.h"
#include "bench/report/plot/rows.h"

#define CURVE_POINTS 60 /* of a fitted law */
#define STEEP        20 /* gains that differ more have a logarithmic axis */

/* The curves of one sweep, which are drawn together, and the greatest gain among them. */
struct sweep {
    const struct scaling *scaling;
    const struct scaling_curve *first, *longest, *best;
    const struct scaling_point *most;
    struct picture *p;
    size_t curves;
    struct picture_axis gain, workers;
};

static double workers_of(const struct scaling_point *point) { return (double)point->cell->group->workers; }

static void put_points(struct sweep *s, const struct scaling_curve *curve)
{
    picture_block(s->p, "points_%zu", s->curves);
    for (const struct scaling_point *point = curve->points; point < curve->points + curve->count; point++) {
        const struct ratio *gain = point->gain;
        if (!ratio_known(gain))
            continue;
        const double numbers[] = {workers_of(point), gain->ratio, picture_low(gain), picture_high(gain)};
        picture_row_of(s->p, NULL, NULL, numbers, 4);
        picture_stretch(&s->workers, numbers[0]);
        for (size_t k = 1; k < 4; k++)
            picture_stretch(&s->gain, numbers[k]);
        if (s->most == NULL || gain->ratio > s->most->gain->ratio) {
            s->most = point;
            s->best = curve;
        }
    }
}

static void put_laws(struct sweep *s, const struct scaling_curve *curve)
{
    const double first = workers_of(&curve->points[0]), last = workers_of(&curve->points[curve->count - 1]);
    for (enum fit_law law = 0; law < FIT_LAWS; law++) {
        picture_block(s->p, "%s_%zu", fit_law_name(law), s->curves);
        for (size_t i = 0; curve->fits[law].accepted && i <= CURVE_POINTS; i++) {
            const double workers = first * pow(last / first, (double)i / CURVE_POINTS);
            picture_row(s->p, NULL, NULL, workers, fit_gain(&curve->fits[law], workers));
        }
    }
}

/* "Amdahl 0.02; USL 0.01, 0.0003": what the key says of a curve's fits. */
static void say_laws(struct picture *p, const struct scaling_curve *curve)
{
    const struct fit *a = &curve->fits[FIT_AMDAHL], *u = &curve->fits[FIT_USL];
    char amdahl[40] = "-", usl[80] = "-";
    if (a->accepted)
        snprintf(amdahl, sizeof amdahl, "%.3g", a->contention.value);
    if (u->accepted)
        snprintf(usl, sizeof usl, "%.3g, %.2g", u->contention.value, u->coherency.value);
    picture_append(p, &p->words[0], " ", "%s:%s", curve->runtime, curve->model);
    picture_append(p, &p->words[1], "|", "Amdahl %s; USL %s", amdahl, usl);
}

static bool any_gain(const struct scaling_curve *curve)
{
    for (size_t i = 0; i < curve->count; i++)
        if (ratio_known(curve->points[i].gain))
            return true;
    return false;
}

static void put_curves(struct sweep *s)
{
    const struct scaling_curve *end = s->scaling->curves + s->scaling->count;
    s->longest = s->first;
    for (const struct scaling_curve *c = s->first; c < end; c++)
        if (scaling_same_table(c, s->first) && any_gain(c)) {
            s->curves++;
            s->longest = c->count > s->longest->count ? c : s->longest;
            put_points(s, c);
            put_laws(s, c);
            say_laws(s->p, c);
        }
    /* Capacities differ by runtime, but are the same for a runtime's models. */
    picture_block(s->p, "capacity");
    for (const struct scaling_curve *c = s->first; c < end; c++)
        for (size_t i = 0; scaling_same_table(c, s->first) && any_gain(c) && i < c->count; i++)
            if (isfinite(c->points[i].capacity))
                picture_row(s->p, NULL, NULL, workers_of(&c->points[i]), c->points[i].capacity);
}

static void say(struct sweep *s, const struct summary *summary)
{
    struct picture *p = s->p;
    const bool steep = s->gain.high / s->gain.low > STEEP, io = strcmp(s->first->group->kind, "io") == 0;
    const double cpus = json_number_value(json_object_get(summary->results->plan, "effective_cpus"));
    struct format f;
    for (size_t i = 0; i < s->longest->count; i++) /* the ticks */
        picture_append(p, &p->words[2], " ", "%.0f", workers_of(&s->longest->points[i]));
    picture_set(p, "curves=%zu; workers=%.6g; low=%.6g; high=%.6g; steep=%d; cpus=%.6g", s->curves, s->workers.high,
                steep ? s->gain.low / 1.4 : 0, s->gain.high * (steep ? 1.6 : 1.15), steep, io ? 0 : ceil(cpus));
    picture_say(
        p, &p->subtitle,
        "%s scaling: %lld job%s %s; work time over own sync. Dashed: Amdahl (serial part); solid: USL (contention, "
        "coherency)",
        s->first->scaling, (long long)s->first->jobs, s->first->jobs == 1 ? "" : "s",
        scaling_is_weak(s->first->scaling) ? "for each worker" : "in all");
    picture_say(p, &p->alt, "%s, %s scaling: gain over 1 to %.0f workers; the most is %s by %s:%s with %.0f workers",
                s->first->sweep, s->first->scaling, s->workers.high, format_ratio(&f, s->most->gain->ratio),
                s->best->runtime, s->best->model, workers_of(s->most));
}

/* The first curve with a gain of its sweep. */
static bool begins_sweep(const struct scaling *scaling, const struct scaling_curve *curve)
{
    for (const struct scaling_curve *before = scaling->curves; before < curve; before++)
        if (scaling_same_table(before, curve) && any_gain(before))
            return false;
    return any_gain(curve);
}

void picture_scaling(struct pictures *out, const struct picture_source *source, const struct plan_group *none)
{
    struct scaling scaling;
    (void)none;
    if (scaling_make(&scaling, source->summary) != 0) {
        out->rc = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < scaling.count; i++) {
        const struct scaling_curve *c = &scaling.curves[i];
        struct sweep s = {.scaling = &scaling, .first = c, .gain = {1, 1}, .workers = {1, 1}};
        if (begins_sweep(&scaling, c))
            s.p = picture_add_sweep(out, source->summary, "scaling", c->group);
        if (s.p != NULL) {
            put_curves(&s);
            say(&s, source->summary);
        }
    }
    scaling_free(&scaling);
}
