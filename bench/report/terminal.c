/* SPDX-License-Identifier: MIT */
/* For a terminal: columns as wide as what stands in them; where a table is wider than the terminal, it goes on below with
 * the columns again that say what each row is, and without the rows that have nothing to say there. */
#include "bench/report/writer.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/report/format.h"
#include "bench/util/files.h"

enum {
    COLUMNS_LEAST = 80,
    COLUMNS_MOST = 1000,
    GAP = 1,
    NOTE_LEAST = 20, /* columns that a wrapped text needs beside the others */
    TITLE_WIDTH = 11 /* of the items of a list */
};

/* -- what it is written to -------------------------------------------------------------------------------------------- */

int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < COLUMNS_LEAST)
        return COLUMNS_LEAST;
    return size.ws_col < COLUMNS_MOST ? size.ws_col : COLUMNS_MOST;
}

bool terminal_has_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    return file_is_terminal(STDOUT_FILENO) && (no_colour == NULL || *no_colour == '\0');
}

bool terminal_is_ascii(void)
{
    const locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    const bool is = locale != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") != 0;
    if (locale != (locale_t)0)
        freelocale(locale);
    return is;
}

/* -- text ------------------------------------------------------------------------------------------------------------- */

/* ANSI's numbers. */
#define PLAIN "0"
#define BOLD  "1"
#define DIM   "2"
#define BAD   "33"
#define GOOD  "36"
#define WARN  "1;33"

static void put_style(const struct writer *w, const char *style)
{
    if (w->colour)
        fprintf(w->out, "\033[%sm", style);
}

/* As format_put, and plain again behind it. */
static void put_styled(const struct writer *w, const char *style, const char *text, int width)
{
    const bool plain = strcmp(style, PLAIN) == 0;
    if (!plain)
        put_style(w, style);
    format_put(w->out, text, width, w->ascii);
    if (!plain)
        put_style(w, PLAIN);
}

/* Words from column `indent` on in as many lines as they need; `at` is the column already reached. */
static void put_wrapped(const struct writer *w, const char *text, int indent, int at)
{
    const int whole = w->width - indent;
    while (*text != '\0') {
        char word[512];
        const size_t length = strcspn(text, " ");
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), text);
        const int columns = format_columns(word) < whole ? format_columns(word) : whole;
        if (at > indent && at + 1 + columns > w->width) {
            fprintf(w->out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', w->out);
            at++;
        } else {
            fprintf(w->out, "%*s", indent - at, "");
            at = indent;
        }
        format_put(w->out, word, columns, w->ascii);
        at += columns;
        text += length;
        text += strspn(text, " ");
    }
}

static void terminal_heading(struct writer *w, int level, const char *text)
{
    if (level > 1)
        fputc('\n', w->out);
    for (int i = 0; level == 2 && i < w->width; i++)
        format_put(w->out, "─", 0, w->ascii);
    fputs(level == 2 ? "\n" : "", w->out);
    put_style(w, BOLD);
    put_wrapped(w, text, 0, 0);
    fputc('\n', w->out);
    put_style(w, PLAIN);
}

static void terminal_paragraph(struct writer *w, const char *text)
{
    put_wrapped(w, text, 2, 0);
    fputc('\n', w->out);
}

static void terminal_item(struct writer *w, const char *title, const char *text)
{
    fputs(w->in_list ? "" : "\n", w->out);
    fputs(title != NULL ? "  " : "- ", w->out);
    if (title != NULL)
        put_styled(w, BOLD, title, TITLE_WIDTH);
    put_wrapped(w, text, title != NULL ? 2 + TITLE_WIDTH : 2, title != NULL ? 2 + TITLE_WIDTH : 2);
    fputc('\n', w->out);
}

/* -- tables ----------------------------------------------------------------------------------------------------------- */

/* How wide each column is by itself; 0: it is not shown. */
static void measure(const struct table *table, int widths[WRITER_COLUMNS_MAX])
{
    bool shown[WRITER_COLUMNS_MAX];
    writer_shown(table, shown);
    for (size_t c = 0; c < table->column_count; c++) {
        const struct table_column *column = &table->columns[c];
        widths[c] = shown[c] ? format_columns(column->title) : 0;
        for (size_t row = 0; shown[c] && row < table->row_count; row++) {
            struct table_value value;
            char text[2 * TABLE_VALUE_SIZE];
            table_value(table, row, c, &value);
            const int columns = format_columns(table_text(column, &value, true, text, sizeof text));
            widths[c] = columns > widths[c] ? columns : widths[c];
        }
    }
}

/* Columns that stand beside each other, behind the first ones of the table, which say what each row is. */
struct block {
    size_t first, last; /* of those */
    size_t columns[WRITER_COLUMNS_MAX], count;
    int widths[WRITER_COLUMNS_MAX];
};

