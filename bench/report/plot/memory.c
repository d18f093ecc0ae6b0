/* SPDX-License-Identifier: MIT */
/*
 * Memory: the peak PSS of a variant's process tree over the number of workers, for each sweep; where the run has a marginal
 * cost (bench/analysis/marginal_cost.h), what one more costs stands in the key.
 *
 * The data, for each variant K from 1: "points_K" (workers, megabytes).
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/analysis/marginal_cost.h"
#include "bench/analysis/scaling.h"
#include "bench/report/format.h"
#include "bench/report/plot/rows.h"

#define MB         1e-6
#define AXIS_SPACE 1.3

struct sweep {
    const struct summary *summary;
    const struct prices *prices;
    const struct plan_group *first;
    struct picture *p;
    size_t curves;
    struct picture_axis workers, memory;
    const struct summary_cell *most;
};

static bool in_sweep(const struct plan_group *a, const struct plan_group *b)
{
    return a->sweep != NULL && b->sweep != NULL && a->scaling != NULL && b->scaling != NULL &&
           strcmp(a->sweep, b->sweep) == 0 && strcmp(a->scaling, b->scaling) == 0;
}

static bool has_memory(const struct sweep *s, const struct summary_cell *c)
{
    return in_sweep(c->group, s->first) && c->cell->peak_pss_bytes > 0 && !c->cell->baseline;
}

static bool is_variant(const struct summary_cell *c, const char *runtime, const char *model)
{
    return strcmp(c->cell->runtime, runtime) == 0 && strcmp(c->cell->model, model) == 0;
}

/* The first cell with memory of each variant of the sweep, from `cell` on; NULL: there is none. */
static const struct summary_cell *next_variant(const struct sweep *s, const struct summary_cell *cell)
{
    for (; cell < s->summary->cells + s->summary->cell_count; cell++) {
        const struct summary_cell *first = s->summary->cells;
        while (first < cell && !(has_memory(s, first) && is_variant(first, cell->cell->runtime, cell->cell->model)))
            first++;
        if (first == cell && has_memory(s, cell))
            return cell;
    }
    return NULL;
}

static void put_points(struct sweep *s, const struct summary_cell *variant)
{
    picture_block(s->p, "points_%zu", ++s->curves);
    for (const struct summary_cell *c = variant; c < s->summary->cells + s->summary->cell_count; c++) {
        if (!has_memory(s, c) || !is_variant(c, variant->cell->runtime, variant->cell->model))
            continue;
        const double size = (double)c->cell->peak_pss_bytes;
        picture_row(s->p, NULL, NULL, (double)c->group->workers, size * MB);
        picture_stretch(&s->workers, (double)c->group->workers);
        picture_stretch(&s->memory, size * MB);
        s->most = s->most == NULL || c->cell->peak_pss_bytes > s->most->cell->peak_pss_bytes ? c : s->most;
    }
}

/* "12.3 kB for one more"; nothing where there is no such cost. */
static void say_cost(struct sweep *s, const struct summary_cell *variant)
{
    struct format f = {" "};
    for (size_t i = 0; i < s->prices->count; i++) {
        const struct price *price = &s->prices->rows[i];
        if (in_sweep(price->group, s->first) && is_variant(variant, price->runtime, price->model) &&
            isfinite(price->memory_bytes.estimate))
            format_bytes(&f, price->memory_bytes.estimate);
    }
    picture_append(s->p, &s->p->words[0], " ", "%s", picture_variant(variant->cell).text);
    picture_append(s->p, &s->p->words[1], "|", "%s%s", f.text, *f.text != ' ' ? " for one more" : "");
}

static void say(struct sweep *s)
{
    struct picture *p = s->p;
    const bool compares = plan_compares(s->first);
    struct format f;
    picture_set(p, "curves=%zu; workers=%.6g; low=%.6g; high=%.6g", s->curves, s->workers.high,
                s->memory.low / AXIS_SPACE, s->memory.high * AXIS_SPACE);
    picture_say(p, &p->subtitle, "task %s, %s%s: peak memory (PSS) of the whole process tree", s->first->task,
                compares ? s->first->scaling : "what one more costs", compares ? " scaling" : "");
    picture_say(p, &p->alt,
                "%s: peak memory of %zu variants over 1 to %.0f workers; the most is %s, %s with %lld workers",
                s->first->sweep, s->curves, s->workers.high, format_bytes(&f, (double)s->most->cell->peak_pss_bytes),
                picture_variant(s->most->cell).text, (long long)s->most->group->workers);
}

/* Whether a group is the first of its sweep over workers. */
static bool begins_sweep(const struct results *results, const struct plan_group *group)
{
    if (group->sweep == NULL || group->scaling == NULL || strcmp(group->scaling, "jobs") == 0)
        return false;
    for (const struct plan_group *before = results->groups; before < group; before++)
        if (in_sweep(before, group))
            return false;
    return true;
}

void picture_memory(struct pictures *out, const struct picture_source *source, const struct plan_group *none)
{
    const struct results *results = source->summary->results;
    struct prices prices;
    (void)none;
    if (prices_make(&prices, source->summary) != 0) {
        out->rc = -ENOMEM;
        return;
    }
    for (const struct plan_group *g = results->groups; g < results->groups + results->group_count; g++) {
        struct sweep s = {source->summary, &prices, g, NULL, 0, {INFINITY, 1}, {INFINITY, 0}, NULL};
        const struct summary_cell *variant = begins_sweep(results, g) ? next_variant(&s, source->summary->cells) : NULL;
        s.p = variant == NULL ? NULL : picture_add_sweep(out, source->summary, "memory", g);
        for (; s.p != NULL && variant != NULL; variant = next_variant(&s, variant + 1)) {
            put_points(&s, variant);
            say_cost(&s, variant);
        }
        if (s.p != NULL)
            say(&s);
    }
    prices_free(&prices);
}
