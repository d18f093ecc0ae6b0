/* SPDX-License-Identifier: MIT */
/* What all formats share: finding one, and dropping what one has no use for. */
#include "bench/report/writer.h"

#include <string.h>

static const struct writer_format *const formats[] = {&format_terminal, &format_markdown, &format_adoc, &format_csv,
                                                      &format_json};

const struct writer_format *writer_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(name, formats[i]->name) == 0)
            return formats[i];
    return NULL;
}

void write_heading(struct writer *w, int level, const char *text)
{
    if (w->format->heading != NULL)
        w->format->heading(w, level, text);
    w->in_list = false;
}

void write_paragraph(struct writer *w, const char *text)
{
    if (w->format->paragraph != NULL && *text != '\0')
        w->format->paragraph(w, text);
    w->in_list = false;
}

void write_item(struct writer *w, const char *title, const char *text)
{
    if (w->format->item != NULL)
        w->format->item(w, title, text);
    w->in_list = true;
}

void write_table(struct writer *w, const struct table *table)
{
    w->in_list = false;
    if (table->row_count > 0 || w->format->for_programs)
        w->format->table(w, table);
    w->tables++;
}

void write_fact(struct writer *w, const char *key, json_t *value)
{
    if (w->format->fact != NULL)
        w->format->fact(w, key, value);
    else
        json_decref(value);
}

void write_end(struct writer *w)
{
    if (w->format->end != NULL)
        w->format->end(w);
}

void writer_shown(const struct table *table, bool shown[WRITER_COLUMNS_MAX])
{
    for (size_t c = 0; c < table->column_count; c++)
        shown[c] = table_shows(table, c);
}

void writer_titles(struct writer *w, const struct table *table,
                   void (*each)(struct writer *w, const struct table_column *c))
{
    bool shown[WRITER_COLUMNS_MAX];
    writer_shown(table, shown);
    for (size_t c = 0; c < table->column_count; c++)
        if (shown[c])
            each(w, &table->columns[c]);
}

void writer_rows(struct writer *w, const struct table *table, const struct writer_grid *grid)
{
    bool shown[WRITER_COLUMNS_MAX];
    writer_shown(table, shown);
    for (size_t row = 0; row < table->row_count; row++) {
        fputs(grid->row, w->out);
        for (size_t c = 0; c < table->column_count; c++) {
            struct table_value value;
            char text[2 * TABLE_VALUE_SIZE];
            if (!shown[c])
                continue;
            table_value(table, row, c, &value);
            fputs(grid->value, w->out);
            grid->put(w->out, table_text(&table->columns[c], &value, false, text, sizeof text));
            fputs(grid->value_end, w->out);
        }
        fputs(grid->row_end, w->out);
    }
}
