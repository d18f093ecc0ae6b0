/* SPDX-License-Identifier: MIT */
/* What one more worker costs, as a table. */
#include "bench/analysis/marginal_cost.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/format.h"

/* Texts and intervals are read by where a row has them. */
#define AT(member) ((int)offsetof(struct price, member))

static const void *member(const void *row, int at) { return (const char *)row + at; }

static void read_text(const void *row, int which, struct table_value *out)
{
    table_set_text(out, *(const char *const *)member(row, which));
}

static void read_task(const void *row, int which, struct table_value *out)
{
    (void)which;
    table_set_text(out, ((const struct price *)row)->group->task);
}

static void read_note(const void *row, int which, struct table_value *out)
{
    const char *note = member(row, which);
    table_set_text(out, *note != '\0' ? note : NULL);
}

static void read_variant(const void *row, int which, struct table_value *out)
{
    (void)which;
    table_set_variant(out, ((const struct price *)row)->runtime, ((const struct price *)row)->model);
}

enum cost_count { COST_POINTS, COST_FROM, COST_TO, COST_WORKERS };

static void read_count(const void *row, int which, struct table_value *out)
{
    const struct price *p = row;
    if (which == COST_WORKERS)
        table_set_format(out, "%lld..%lld", (long long)p->from, (long long)p->to);
    else
        table_set_count(out, which == COST_POINTS ? (long long)p->points : which == COST_FROM ? p->from : p->to);
}

static void read_cost(const void *row, int which, struct table_value *out)
{
    const struct stats_interval *each = member(row, which);
    table_set_interval(out, each->estimate, each->low, each->high);
    if (isfinite(each->low) ? each->low <= 0 && each->high >= 0 : each->estimate <= 0)
        table_set_text(out, "none shown");
}

static const struct table_column columns[] = {
    {"piece", "one more", UNIT_TEXT, false, 0, read_text, AT(piece)},
    {"task", NULL, UNIT_TEXT, false, 0, read_task, 0},
    {NULL, "variant", UNIT_TEXT, false, 0, read_variant, 0},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_text, AT(runtime)},
    {"model", NULL, UNIT_TEXT, false, 0, read_text, AT(model)},
    {"start_method", NULL, UNIT_TEXT, false, 0, read_text, AT(start_method)},
    {"points", NULL, UNIT_COUNT, false, 0, read_count, COST_POINTS},
    {NULL, "workers", UNIT_TEXT, false, 0, read_count, COST_WORKERS},
    {"workers_from", NULL, UNIT_COUNT, false, 0, read_count, COST_FROM},
    {"workers_to", NULL, UNIT_COUNT, false, 0, read_count, COST_TO},
    {"memory_bytes", "memory each", UNIT_BYTES, true, 0, read_cost, AT(memory_bytes)},
    {"setup_s", "set-up each", UNIT_SECONDS, true, 0, read_cost, AT(setup_s)},
    {"whole_s", "whole each", UNIT_SECONDS, true, 0, read_cost, AT(whole_s)},
    {"note", "note", UNIT_TEXT, false, 0, read_note, AT(note)},
};

static const char *cost_text(const struct price *p, int at, enum table_unit unit, char out[TABLE_VALUE_SIZE])
{
    const struct table_column column = {.unit = unit};
    struct table_value value = {.number = NAN, .low = NAN, .high = NAN};
    read_cost(p, at, &value);
    return table_text(&column, &value, false, out, TABLE_VALUE_SIZE);
}

char *marginal_cost_text(const struct summary *summary, const char *piece)
{
    enum { NAMES_MOST = 4 };
    struct string_list costs = {NULL, 0};
    struct prices prices;
    prices_make(&prices, summary);
    for (size_t i = 0; i < prices.count; i++) {
        const struct price *p = &prices.rows[i];
        char memory[TABLE_VALUE_SIZE], whole[TABLE_VALUE_SIZE];
        if (strcmp(p->piece, piece) == 0 && isnan(p->memory_bytes.estimate) && isnan(p->whole_s.estimate))
            string_list_addf(&costs, "with %s:%s not known (%s)", p->runtime, p->model, p->note);
        else if (strcmp(p->piece, piece) == 0)
            string_list_addf(&costs, "with %s:%s %s of memory and %s of the whole command", p->runtime, p->model,
                             cost_text(p, AT(memory_bytes), UNIT_BYTES, memory),
                             cost_text(p, AT(whole_s), UNIT_SECONDS, whole));
    }
    char *list = format_names(&costs, NAMES_MOST), *text = text_format("one more costs %s", list);
    free(list);
    prices_free(&prices);
    return text;
}

void marginal_cost_write(const struct summary *summary, struct writer *w)
{
    struct prices prices;
    prices_make(&prices, summary);
    const struct table table = {.name = "marginal_cost",
                                .columns = columns,
                                .column_count = sizeof columns / sizeof *columns,
                                .rows = prices.rows,
                                .row_size = sizeof *prices.rows,
                                .row_count = prices.count};
    if (prices.count > 0)
        write_heading(w, 2, "What one more costs");
    write_table(w, &table);
    if (prices.count > 0)
        write_paragraph(
            w, "What one more worker with its job adds: the Theil-Sen slope over the number of workers with its 95% "
               "interval (none below 5 numbers of workers; \"none shown\": the interval holds 0). memory: the peak "
               "of all processes of the command together (PSS); the kernel's own memory (page tables, stacks, "
               "sockets) and the origin's side of a connection are not in it. set-up: until the work begins; "
               "whole: the whole command.");
    prices_free(&prices);
}