/* Those from `from` on that fit, at least one; a text may get less than it needs. Returns the first that does not. */
static size_t block_make(const struct writer *w, const struct table *table, const int *widths, size_t from,
                         struct block *block)
{
    int left = w->width;
    bool any = false;
    block->count = 0;
    for (size_t c = block->first; c < table->column_count; c = c == block->last ? from : c + 1) {
        if (widths[c] == 0)
            continue;
        if (widths[c] > left && any && (table->columns[c].unit != UNIT_TEXT || left < NOTE_LEAST))
            return c;
        const int width = widths[c] <= left ? widths[c] : left > 1 ? left : 1;
        block->columns[block->count] = c;
        block->widths[block->count++] = width;
        left -= width + GAP;
        any = c > block->last;
    }
    return table->column_count;
}

static const char *style_of(const struct table_value *value)
{
    const char *sign = value->sign != NULL ? value->sign : "";
    return value->doubtful ? WARN : strcmp(sign, "▲") == 0 ? GOOD : strcmp(sign, "▼") == 0 ? BAD : PLAIN;
}

/* Where a line has come to; blanks wait for a text behind them, so that no line ends in one. */
struct line {
    int at, blanks;
};

static void put_text(const struct writer *w, const struct table_column *column, const char *style, const char *text,
                     int width, struct line *line)
{
    const int left = width - format_columns(text);
    const bool right = table_is_number(column) && left > 0;
    line->at += width;
    if (*text == '\0') {
        line->blanks += width;
        return;
    }
    fprintf(w->out, "%*s", line->blanks + (right ? left : 0), "");
    if (left >= 0 || column->unit != UNIT_TEXT)
        put_styled(w, style, text, left >= 0 ? 0 : width);
    else /* goes on below itself */
        put_wrapped(w, text, line->at - width, line->at - width);
    line->blanks = left > 0 && !right ? left : 0;
}

/* One line of a block: the titles (`row` is row_count) or a row's values. */
static void put_line(const struct writer *w, const struct table *table, size_t row, const struct block *block)
{
    struct line line = {0, 0};
    for (size_t i = 0; i < block->count; i++) {
        const struct table_column *column = &table->columns[block->columns[i]];
        struct table_value value;
        char text[2 * TABLE_VALUE_SIZE];
        line.blanks += i > 0 ? GAP : 0;
        line.at += i > 0 ? GAP : 0;
        if (row == table->row_count) {
            put_text(w, column, DIM, column->title, block->widths[i], &line);
            continue;
        }
        table_value(table, row, block->columns[i], &value);
        put_text(w, column, style_of(&value), table_text(column, &value, true, text, sizeof text), block->widths[i],
                 &line);
    }
    fputc('\n', w->out);
}

/* Whether a row has a value in this block, behind what says which row it is. */
static bool has_values(const struct table *table, size_t row, const struct block *block)
{
    bool has = false;
    for (size_t i = 0; i < block->count; i++) {
        struct table_value value;
        char text[2 * TABLE_VALUE_SIZE];
        table_value(table, row, block->columns[i], &value);
        const char *said = table_text(&table->columns[block->columns[i]], &value, true, text, sizeof text);
        said += strspn(said, " ");
        has = has || (block->columns[i] > block->last && *said != '\0' && strcmp(said, "-") != 0);
    }
    return has;
}

/* Whether a row has values there, or one that belongs to it: those below, whose first column is empty. */
static bool is_told(const struct table *table, size_t row, const struct block *block)
{
    bool has = has_values(table, row, block);
    while (!has && ++row < table->row_count) {
        struct table_value value;
        char text[2 * TABLE_VALUE_SIZE];
        table_value(table, row, block->first, &value);
        if (*table_text(&table->columns[block->first], &value, true, text, sizeof text) != '\0')
            break;
        has = has_values(table, row, block);
    }
    return has;
}

/* The first column that is shown, and the texts behind it as long as they leave most of the line. */
static void keys_find(const struct writer *w, const struct table *table, const int *widths, struct block *block)
{
    block->first = 0;
    while (widths[block->first] == 0 && block->first + 1 < table->column_count)
        block->first++;
    int taken = widths[block->first];
    size_t c = block->last = block->first;
    while (++c < table->column_count && table->columns[c].unit == UNIT_TEXT) {
        taken += widths[c] + GAP;
        if (taken > w->width / 3)
            return;
        block->last = c;
    }
}

static void terminal_table(struct writer *w, const struct table *table)
{
    int widths[WRITER_COLUMNS_MAX] = {0};
    struct block block;
    measure(table, widths);
    keys_find(w, table, widths, &block);
    if (table->title != NULL)
        terminal_heading(w, 3, table->title);
    size_t from = block.last + 1;
    do {
        const bool first = from == block.last + 1;
        if (!first || table->title == NULL)
            fputc('\n', w->out);
        from = block_make(w, table, widths, from, &block);
        put_line(w, table, table->row_count, &block);
        for (size_t row = 0; row < table->row_count; row++)
            if (first || is_told(table, row, &block))
                put_line(w, table, row, &block);
    } while (from < table->column_count);
}

const struct writer_format format_terminal = {.name = "terminal",
                                              .heading = terminal_heading,
                                              .paragraph = terminal_paragraph,
                                              .item = terminal_item,
                                              .table = terminal_table};
