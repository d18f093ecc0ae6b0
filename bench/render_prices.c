/* SPDX-License-Identifier: MIT */
/* Prices as text, Markdown and JSON. */
#include "bench/render_prices.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "bench/format.h"
#include "bench/markdown.h"

enum { PIECE_WIDTH = 12, VARIANT_WIDTH = 18, WORKERS_WIDTH = 9, PRICE_WIDTH = 13 };

static const char legend[] =
    "What one more worker with its job adds: the Theil-Sen slope over the number of workers, ± the wider half of its "
    "95% interval (none below 5 numbers of workers; \"none shown\": the interval has 0 in it, or the slope is none). memory: the peak of all "
    "processes of the command together (PSS), 64 bytes for each job's slot in it; not in it are the kernel's own memory "
    "(page tables, stacks, sockets) and the origin's side of a connection. set-up: until the gate opens; whole: the whole "
    "command, work and end too; both are slopes of medians. What waits is made in the work, not in the set-up.";

typedef const char *format_value(struct format *f, double value);

/* "12.3 kB ±4%" */
static void put_price(FILE *out, const struct stats_interval *price, format_value *show, int width)
{
    struct format f;
    char text[FORMAT_ROOM + 16];
    const double half = 100 * fmax(price->high - price->estimate, price->estimate - price->low) / fabs(price->estimate);
    if (isnan(price->estimate))
        snprintf(text, sizeof text, "-");
    else if (isfinite(price->low) && price->low <= 0 && price->high >= 0)
        snprintf(text, sizeof text, "none shown");
    else if (isnan(half) && price->estimate <= 0)
        snprintf(text, sizeof text, "none shown");
    else if (isnan(half))
        snprintf(text, sizeof text, "%s", show(&f, price->estimate));
    else if (half < 1)
        snprintf(text, sizeof text, "%s ±<1%%", show(&f, price->estimate));
    else if (half > 99)
        snprintf(text, sizeof text, "%s ±>99%%", show(&f, price->estimate));
    else
        snprintf(text, sizeof text, "%s ±%.0f%%", show(&f, price->estimate), half);
    format_put(out, text, width);
}

static void variant_text(const struct price *row, char *out, size_t room)
{
    snprintf(out, room, "%.70s:%.70s", row->runtime, row->model);
}

static bool is_known(const struct price *row)
{
    return !isnan(row->memory_bytes.estimate) || !isnan(row->whole_s.estimate);
}

/* -- terminal --------------------------------------------------------------------------------------------------------- */

static void put_row(const struct price *row, int width, FILE *out)
{
    char text[200];
    format_put(out, row->piece, PIECE_WIDTH - 1);
    fputc(' ', out);
    variant_text(row, text, sizeof text);
    format_put(out, text, VARIANT_WIDTH);
    if (is_known(row)) {
        snprintf(text, sizeof text, "%lld..%lld", (long long)row->from, (long long)row->to);
        format_put(out, text, -WORKERS_WIDTH);
        put_price(out, &row->memory_bytes, format_bytes, -PRICE_WIDTH);
        put_price(out, &row->setup_s, format_time, -PRICE_WIDTH);
        put_price(out, &row->whole_s, format_time, -PRICE_WIDTH);
        fputc('\n', out);
    }
    if (row->note[0] != '\0') {
        struct format_wrap wrap = {.out = out, .indent = PIECE_WIDTH, .width = width, .at = PIECE_WIDTH};
        if (is_known(row))
            format_put(out, "", PIECE_WIDTH);
        else
            wrap.at += VARIANT_WIDTH;
        format_put_wrapped(&wrap, row->note);
        fputc('\n', out);
    }
}

void render_prices_text(const struct prices *prices, int width, FILE *out)
{
    if (prices->count == 0)
        return;
    fputs("\nWhat one more costs\n\n", out);
    format_put(out, "piece", PIECE_WIDTH);
    format_put(out, "variant", VARIANT_WIDTH);
    format_put(out, "workers", -WORKERS_WIDTH);
    format_put(out, "memory each", -PRICE_WIDTH);
    format_put(out, "set-up each", -PRICE_WIDTH);
    format_put(out, "whole each", -PRICE_WIDTH);
    fputc('\n', out);
    for (size_t i = 0; i < prices->count; i++)
        put_row(&prices->rows[i], width, out);
    struct format_wrap wrap = {.out = out, .indent = 2, .width = width, .at = 2};
    fputs("\n  ", out);
    format_put_wrapped(&wrap, legend);
    fputc('\n', out);
}

/* -- Markdown --------------------------------------------------------------------------------------------------------- */

void render_prices_markdown(const struct prices *prices, FILE *out)
{
    if (prices->count == 0)
        return;
    fputs("\n## What one more costs\n\n| piece | variant | start method | workers | memory each | set-up each | whole each | |\n"
          "|---|---|---|---|--:|--:|--:|---|\n", out);
    for (size_t i = 0; i < prices->count; i++) {
        const struct price *row = &prices->rows[i];
        fputs("| ", out);
        markdown_put(out, row->piece);
        fputs(" | ", out);
        markdown_put(out, row->runtime);
        fputc(':', out);
        markdown_put(out, row->model);
        fprintf(out, " | %s | %lld..%lld | ", row->start_method, (long long)row->from, (long long)row->to);
        put_price(out, &row->memory_bytes, format_bytes, 0);
        fputs(" | ", out);
        put_price(out, &row->setup_s, format_time, 0);
        fputs(" | ", out);
        put_price(out, &row->whole_s, format_time, 0);
        fputs(" | ", out);
        markdown_put(out, row->note);
        fputs(" |\n", out);
    }
    fputc('\n', out);
    markdown_put(out, legend);
    fputc('\n', out);
}

/* -- JSON --------------------------------------------------------------------------------------------------------------- */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *interval_json(const struct stats_interval *price)
{
    if (isnan(price->estimate))
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "each", number(price->estimate), "low", number(price->low), "high",
                     number(price->high));
}

static json_t *row_json(const struct price *row)
{
    const char *note = row->note[0] != '\0' ? row->note : NULL;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:s?}", "piece", row->piece, "task",
                     row->group->task, "runtime", row->runtime, "model", row->model, "start_method", row->start_method,
                     "points", (json_int_t)row->points, "workers_from", (json_int_t)row->from, "workers_to",
                     (json_int_t)row->to, "memory_bytes", interval_json(&row->memory_bytes), "setup_s",
                     interval_json(&row->setup_s), "whole_s", interval_json(&row->whole_s), "note", note);
}

json_t *render_prices_json(const struct prices *prices)
{
    json_t *rows = json_array();
    for (size_t i = 0; rows != NULL && i < prices->count; i++)
        if (json_array_append_new(rows, row_json(&prices->rows[i])) != 0) {
            json_decref(rows);
            rows = NULL;
        }
    return rows;
}
