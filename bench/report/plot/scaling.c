/* SPDX-License-Identifier: MIT */
/*
 * A sweep: each variant's gain over the number of workers, with its intervals and the fitted laws.
 *
 * The data, for each curve K from 1: "points K" (workers, gain, low, high; the ends are the gain where there is no
 * interval), "amdahl K" and "usl K" (workers, gain of the law) where it was fitted; and "capacity" (workers, ratio) where
 * there is one.
 */
#include "bench/report/plot/pictures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/analysis/scaling.h"
#include "bench/util/text.h"

#define CURVE_POINTS 60 /* of a fitted law */

/* The curves of one sweep that are drawn together. */
struct sweep {
    const struct scaling_curve **curves;
    size_t count, capacities;
    double most_workers, least_gain, most_gain, cpus;
};

static bool same_sweep(const struct scaling_curve *a, const struct scaling_curve *b)
{
    return strcmp(a->sweep, b->sweep) == 0 && strcmp(a->scaling, b->scaling) == 0 && a->jobs == b->jobs;
}

static void stretch(struct sweep *s, double gain)
{
    if (!isfinite(gain) || gain <= 0)
        return;
    s->least_gain = fmin(s->least_gain, gain);
    s->most_gain = fmax(s->most_gain, gain);
}

static void take_curve(struct sweep *s, const struct scaling_curve *curve)
{
    bool any = false;
    for (size_t p = 0; p < curve->count; p++) {
        const struct scaling_point *point = &curve->points[p];
        if (!ratio_known(point->gain))
            continue;
        any = true;
        stretch(s, point->gain->ratio);
        stretch(s, point->gain->low);
        stretch(s, point->gain->high);
        s->most_workers = fmax(s->most_workers, (double)point->cell->group->workers);
        s->capacities += isfinite(point->capacity) ? 1 : 0;
    }
    if (any)
        s->curves[s->count++] = curve;
}

static int sweep_make(struct sweep *s, const struct scaling *scaling, const struct scaling_curve *first, double cpus)
{
    *s = (struct sweep){.curves = calloc(scaling->count + 1, sizeof *s->curves),
                        .most_workers = 1,
                        .least_gain = 1,
                        .most_gain = 1,
                        .cpus = cpus};
    if (s->curves == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < scaling->count; i++)
        if (same_sweep(&scaling->curves[i], first))
            take_curve(s, &scaling->curves[i]);
    return 0;
}

static void put_points(const struct scaling_curve *curve, FILE *out)
{
    for (size_t p = 0; p < curve->count; p++) {
        const struct ratio *gain = curve->points[p].gain;
        if (!ratio_known(gain))
            continue;
        const bool full = gain->state == RATIO_FULL;
        fprintf(out, "%lld %.6g %.6g %.6g\n", (long long)curve->points[p].cell->group->workers, gain->ratio,
                full ? gain->low : gain->ratio, full ? gain->high : gain->ratio);
    }
}

static void put_law(const struct scaling_curve *curve, const struct fit *fit, FILE *out)
{
    const double first = (double)curve->points[0].cell->group->workers;
    const double last = (double)curve->points[curve->count - 1].cell->group->workers;
    for (size_t i = 0; i <= CURVE_POINTS; i++) {
        const double workers = first * pow(last / first, (double)i / CURVE_POINTS);
        fprintf(out, "%.6g %.6g\n", workers, fit_gain(fit, workers));
    }
}

/* Capacities of all curves: they differ by runtime, but are the same for a runtime's models. */
static void put_capacities(const struct sweep *s, FILE *out)
{
    fputs("\n\n# capacity\n", out);
    for (size_t k = 0; k < s->count; k++)
        for (size_t p = 0; p < s->curves[k]->count; p++)
            if (isfinite(s->curves[k]->points[p].capacity))
                fprintf(out, "%lld %.6g\n", (long long)s->curves[k]->points[p].cell->group->workers,
                        s->curves[k]->points[p].capacity);
}

static int print(const void *what, FILE *out)
{
    const struct sweep *s = what;
    fputs("# Made by cobench from the run's summary; the blocks are described in bench/report/plot/scaling.c.\n", out);
    for (size_t k = 0; k < s->count; k++) {
        fprintf(out, "\n\n# points %zu\n", k + 1);
        put_points(s->curves[k], out);
        for (enum fit_law law = 0; law < FIT_LAWS; law++)
            if (s->curves[k]->fits[law].accepted) {
                fprintf(out, "\n\n# %s %zu\n", fit_law_name(law), k + 1);
                put_law(s->curves[k], &s->curves[k]->fits[law], out);
            }
    }
    if (s->capacities > 0)
        put_capacities(s, out);
    return 0;
}

/* -- words ------------------------------------------------------------------------------------------------------------ */

static void put_variant(const void *what, size_t k, FILE *out)
{
    const struct scaling_curve *c = ((const struct sweep *)what)->curves[k];
    fprintf(out, "%s:%s", c->runtime, c->model);
}

/* "Amdahl 0.02; USL 0.01, 0.0003": what the key says of a curve's fits. */
static void put_laws(const void *what, size_t k, FILE *out)
{
    const struct scaling_curve *c = ((const struct sweep *)what)->curves[k];
    const struct fit *a = &c->fits[FIT_AMDAHL], *u = &c->fits[FIT_USL];
    if (a->accepted)
        fprintf(out, "Amdahl %.3g; ", a->contention.value);
    else
        fputs("Amdahl -; ", out);
    if (u->accepted)
        fprintf(out, "USL %.3g, %.2g", u->contention.value, u->coherency.value);
    else
        fputs("USL -", out);
}

