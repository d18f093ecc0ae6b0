/* SPDX-License-Identifier: MIT */
/* What pictures of one row per variant share. */
#include "bench/report/plot/rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/plot/picture.h"
#include "bench/util/text.h"

#define AXIS_ROOM 1.15 /* on both ends of the logarithmic axis */

static int row_compare(const void *a, const void *b)
{
    const struct plot_row *x = a, *y = b;
    if (isfinite(x->key) != isfinite(y->key))
        return isfinite(x->key) ? -1 : 1;
    if (isfinite(x->key) && (x->key < y->key || x->key > y->key))
        return x->key > y->key ? -1 : 1;
    return x->cell < y->cell ? -1 : x->cell > y->cell; /* the plan's order */
}

int plot_rows_make(struct plot_rows *rows, const struct summary *summary, const struct plan_group *group,
                   double (*key)(const struct summary_cell *cell, const void *what), const void *what)
{
    *rows = (struct plot_rows){.items = calloc(summary->cell_count + 1, sizeof *rows->items), .low = INFINITY};
    if (rows->items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (cell->group != group)
            continue;
        rows->items[rows->count++] = (struct plot_row){.cell = cell, .key = key(cell, what)};
        rows->known += isfinite(rows->items[rows->count - 1].key);
    }
    if (rows->count > 0)
        qsort(rows->items, rows->count, sizeof *rows->items, row_compare);
    return 0;
}

void plot_rows_free(struct plot_rows *rows) { free(rows->items); }

void plot_rows_stretch(struct plot_rows *rows, double value)
{
    if (!isfinite(value) || value <= 0)
        return;
    rows->low = fmin(rows->low, value);
    rows->high = fmax(rows->high, value);
}

void plot_rows_put(const struct plot_rows *rows, size_t row, FILE *out)
{
    const struct result_cell *c = rows->items[row].cell->cell;
    char name[160];
    snprintf(name, sizeof name, "%.60s:%.60s", c->runtime, c->model);
    fprintf(out, "%zu %zu ", rows->count - 1 - row, picture_runtime_place(c->runtime));
    picture_put_name(out, name);
}

char *plot_rows_settings(const struct plot_rows *rows)
{
    size_t longest = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct result_cell *c = rows->items[i].cell->cell;
        const size_t length = strlen(c->runtime) + 1 + strlen(c->model);
        longest = length > longest ? length : longest;
    }
    return text_format("rows=%zu; low=%.6g; high=%.6g; longest=%zu", rows->count, rows->low / AXIS_ROOM,
                       rows->high * AXIS_ROOM, longest);
}
