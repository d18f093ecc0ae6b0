/* SPDX-License-Identifier: MIT */
/* The variants of a group, and pictures of one row for each. */
#include "bench/report/plot/rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/util/text.h"

#define AXIS_SPACE 1.15 /* on both ends of the logarithmic axis */

const struct summary_cell *picture_next(const struct summary *summary, const struct plan_group *group,
                                        const struct summary_cell *cell)
{
    for (cell = cell == NULL ? summary->cells : cell + 1; cell < summary->cells + summary->cell_count; cell++)
        if (cell->group == group)
            return cell;
    return NULL;
}

enum { RUNTIMES = 4 };
static const char *const runtime_order[RUNTIMES] = {"c", "embed", "ext", "py"};

size_t picture_runtime_place(const char *runtime)
{
    size_t i = 0;
    while (i < RUNTIMES && strcmp(runtime, runtime_order[i]) != 0)
        i++;
    return i;
}

int picture_names(struct string_list *out, const struct summary *summary, const struct plan_group *group, bool models)
{
    int rc = 0;
    for (size_t place = 0; place <= RUNTIMES; place++)
        for (const struct summary_cell *c = NULL; rc == 0 && (c = picture_next(summary, group, c)) != NULL;) {
            const char *name = models ? c->cell->model : c->cell->runtime;
            if (place == (models ? 0 : picture_runtime_place(name)) && !string_list_have(out, name))
                rc = string_list_add(out, name);
        }
    return rc;
}

size_t picture_place(const struct string_list *words, const char *word)
{
    size_t i = 0;
    while (i < words->count && strcmp(words->items[i], word) != 0)
        i++;
    return i;
}

int picture_longest(const struct string_list *words)
{
    int longest = 0;
    for (size_t i = 0; i < words->count; i++)
        longest = format_columns(words->items[i]) > longest ? format_columns(words->items[i]) : longest;
    return longest;
}

bool picture_compares(const struct summary *summary, const struct plan_group *group, enum ratio_time time,
                      enum ratio_base base)
{
    for (const struct summary_cell *c = NULL; (c = picture_next(summary, group, c)) != NULL;)
        if (ratio_known(&c->speedup[time][base]) && c->speedup[time][base].state != RATIO_SELF)
            return true;
    return false;
}

enum ratio_time picture_time(const struct summary *summary, const struct plan_group *group, enum ratio_base base)
{
    return picture_compares(summary, group, RATIO_WORK, base) ? RATIO_WORK : RATIO_WHOLE;
}

bool picture_has_ratio(const struct summary *summary, const struct plan_group *group)
{
    for (const struct summary_cell *c = NULL; (c = picture_next(summary, group, c)) != NULL;)
        for (size_t i = 0; i < RATIO_TIMES * RATIO_BASES; i++)
            if (ratio_known(&c->speedup[i / RATIO_BASES][i % RATIO_BASES]))
                return true;
    return false;
}

struct picture_text picture_extremes(const struct summary *summary, const struct plan_group *group)
{
    const enum ratio_time time = picture_time(summary, group, RATIO_OWN_SYNC);
    const struct summary_cell *low = NULL, *high = NULL;
    struct picture_text text = {"no model has a speedup to show"};
    double least = INFINITY, most = 0;
    struct format a, b;
    for (const struct summary_cell *c = NULL; (c = picture_next(summary, group, c)) != NULL;) {
        const struct ratio *r = &c->speedup[time][RATIO_OWN_SYNC];
        if (!ratio_known(r) || r->state == RATIO_SELF)
            continue;
        low = r->ratio < least ? c : low;
        high = r->ratio > most ? c : high;
        least = fmin(least, r->ratio);
        most = fmax(most, r->ratio);
    }
    if (low != NULL && high != NULL)
        snprintf(text.text, sizeof text.text, "over its own sync from %s (%.80s) to %s (%.80s)",
                 format_ratio(&a, least), picture_variant(low->cell).text, format_ratio(&b, most),
                 picture_variant(high->cell).text);
    return text;
}

const char *picture_why(const struct summary_cell *cell, const struct ratio *ratio)
{
    static const char *const words[CELL_STATUSES] = {[CELL_UNSEEN] = "not run",
                                                     [CELL_REFUSED] = "wrong result",
                                                     [CELL_FAILED] = "failed",
                                                     [CELL_TIMEOUT] = "out of time",
                                                     [CELL_IMPOSSIBLE] = "not possible"};
    const char *word = words[cell->cell->status];
    return word != NULL ? word : ratio->state == RATIO_NOT_RUN ? "not run" : format_ratio_state(ratio->state);
}

double picture_low(const struct ratio *ratio) { return ratio->state == RATIO_FULL ? ratio->low : ratio->ratio; }

double picture_high(const struct ratio *ratio) { return ratio->state == RATIO_FULL ? ratio->high : ratio->ratio; }

struct picture_text picture_variant(const struct result_cell *cell)
{
    struct picture_text name;
    snprintf(name.text, sizeof name.text, "%.60s:%.60s", cell->runtime, cell->model);
    return name;
}

void picture_stretch(struct picture_axis *axis, double value)
{
    if (!isfinite(value) || value <= 0)
        return;
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

/* -- rows ------------------------------------------------------------------------------------------------------------- */

static int row_compare(const void *a, const void *b)
{
    const struct plot_row *x = a, *y = b;
    if (isfinite(x->key) != isfinite(y->key))
        return isfinite(x->key) ? -1 : 1;
    if (isfinite(x->key) && (x->key < y->key || x->key > y->key))
        return x->key > y->key ? -1 : 1;
    return x->cell < y->cell ? -1 : x->cell > y->cell; /* the plan's order */
}

struct plot_rows plot_rows_make(struct pictures *out, const struct summary *summary, const struct plan_group *group,
                                plot_key *key, const void *what)
{
    struct plot_rows rows = {.items = calloc(summary->cell_count + 1, sizeof *rows.items), .axis.low = INFINITY};
    if (rows.items == NULL) {
        out->rc = -ENOMEM;
        return rows;
    }
    for (const struct summary_cell *c = NULL; (c = picture_next(summary, group, c)) != NULL;) {
        rows.items[rows.count] = (struct plot_row){.cell = c, .key = key(c, what)};
        rows.known += isfinite(rows.items[rows.count++].key) ? 1 : 0;
    }
    qsort(rows.items, rows.count, sizeof *rows.items, row_compare);
    return rows;
}

void plot_rows_put(struct picture *p, const struct plot_rows *rows, size_t row, const char *label,
                   const double *numbers, size_t count)
{
    const struct result_cell *c = rows->items[row].cell->cell;
    double all[ROW_NUMBERS] = {(double)(rows->count - 1 - row), (double)picture_runtime_place(c->runtime)};
    for (size_t i = 0; i < count; i++)
        all[2 + i] = row < rows->known ? numbers[i] : NAN;
    picture_row_of(p, picture_variant(c).text, label, all, 2 + count);
}

void plot_rows_set(struct picture *p, const struct plot_rows *rows)
{
    int longest = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const int columns = format_columns(picture_variant(rows->items[i].cell->cell).text);
        longest = columns > longest ? columns : longest;
    }
    picture_set(p, "low=%.6g; high=%.6g; longest=%d", rows->axis.low / AXIS_SPACE, rows->axis.high * AXIS_SPACE,
                longest);
}