/* "; fits_1=3": bit 1 Amdahl, bit 2 USL. */
static void put_fits(const void *what, size_t k, FILE *out)
{
    const struct fit *fits = ((const struct sweep *)what)->curves[k]->fits;
    fprintf(out, "; fits_%zu=%d", k + 1, (fits[FIT_AMDAHL].accepted ? 1 : 0) + (fits[FIT_USL].accepted ? 2 : 0));
}

/* The measured counts of workers, for the ticks: of the curve with the most points. */
static void put_workers(const void *what, size_t point, FILE *out)
{
    fprintf(out, "%lld", (long long)((const struct scaling_curve *)what)->points[point].cell->group->workers);
}

static char *ticks(const struct sweep *s)
{
    const struct scaling_curve *longest = NULL;
    for (size_t k = 0; k < s->count; k++)
        if (longest == NULL || s->curves[k]->count > longest->count)
            longest = s->curves[k];
    return picture_join(put_workers, longest, longest == NULL ? 0 : longest->count, " ");
}

static char *settings(const struct sweep *s)
{
    const bool steep = s->most_gain / s->least_gain > 20;
    char *fits = picture_join(put_fits, s, s->count, "");
    char *text = fits == NULL
                     ? NULL
                     : text_format(
                           "curves=%zu; workers=%.6g; low=%.6g; high=%.6g; steep=%d; cpus=%.6g; capacities=%zu%s",
                           s->count, s->most_workers, steep ? s->least_gain / 1.4 : 0,
                           s->most_gain * (steep ? 1.6 : 1.15), steep, s->cpus, s->capacities, fits);
    free(fits);
    return text;
}

static char *subtitle(const struct scaling_curve *first)
{
    const bool weak = strcmp(first->scaling, "weak") == 0;
    return text_format("%s scaling: %lld job%s %s; work time over own sync. Dashed: Amdahl (serial part); solid: USL "
                       "(contention, coherency)",
                       first->scaling, (long long)first->jobs, first->jobs == 1 ? "" : "s",
                       weak ? "for each worker" : "in all");
}

static char *alt(const struct sweep *s, const struct scaling_curve *first)
{
    const struct scaling_curve *best = NULL;
    const struct ratio *most = NULL;
    long long workers = 0;
    for (size_t k = 0; k < s->count; k++)
        for (size_t p = 0; p < s->curves[k]->count; p++) {
            const struct ratio *gain = s->curves[k]->points[p].gain;
            if (!ratio_known(gain) || (most != NULL && gain->ratio <= most->ratio))
                continue;
            most = gain;
            best = s->curves[k];
            workers = (long long)s->curves[k]->points[p].cell->group->workers;
        }
    struct format f;
    if (best == NULL)
        return text_format("%s: no gain to show", first->sweep);
    return text_format("%s, %s scaling: gain over 1 to %.0f workers; the most is %s by %s:%s with %lld workers",
                       first->sweep, first->scaling, s->most_workers, format_ratio(&f, most->ratio), best->runtime,
                       best->model, workers);
}

/* Several sweeps of one name (other jobs, or strong and weak) need names of their own. */
static char *stem_of(const struct summary *summary, const struct scaling *scaling, const struct scaling_curve *first)
{
    bool alone = true;
    for (size_t i = 0; i < scaling->count; i++)
        alone &= strcmp(scaling->curves[i].sweep, first->sweep) != 0 || same_sweep(&scaling->curves[i], first);
    char *name = alone ? text_format("%s", first->sweep)
                       : text_format("%s-%s-%lld", first->sweep, first->scaling, (long long)first->jobs);
    char *stem = name == NULL ? NULL
                              : picture_stem("scaling", name, (size_t)(first->group - summary->results->groups), false);
    free(name);
    return stem;
}

static int sweep_add(struct pictures *out, const struct summary *summary, const struct scaling *scaling,
                     const struct scaling_curve *first)
{
    struct sweep s;
    const double cpus = json_number_value(json_object_get(summary->results->plan, "effective_cpus"));
    const int rc = sweep_make(&s, scaling, first, strcmp(first->group->kind, "io") == 0 ? 0 : ceil(cpus));
    struct picture *p = rc == 0 ? pictures_add(out, summary, "scaling", first->group) : NULL;
    if (p != NULL) {
        /* pictures_add named it after the first point's group: "count (1 worker)". */
        picture_take(p, &p->title, text_format("%s", first->sweep));
        picture_take(p, &p->subtitle, subtitle(first));
        picture_take(p, &p->stem, stem_of(summary, scaling, first));
        picture_set_data(p, "scaling.c", print, &s);
        picture_take(p, &p->settings, settings(&s));
        picture_take(p, &p->alt, alt(&s, first));
        picture_take(p, &p->words[0], picture_join(put_variant, &s, s.count, " "));
        picture_take(p, &p->words[1], picture_join(put_laws, &s, s.count, "|"));
        picture_take(p, &p->words[2], ticks(&s));
        p->empty = s.count == 0;
    }
    free(s.curves);
    return rc != 0 ? rc : p == NULL ? -ENOMEM : p->rc;
}

int picture_scaling(struct pictures *out, const struct picture_source *source, struct error *err)
{
    struct scaling scaling;
    (void)err;
    int rc = scaling_make(&scaling, source->summary);
    for (size_t i = 0; rc == 0 && i < scaling.count; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++)
            first &= !same_sweep(&scaling.curves[k], &scaling.curves[i]);
        if (first)
            rc = sweep_add(out, source->summary, &scaling, &scaling.curves[i]);
    }
    scaling_free(&scaling);
    return rc;
}
