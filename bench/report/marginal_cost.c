/* SPDX-License-Identifier: MIT */
/* What one more worker costs, as a table. */
#include "bench/analysis/marginal_cost.h"

#include <math.h>

#include "bench/report/document.h"
#include "bench/report/format.h"

enum cost_text {
    COST_PIECE,
    COST_TASK,
    COST_RUNTIME,
    COST_MODEL,
    COST_START_METHOD,
    COST_NOTE,
    COST_VARIANT,
    COST_WORKERS
};

static void read_text(const void *row, int which, struct table_value *out)
{
    const struct price *p = row;
    const char *const texts[] = {
        [COST_PIECE] = p->piece,
        [COST_TASK] = p->group->task,
        [COST_RUNTIME] = p->runtime,
        [COST_MODEL] = p->model,
        [COST_START_METHOD] = p->start_method,
        [COST_NOTE] = p->note[0] != '\0' ? p->note : NULL,
    };
    if (which == COST_VARIANT)
        table_set_format(out, "%.100s:%.100s", p->runtime, p->model);
    else if (which == COST_WORKERS)
        table_set_format(out, "%lld..%lld", (long long)p->from, (long long)p->to);
    else
        table_set_text(out, texts[which]);
}

enum cost_number { COST_MEMORY, COST_SETUP, COST_WHOLE, COST_POINTS, COST_FROM, COST_TO };

static void read_number(const void *row, int which, struct table_value *out)
{
    const struct price *p = row;
    const struct stats_interval *each = which == COST_MEMORY  ? &p->memory_bytes
                                        : which == COST_SETUP ? &p->setup_s
                                        : which == COST_WHOLE ? &p->whole_s
                                                              : NULL;
    if (each == NULL) {
        table_set_count(out, which == COST_POINTS ? (long long)p->points : which == COST_FROM ? p->from : p->to);
        return;
    }
    table_set_interval(out, each->estimate, each->low, each->high);
    if (isfinite(each->estimate) && !format_cost_shown(each))
        table_set_text(out, "none shown");
}

static const struct table_column columns[] = {
    {"piece", "one more", UNIT_TEXT, false, 0, read_text, COST_PIECE},
    {"task", NULL, UNIT_TEXT, false, 0, read_text, COST_TASK},
    {NULL, "variant", UNIT_TEXT, false, 0, read_text, COST_VARIANT},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_text, COST_RUNTIME},
    {"model", NULL, UNIT_TEXT, false, 0, read_text, COST_MODEL},
    {"start_method", NULL, UNIT_TEXT, false, 0, read_text, COST_START_METHOD},
    {"points", NULL, UNIT_COUNT, false, 0, read_number, COST_POINTS},
    {NULL, "workers", UNIT_TEXT, false, 0, read_text, COST_WORKERS},
    {"workers_from", NULL, UNIT_COUNT, false, 0, read_number, COST_FROM},
    {"workers_to", NULL, UNIT_COUNT, false, 0, read_number, COST_TO},
    {"memory_bytes", "memory each", UNIT_BYTES, true, 0, read_number, COST_MEMORY},
    {"setup_s", "set-up each", UNIT_SECONDS, true, 0, read_number, COST_SETUP},
    {"whole_s", "whole each", UNIT_SECONDS, true, 0, read_number, COST_WHOLE},
    {"note", "note", UNIT_TEXT, false, 0, read_text, COST_NOTE},
};

int document_write_marginal_cost(const struct summary *summary, struct writer *w)
{
    struct prices prices;
    const int rc = prices_make(&prices, summary);
    if (rc != 0)
        return rc;
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
    return 0;
}
