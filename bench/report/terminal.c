/* SPDX-License-Identifier: MIT */
/* For a terminal: columns as wide as what stands in them; where a table is wider than the terminal, it goes on below with
 * its first column again. */
#include <math.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/screen.h"
#include "bench/report/writer.h"

enum { GAP = 1, NOTE_LEAST = 20 /* columns that a wrapped text needs beside the others */ };

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

/* What is to be written, and what is owed before it: blanks wait for a text behind them, so that no line ends in one. */
struct line {
    struct writer *w;
    int at, blanks;
};

static void put_text(struct line *line, const struct table_column *column, enum style style, const char *text,
                     int width)
{
    const struct screen screen = screen_of(line->w);
    const int left = width - format_columns(text);
    line->at += width;
    if (*text == '\0') {
        line->blanks += width;
        return;
    }
    fprintf(line->w->out, "%*s", line->blanks + (table_is_number(column) && left > 0 ? left : 0), "");
    if (left >= 0 || column->unit != UNIT_TEXT) {
        screen_put(&screen, style, text, left >= 0 ? 0 : width);
    } else { /* goes on below itself */
        struct format_wrap wrap = {.out = line->w->out, .indent = line->at - width, .width = line->w->width};
        wrap.at = wrap.indent;
        format_put_wrapped(&wrap, text);
    }
    line->blanks = !table_is_number(column) && left > 0 ? left : 0;
}

/* One line of a block: the titles (`row` is row_count) or a row's values. */
static void put_line(struct writer *w, const struct table *table, const struct layout *layout, size_t row,
                     const struct block *block)
{
    struct line line = {.w = w};
    for (size_t c = 0; c < block->to; c = c == 0 && block->from > 0 ? block->from : c + 1) {
        const struct table_column *column = &table->columns[c];
        struct table_value value;
        char text[2 * TABLE_VALUE_SIZE];
        if (!layout->shown[c])
            continue;
        line.blanks += c > 0 ? GAP : 0;
        line.at += c > 0 ? GAP : 0;
        const int fits = width_at(w, table, layout, c, line.at);
        const int width = c == 0 ? layout->widths[0] : fits > 0 ? fits : w->width - line.at;
        if (row == table->row_count) {
            put_text(&line, column, STYLE_DIM, column->title, width);
            continue;
        }
        table_value(table, row, c, &value);
        put_text(&line, column, style_of(&value), table_text(column, &value, true, text, sizeof text), width);
    }
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
