/* SPDX-License-Identifier: MIT */
/*
 * Memory: the peak PSS of a variant's process tree over the number of workers, for each sweep; where the run has prices
 * (bench/analysis/marginal_cost.h), what one more costs stands in the key.
 *
 * The data, for each variant K from 1: "points K" (workers, megabytes).
 */
#include "bench/report/plot/pictures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/analysis/marginal_cost.h"
#include "bench/util/text.h"

#define MB 1e-6

/* The variants of one sweep. A curve's cells are those with its first cell's runtime and model. */
struct board {
    const struct summary *summary;
    const struct prices *prices;
    const struct plan_group *first; /* the sweep's first group */
    const struct summary_cell **curves;
    size_t count;
    double most_workers, least, most; /* workers; megabytes */
};

static bool in_sweep(const struct plan_group *a, const struct plan_group *b)
{
    return a->sweep != NULL && b->sweep != NULL && a->scaling != NULL && b->scaling != NULL &&
           strcmp(a->sweep, b->sweep) == 0 && strcmp(a->scaling, b->scaling) == 0;
}

static bool has_memory(const struct summary_cell *c) { return c->cell->peak_pss_bytes > 0 && !c->cell->baseline; }

static bool same_variant(const struct summary_cell *a, const struct summary_cell *b)
{
    return strcmp(a->cell->runtime, b->cell->runtime) == 0 && strcmp(a->cell->model, b->cell->model) == 0;
}

static void take_cell(struct board *b, const struct summary_cell *cell)
{
    const double size = (double)cell->cell->peak_pss_bytes * MB;
    b->most_workers = fmax(b->most_workers, (double)cell->group->workers);
    b->least = fmin(b->least, size);
    b->most = fmax(b->most, size);
    for (size_t k = 0; k < b->count; k++)
        if (same_variant(b->curves[k], cell))
            return;
    b->curves[b->count++] = cell;
}

static int board_make(struct board *b)
{
    b->curves = calloc(b->summary->cell_count + 1, sizeof *b->curves);
    b->most_workers = 1;
    b->least = INFINITY;
    if (b->curves == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < b->summary->cell_count; i++)
        if (in_sweep(b->summary->cells[i].group, b->first) && has_memory(&b->summary->cells[i]))
            take_cell(b, &b->summary->cells[i]);
    return 0;
}

static int print(const void *what, FILE *out)
{
    const struct board *b = what;
    for (size_t k = 0; k < b->count; k++) {
        fprintf(out, "\n\n# points %zu\n", k + 1);
        for (size_t i = 0; i < b->summary->cell_count; i++) {
            const struct summary_cell *c = &b->summary->cells[i];
            if (in_sweep(c->group, b->first) && has_memory(c) && same_variant(c, b->curves[k]))
                fprintf(out, "%lld %.6g\n", (long long)c->group->workers, (double)c->cell->peak_pss_bytes * MB);
        }
    }
    return 0;
}

static void put_variant(const void *what, size_t k, FILE *out)
{
    const struct result_cell *c = ((const struct board *)what)->curves[k]->cell;
    fprintf(out, "%s:%s", c->runtime, c->model);
}

static const struct price *price_of(const struct board *b, size_t curve)
{
    for (size_t i = 0; i < b->prices->count; i++) {
        const struct price *p = &b->prices->rows[i];
        if (in_sweep(p->group, b->first) && strcmp(p->runtime, b->curves[curve]->cell->runtime) == 0 &&
            strcmp(p->model, b->curves[curve]->cell->model) == 0)
            return p;
    }
    return NULL;
}

/* "12.3 kB for one more"; nothing where there is no price. */
static void put_price(const void *what, size_t k, FILE *out)
{
    const struct board *b = what;
    const struct price *p = price_of(b, k);
    struct format f;
    if (p != NULL && isfinite(p->memory_bytes.estimate))
        fprintf(out, "%s for one more", format_bytes(&f, p->memory_bytes.estimate));
    else
        fputc(' ', out);
}

static char *alt(const struct board *b)
{
    const struct summary_cell *most = NULL;
    for (size_t i = 0; i < b->summary->cell_count; i++) {
        const struct summary_cell *c = &b->summary->cells[i];
        if (in_sweep(c->group, b->first) && has_memory(c) &&
            (most == NULL || c->cell->peak_pss_bytes > most->cell->peak_pss_bytes))
            most = c;
    }
    struct format f;
    return text_format(
        "%s: peak memory of %zu variants over 1 to %.0f workers; the most is %s, %s:%s with %lld workers",
        b->first->sweep, b->count, b->most_workers, format_bytes(&f, (double)most->cell->peak_pss_bytes),
        most->cell->runtime, most->cell->model, (long long)most->group->workers);
}

static void name_board(struct picture *p, const struct board *b)
{
    const size_t id = (size_t)(b->first - b->summary->results->groups);
    char *name = text_format("%s%s%s", b->first->sweep, strcmp(b->first->scaling, "weak") == 0 ? "-" : "",
                             strcmp(b->first->scaling, "weak") == 0 ? "weak" : "");
    picture_take(p, &p->stem, name == NULL ? NULL : picture_stem("memory", name, id, false));
    free(name);
    picture_take(p, &p->title, text_format("%s", b->first->sweep));
    picture_take(p, &p->subtitle,
                 text_format("task %s, %s%s: peak memory (PSS) of the whole process tree", b->first->task,
                             plan_compares(b->first) ? b->first->scaling : "what one more costs",
                             plan_compares(b->first) ? " scaling" : ""));
}

static int board_add(struct pictures *out, const struct board *b)
{
    struct picture *p = pictures_add(out, b->summary, "memory", b->first);
    if (p == NULL)
        return -ENOMEM;
    name_board(p, b);
    picture_set_data(p, "memory.c", print, b);
    picture_take(p, &p->settings,
                 text_format("curves=%zu; workers=%.6g; low=%.6g; high=%.6g", b->count, b->most_workers, b->least / 1.3,
                             b->most * 1.3));
    picture_take(p, &p->alt, alt(b));
    picture_take(p, &p->words[0], picture_join(put_variant, b, b->count, " "));
    picture_take(p, &p->words[1], picture_join(put_price, b, b->count, "|"));
    return p->rc;
}

/* Whether a group is the first of its sweep over workers. */
static bool begins_sweep(const struct results *results, size_t g)
{
    const struct plan_group *group = &results->groups[g];
    if (group->sweep == NULL || group->scaling == NULL || strcmp(group->scaling, "jobs") == 0)
        return false;
    for (size_t i = 0; i < g; i++)
        if (in_sweep(&results->groups[i], group))
            return false;
    return true;
}

int picture_memory(struct pictures *out, const struct picture_source *source, struct error *err)
{
    const struct results *results = source->summary->results;
    struct prices prices;
    (void)err;
    int rc = prices_make(&prices, source->summary);
    for (size_t g = 0; rc == 0 && g < results->group_count; g++) {
        if (!begins_sweep(results, g))
            continue;
        struct board b = {.summary = source->summary, .prices = &prices, .first = &results->groups[g]};
        rc = board_make(&b);
        if (rc == 0 && b.count > 0)
            rc = board_add(out, &b);
        free(b.curves);
    }
    prices_free(&prices);
    return rc;
}
