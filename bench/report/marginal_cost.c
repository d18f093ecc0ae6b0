/* SPDX-License-Identifier: MIT */
/* Prices as text, Markdown, HTML and JSON. */
#include "bench/report/marginal_cost.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/util/html.h"
#include "bench/util/json_number.h"
#include "bench/util/markdown.h"
#include "bench/report/marginal_cost_text.h"
#include "bench/report/html/html.h"

enum { PIECE_WIDTH = 12, VARIANT_WIDTH = 18, WORKERS_WIDTH = 9, PRICE_WIDTH = 13 };

/* `interval`: how it stands beside the slope. */
#define LEGEND(interval)                                                                                               \
    "What one more worker with its job adds: the Theil-Sen slope over the number of workers, " interval                \
    " (none below 5 numbers of workers; \"none shown\": the interval has 0 in it, or the slope is none). memory: the " \
    "peak of "                                                                                                         \
    "all processes of the command together (PSS), 64 bytes for each job's slot in it; not in it are the kernel's own " \
    "memory "                                                                                                          \
    "(page tables, stacks, sockets) and the origin's side of a connection. set-up: until the gate opens; whole: the "  \
    "whole "                                                                                                           \
    "command, work and end too; both are slopes of medians. What waits is made in the work, not in the set-up."

static const char legend[] = LEGEND("± the wider half of its 95% interval");
static const char legend_html[] = LEGEND("with its 95% interval");

static void put_price(FILE *out, const struct stats_interval *price, price_unit *unit, int width)
{
    struct price_text text;
    format_put(out, price_text(&text, price, unit), width);
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
    fputs("\n## What one more costs\n\n| piece | variant | start method | workers | memory each | set-up each | whole "
          "each | |\n"
          "|---|---|---|---|--:|--:|--:|---|\n",
          out);
    for (size_t i = 0; i < prices->count; i++) {
        const struct price *row = &prices->rows[i];
        fputs("| ", out);
        markdown_put(out, row->piece);
        fputs(" | ", out);
        markdown_put_variant(out, row->runtime, row->model);
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

/* -- HTML ------------------------------------------------------------------------------------------------------------- */

static void put_html_price(FILE *out, const struct stats_interval *price, price_unit *unit)
{
    struct price_text text;
    if (isfinite(price->estimate))
        fprintf(out, "<td class=\"r\" data-v=\"%.9g\">", price->estimate);
    else
        fputs("<td class=\"r\" data-v=\"\">", out);
    html_put(out, price_text_interval(&text, price, unit));
    fputs("</td>", out);
}

static void put_html_row(const struct price *row, FILE *out)
{
    fputs("<tr><th scope=\"row\">", out);
    html_put(out, row->piece);
    fputs("</th><td>", out);
    html_put_variant(out, row->runtime, row->model);
    fputs("</td>", out);
    html_put_in(out, "td", row->start_method);
    if (row->points > 0)
        fprintf(out, "<td>%lld to %lld</td><td class=\"n\" data-v=\"%zu\">%zu</td>", (long long)row->from,
                (long long)row->to, row->points, row->points);
    else
        fputs("<td>-</td><td class=\"n\" data-v=\"0\">0</td>", out);
    put_html_price(out, &row->memory_bytes, format_bytes);
    put_html_price(out, &row->setup_s, format_time);
    put_html_price(out, &row->whole_s, format_time);
    fputs("<td class=\"t\">", out);
    html_put(out, row->note);
    fputs("</td></tr>\n", out);
}

void render_prices_html(const struct prices *prices, FILE *out)
{
    if (prices->count == 0)
        return;
    fputs("<section aria-labelledby=\"prices\">\n<h2 id=\"prices\">What one more costs</h2>\n", out);
    html_table_begin(
        out, "prices-table", "sortable",
        "What one more worker with its job costs, with 95% intervals. Memory is read from the smaps_rollup of every "
        "process of the command, the set-up from the command's own record, the whole from hyperfine.");
    fputs("<thead><tr><th scope=\"col\">One more</th><th scope=\"col\">Variant</th><th scope=\"col\">Start method</th>"
          "<th scope=\"col\">Workers</th><th scope=\"col\">Points</th><th scope=\"col\">Memory each</th>"
          "<th scope=\"col\">Set-up each</th><th scope=\"col\">Whole each</th><th "
          "scope=\"col\">Notes</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t i = 0; i < prices->count; i++)
        put_html_row(&prices->rows[i], out);
    fputs("</tbody>\n", out);
    html_table_end(out);
    html_put_in(out, "p", legend_html);
    fputs("\n</section>\n", out);
}

/* -- JSON --------------------------------------------------------------------------------------------------------------- */

static json_t *interval_json(const struct stats_interval *price)
{
    if (isnan(price->estimate))
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "each", json_number(price->estimate), "low", json_number(price->low), "high",
                     json_number(price->high));
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
