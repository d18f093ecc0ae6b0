/* SPDX-License-Identifier: MIT */
/*
 * A sweep: each variant's gain over the number of workers, with its intervals and the fitted laws.
 *
 * The data, for each curve K from 1: "points_K" (workers, gain, low, high; the ends are the gain where there is no
 * interval), "amdahl_K" and "usl_K" (workers, gain of the law) where it was fitted; and "capacity" (workers, ratio) where
 * there is one.
 */
#include <math.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/plot/picture.h"

#define CURVE_POINTS 60 /* of a fitted law */
#define STEEP        20 /* gains that differ more have a logarithmic axis */

/* The curves of one sweep, which are drawn together, and the greatest gain among them. */
struct sweep {
    struct picture *p;
    size_t curves;
    struct picture_axis gain, workers;
    const struct scaling_curve *longest;
    const struct scaling_point *most;
};

static double gain_of(const struct scaling_point *point) { return ratio_known(point->gain) ? point->gain->ratio : NAN; }

static double workers_of(const struct scaling_point *point) { return (double)point->cell->group->workers; }

static void put_points(struct sweep *s, const struct scaling_curve *curve)
{
    picture_block(s->p, "points_%zu", s->curves);
    for (const struct scaling_point *point = curve->points; point < curve->points + curve->count; point++) {
        const struct ratio *gain = point->gain;
        if (!isfinite(gain_of(point)))
            continue;
        const double numbers[] = {workers_of(point), gain->ratio, picture_low(gain), picture_high(gain)};
        picture_row_of(s->p, NULL, NULL, numbers, 4);
        picture_stretch(&s->workers, numbers[0]);
        for (size_t k = 1; k < 4; k++)
            picture_stretch(&s->gain, numbers[k]);
        if (s->most == NULL || gain->ratio > s->most->gain->ratio)
            s->most = point;
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
    picture_append(&p->words[0], " ", "%s:%s", curve->runtime, curve->model);
    picture_append(&p->words[1], "|", "Amdahl %s; USL %s", amdahl, usl);
}

static void put_curves(struct sweep *s, const struct scaling *scaling, size_t first)
{
    s->longest = &scaling->curves[first];
    for (size_t i = first; i < scaling->count; i = picture_next_curve(scaling, first, i + 1, gain_of)) {
        const struct scaling_curve *c = &scaling->curves[i];
        s->curves++;
        s->longest = c->count > s->longest->count ? c : s->longest;
        put_points(s, c);
        put_laws(s, c);
        say_laws(s->p, c);
    }
    /* Capacities differ by runtime, but are the same for a runtime's models. */
    picture_block(s->p, "capacity");
    for (size_t i = first; i < scaling->count; i = picture_next_curve(scaling, first, i + 1, gain_of))
        for (const struct scaling_point *p = scaling->curves[i].points, *end = p + scaling->curves[i].count; p < end;
             p++)
            if (isfinite(p->capacity))
                picture_row(s->p, NULL, NULL, workers_of(p), p->capacity);
}

static void say(struct sweep *s, const struct scaling_curve *first, double cpus)
{
    struct picture *p = s->p;
    const bool steep = s->gain.high / s->gain.low > STEEP;
    struct format f;
    for (size_t i = 0; i < s->longest->count; i++) /* the ticks */
        picture_append(&p->words[2], " ", "%.0f", workers_of(&s->longest->points[i]));
    picture_set(p, "curves=%zu; workers=%.6g; low=%.6g; high=%.6g; steep=%d; cpus=%.6g", s->curves, s->workers.high,
                steep ? s->gain.low / 1.4 : 0, s->gain.high * (steep ? 1.6 : 1.15), steep, cpus);
    picture_say(
        &p->subtitle,
        "%s scaling: %lld job%s %s; work time over own %s. Dashed: Amdahl (serial part); solid: USL (contention, "
        "coherency)",
        first->scaling, (long long)first->jobs, first->jobs == 1 ? "" : "s",
        scaling_is_weak(first->scaling) ? "for each worker" : "in all", plan_baseline(first->points[0].cell->group));
    picture_say(&p->alt, "%s, %s scaling: gain over 1 to %.0f workers; the most is %s by %s with %.0f worker%s",
                first->sweep, first->scaling, s->workers.high, format_ratio(&f, gain_of(s->most)),
                picture_variant(s->most->cell->cell).text, workers_of(s->most), workers_of(s->most) == 1 ? "" : "s");
}

void picture_scaling(struct pictures *out, const struct plan_group *none)
{
    const struct summary *summary = out->source->summary;
    struct scaling scaling;
    (void)none;
    scaling_make(&scaling, summary);
    for (size_t i = 0; i < scaling.count; i++) {
        const struct scaling_curve *first = &scaling.curves[i];
        struct sweep s = {.gain = {1, 1}, .workers = {1, 1}};
        if (picture_next_curve(&scaling, i, 0, gain_of) != i)
            continue;
        s.p = picture_add_sweep(out, "scaling", first);
        put_curves(&s, &scaling, i);
        say(&s, first, strcmp(first->group->kind, "io") == 0 ? 0 : ceil(summary_cpus(summary)));
    }
    scaling_free(&scaling);
}
