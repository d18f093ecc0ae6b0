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
    const struct result_group *first; /* the sweep's first group */
    const struct summary_cell **curves;
    size_t count;
    double most_workers, least, most; /* workers; megabytes */
};

static bool in_sweep(const struct result_group *a, const struct result_group *b)
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
    fputs("# Made by cobench from the run's summary; the blocks are described in bench/report/plot/memory.c.\n", out);
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

/* "c:threads"; what: 0 the variant, 1 its runtime, 2 its model. */
static char *names(const struct board *b, int what)
{
    struct string_list words = {NULL, 0};
    int rc = 0;
    for (size_t k = 0; rc == 0 && k < b->count; k++) {
        const struct result_cell *c = b->curves[k]->cell;
        rc = what == 0 ? string_list_addf(&words, "%s:%s", c->runtime, c->model)
                       : string_list_add(&words, what == 1 ? c->runtime : c->model);
    }
    char *text = rc == 0 ? string_list_join(&words, " ") : NULL;
    string_list_free(&words);
    return text;
}

static const struct price *price_of(const struct board *b, const struct prices *prices, size_t curve)
{
    for (size_t i = 0; i < prices->count; i++) {
        const struct price *p = &prices->rows[i];
        if (in_sweep(p->group, b->first) && strcmp(p->runtime, b->curves[curve]->cell->runtime) == 0 &&
            strcmp(p->model, b->curves[curve]->cell->model) == 0)
            return p;
    }
    return NULL;
}

/* "12.3 kB for one more" of each variant, with '|' between; "-" where there is no price. */
static char *price_texts(const struct board *b, const struct prices *prices)
{
    struct string_list words = {NULL, 0};
    int rc = 0;
    for (size_t k = 0; rc == 0 && k < b->count; k++) {
        const struct price *p = price_of(b, prices, k);
        struct format f;
        if (p != NULL && isfinite(p->memory_bytes.estimate))
            rc = string_list_addf(&words, "%s for one more", format_bytes(&f, p->memory_bytes.estimate));
        else
            rc = string_list_add(&words, " ");
    }
    char *text = rc == 0 ? string_list_join(&words, "|") : NULL;
    string_list_free(&words);
    return text;
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

static int name_board(struct picture *p, const struct board *b)
{
    const size_t id = (size_t)(b->first - b->summary->results->groups);
    char *name = text_format("%s%s%s", b->first->sweep, strcmp(b->first->scaling, "weak") == 0 ? "-" : "",
                             strcmp(b->first->scaling, "weak") == 0 ? "weak" : "");
    int rc = name == NULL ? -ENOMEM : picture_take(&p->stem, picture_stem("memory", name, id, false));
    free(name);
    if (rc == 0)
        rc = picture_take(&p->title, text_format("%s", b->first->sweep));
    if (rc == 0)
        rc = picture_take(&p->subtitle,
                          text_format("task %s, %s%s: peak memory (PSS) of the whole process tree", b->first->task,
                                      result_group_compares(b->first) ? b->first->scaling : "what one more costs",
                                      result_group_compares(b->first) ? " scaling" : ""));
    if (rc == 0) {
        text_one_line(p->title);
        text_one_line(p->subtitle);
    }
    return rc;
}

static int board_add(struct pictures *out, const struct board *b, const struct prices *prices)
{
    struct picture *p = pictures_add(out, b->summary, "memory", b->first);
    int rc = p == NULL ? -ENOMEM : name_board(p, b);
    if (rc == 0)
        rc = picture_set_data(p, print, b);
    if (rc == 0)
        rc = picture_take(&p->settings, text_format("curves=%zu; workers=%.6g; low=%.6g; high=%.6g", b->count,
                                                    b->most_workers, b->least / 1.3, b->most * 1.3));
    if (rc == 0)
        rc = picture_take(&p->alt, alt(b));
    for (int i = 0; rc == 0 && i < 3; i++)
        rc = picture_take(&p->words[i], names(b, i));
    if (rc == 0)
        rc = picture_take(&p->words[3], price_texts(b, prices));
    return rc;
}

/* Whether a group is the first of its sweep over workers. */
static bool begins_sweep(const struct results *results, size_t g)
{
    const struct result_group *group = &results->groups[g];
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
        struct board b = {.summary = source->summary, .first = &results->groups[g]};
        rc = board_make(&b);
        if (rc == 0 && b.count > 0)
            rc = board_add(out, &b, &prices);
        free(b.curves);
    }
    prices_free(&prices);
    return rc;
}
