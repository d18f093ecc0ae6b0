/* SPDX-License-Identifier: MIT */
/* For a terminal: columns as wide as what stands in them; where a table is wider than the terminal, it goes on below with
 * its first column again. */
#include <math.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/screen.h"
#include "bench/report/writer.h"

enum { GAP = 1, NOTE_LEAST = 24 /* columns that a wrapped text needs beside the others */ };

struct layout {
    bool shown[WRITER_COLUMNS_MAX];
    int widths[WRITER_COLUMNS_MAX];
};

static struct screen screen_of(const struct writer *w) { return (struct screen){w->out, w->width, w->colour}; }

static void put_wrapped(struct writer *w, const char *text, int indent, int at)
{
    struct format_wrap wrap = {.out = w->out, .indent = indent, .width = w->width, .at = at};
    format_put_wrapped(&wrap, text);
    fputc('\n', w->out);
}

static void terminal_heading(struct writer *w, int level, const char *text)
{
    const struct screen screen = screen_of(w);
    if (level > 1)
        fputc('\n', w->out);
    if (level == 2)
        screen_put_rule(&screen);
    screen_style(&screen, STYLE_BOLD);
    put_wrapped(w, text, 0, 0);
    screen_style(&screen, STYLE_PLAIN);
}

static void terminal_paragraph(struct writer *w, const char *text) { put_wrapped(w, text, 2, 0); }

static void terminal_item(struct writer *w, const char *title, const char *text)
{
    const struct screen screen = screen_of(w);
    if (!w->in_list)
        fputc('\n', w->out);
    if (title != NULL) {
        screen_put_titled(&screen, STYLE_BOLD, title, text);
        return;
    }
    fputs("- ", w->out);
    put_wrapped(w, text, 2, 2);
}

static void layout_make(const struct table *table, struct layout *layout)
{
    writer_shown(table, layout->shown);
    for (size_t c = 0; c < table->column_count; c++) {
        const struct table_column *column = &table->columns[c];
        layout->widths[c] = layout->shown[c] ? format_columns(column->title) : 0;
        for (size_t row = 0; layout->shown[c] && row < table->row_count; row++) {
            struct table_value value;
            char text[2 * TABLE_VALUE_SIZE];
            table_value(table, row, c, &value);
            const int columns = format_columns(table_text(column, &value, true, text, sizeof text));
            if (columns > layout->widths[c])
                layout->widths[c] = columns;
        }
    }
}

static enum style style_of(const struct table_value *value)
{
    if (value->doubtful)
        return STYLE_WARN;
    if (value->sign == NULL)
        return STYLE_PLAIN;
    return strcmp(value->sign, "▲") == 0 ? STYLE_GOOD : strcmp(value->sign, "▼") == 0 ? STYLE_BAD : STYLE_PLAIN;
}

static void put_value(struct writer *w, const struct table *table, size_t row, size_t c, int width)
{
    const struct screen screen = screen_of(w);
    const struct table_column *column = &table->columns[c];
    struct table_value value;
    char text[2 * TABLE_VALUE_SIZE];
    table_value(table, row, c, &value);
    table_text(column, &value, true, text, sizeof text);
    screen_put(&screen, style_of(&value), text, table_is_number(column) ? -width : width);
}

/* How wide column `c` stands in a line in which `at` columns are taken; 0: there is no room. A text may be cut short. */
static int width_at(const struct writer *w, const struct table *table, const struct layout *layout, size_t c, int at)
{
    const int left = w->width - at;
    if (layout->widths[c] <= left)
        return layout->widths[c];
    return table->columns[c].unit == UNIT_TEXT && left >= NOTE_LEAST ? left : 0;
}

/* Columns [from, to) stand beside the first in one block of lines; `last` is the last of them that is shown. */
struct block {
    size_t from, to, last;
};

/* The columns from `from` on that fit. */
static struct block block_at(const struct writer *w, const struct table *table, const struct layout *layout,
                             size_t from)
{
    struct block block = {.from = from, .to = from};
    int at = layout->widths[0];
    for (; block.to < table->column_count; block.to++) {
        if (!layout->shown[block.to])
            continue;
        const int width = width_at(w, table, layout, block.to, at + GAP);
        if (width == 0 && block.last >= from)
            break;
        at += GAP + width;
        block.last = block.to;
    }
    return block;
}

/* A text that is too long for its column goes on below itself; as the last column it is as wide as it is. */
static void put_text(struct writer *w, const struct table *table, size_t row, size_t c, int at)
{
    struct table_value value;
    struct format_wrap wrap = {.out = w->out, .indent = at, .width = w->width, .at = at};
    table_value(table, row, c, &value);
    format_put_wrapped(&wrap, value.text != NULL ? value.text : "");
}

/* One line of a block: the titles (`row` is row_count) or a row's values. */
static void put_line(struct writer *w, const struct table *table, const struct layout *layout, size_t row,
                     const struct block *block)
{
    const struct screen screen = screen_of(w);
    const bool titles = row == table->row_count;
    int at = layout->widths[0];
    if (titles)
        screen_style(&screen, STYLE_DIM);
    for (size_t c = 0; c < block->to; c = c == 0 && block->from > 0 ? block->from : c + 1) {
        const struct table_column *column = &table->columns[c];
        int width = c == 0 ? layout->widths[0] : width_at(w, table, layout, c, at + GAP);
        if (!layout->shown[c])
            continue;
        width = width == 0 ? w->width - at - GAP : width;
        at += c > 0 ? GAP : 0;
        fprintf(w->out, "%*s", c > 0 ? GAP : 0, "");
        const int padded = c == block->last && !table_is_number(column) ? 0 : width;
        if (titles)
            format_put(w->out, column->title, table_is_number(column) ? -width : padded);
        else if (column->unit == UNIT_TEXT && width < layout->widths[c])
            put_text(w, table, row, c, at);
        else
            put_value(w, table, row, c, padded);
        at += c > 0 ? width : 0;
    }
    if (titles)
        screen_style(&screen, STYLE_PLAIN);
    fputc('\n', w->out);
}

static void terminal_table(struct writer *w, const struct table *table)
{
    struct layout layout;
    layout_make(table, &layout);
    if (table->title != NULL)
        terminal_heading(w, 3, table->title);
    else
        fputc('\n', w->out);
    for (struct block block = {.to = 1}; block.to < table->column_count;) {
        const bool again = block.to > 1;
        block = block_at(w, table, &layout, block.to);
        if (block.last < block.from && again)
            break;
        if (again)
            fputc('\n', w->out);
        for (size_t line = 0; line <= table->row_count; line++)
            put_line(w, table, &layout, line == 0 ? table->row_count : line - 1, &block);
    }
}

const struct writer_format format_terminal = {.name = "terminal",
                                              .heading = terminal_heading,
                                              .paragraph = terminal_paragraph,
                                              .item = terminal_item,
                                              .table = terminal_table};
