/* SPDX-License-Identifier: MIT */
/* A sweep over workers: the greatest gain that the intervals show, and what the laws make of its curve. */
#include "bench/report/findings_parts.h"

#include <string.h>

#include "bench/report/format.h"
#include "bench/report/scaling_text.h"

struct best {
    const struct scaling_curve *curve; /* NULL: no model was shown to gain */
    const struct scaling_point *point;
};

/* Of all curves of the table, or of one runtime's. */
static struct best find_best(const struct scaling *scaling, const struct scaling_curve *table, const char *runtime)
{
    struct best best = {NULL, NULL};
    for (size_t i = 0; i < scaling->count; i++) {
        const struct scaling_curve *curve = &scaling->curves[i];
        if (!scaling_same_table(curve, table) || (runtime != NULL && strcmp(curve->runtime, runtime) != 0))
            continue;
        for (size_t p = 0; p < curve->count; p++)
            if (curve->points[p].gain->verdict == VERDICT_FASTER &&
                (best.curve == NULL || curve->points[p].gain->ratio > best.point->gain->ratio))
                best = (struct best){curve, &curve->points[p]};
    }
    return best;
}

static void put_laws(FILE *out, const struct scaling_curve *curve)
{
    static const char *const titles[FIT_LAWS] = {[FIT_AMDAHL] = "Amdahl", [FIT_USL] = "USL"};
    bool any = false;
    for (enum fit_law law = 0; law < FIT_LAWS; law++) {
        struct scaling_law_text text;
        if (curve->fits[law].accepted)
            fprintf(out, "; %s: %s", titles[law], scaling_law_text(&text, &curve->fits[law]));
        any |= curve->fits[law].accepted;
    }
    if (!any)
        fprintf(out, "; no law fitted to it: %s", curve->fits[FIT_USL].reason);
}

static void put_workers(FILE *out, const struct scaling_point *point)
{
    const long long workers = (long long)point->cell->group->workers;
    fprintf(out, " with %lld worker%s", workers, workers == 1 ? "" : "s");
}

/* The fewest and the most workers of the table. */
static void put_range(FILE *out, const struct scaling *scaling, const struct scaling_curve *table)
{
    int64_t low = table->points[0].cell->group->workers, high = low;
    for (size_t i = 0; i < scaling->count; i++)
        for (size_t p = 0; scaling_same_table(&scaling->curves[i], table) && p < scaling->curves[i].count; p++) {
            const int64_t workers = scaling->curves[i].points[p].cell->group->workers;
            low = workers < low ? workers : low;
            high = workers > high ? workers : high;
        }
    fprintf(out, "%s scaling over %lld to %lld workers, %lld job%s%s: ", table->scaling, (long long)low,
            (long long)high, (long long)table->jobs, table->jobs == 1 ? "" : "s",
            scaling_is_weak(table->scaling) ? " each" : "");
}

void headline_put_sweep(FILE *out, const struct headline_subject *subject)
{
    const struct best best = find_best(subject->scaling, subject->table, NULL);
    struct format ratio, interval;
    put_range(out, subject->scaling, subject->table);
    if (best.curve == NULL) {
        fputs("no model shown to gain over its sync with any of them", out);
        return;
    }
    fprintf(out, "the greatest gain is that of %s:%s, %s its sync", best.curve->runtime, best.curve->model,
            format_ratio(&ratio, best.point->gain->ratio));
    fprintf(out, " %s", format_interval(&interval, best.point->gain->low, best.point->gain->high));
    put_workers(out, best.point);
    headline_put_limit(out, subject->summary, best.point->cell, best.point->gain);
    headline_put_doubts(out, best.point->cell);
    put_laws(out, best.curve);
}

/* In the order of the plan, each runtime once. */
void headline_put_sweep_best(FILE *out, const struct headline_subject *subject)
{
    const struct scaling *scaling = subject->scaling;
    const char *last = NULL;
    for (size_t i = 0; i < scaling->count; i++) {
        const struct scaling_curve *curve = &scaling->curves[i];
        struct format f;
        if (!scaling_same_table(curve, subject->table) || (last != NULL && strcmp(last, curve->runtime) == 0))
            continue;
        const struct best best = find_best(scaling, subject->table, curve->runtime);
        fputs(last == NULL ? "" : "; ", out);
        last = curve->runtime;
        if (best.curve == NULL) {
            fprintf(out, "%s: no model shown to gain", last);
            continue;
        }
        fprintf(out, "%s:%s %s", last, best.curve->model, format_speedup(&f, best.point->gain));
        put_workers(out, best.point);
    }
}
