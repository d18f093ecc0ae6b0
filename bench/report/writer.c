/* SPDX-License-Identifier: MIT */
/* Rows, values, and how people read them; what all formats share: finding one, and dropping what one has no use for. */
#include "bench/report/writer.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"

/* -- tables ----------------------------------------------------------------------------------------------------------- */

static const void *table_row(const struct table *table, size_t row)
{
    if (table->row_size == 0)
        return ((const void *const *)table->rows)[row];
    return (const char *)table->rows + row * table->row_size;
}

void table_value(const struct table *table, size_t row, size_t column, struct table_value *out)
{
    const struct table_column *c = &table->columns[column];
    *out = (struct table_value){.number = NAN, .low = NAN, .high = NAN};
    c->read(table_row(table, row), c->which, out);
}

bool table_is_number(const struct table_column *column)
{
    return column->unit != UNIT_TEXT && column->unit != UNIT_RATIO && column->unit != UNIT_FLAG;
}

bool table_is_whole(const struct table_column *column)
{
    return column->unit == UNIT_COUNT || column->unit == UNIT_BYTES;
}

/* Whether people see a column: it has a title, is in the view, and some row has something in it. */
static bool table_shows(const struct table *table, size_t column)
{
    const struct table_column *c = &table->columns[column];
    if (c->title == NULL || (c->views != 0 && (c->views & table->view) == 0))
        return false;
    for (size_t row = 0; row < table->row_count; row++) {
        struct table_value value;
        table_value(table, row, column, &value);
        if (isfinite(value.number) || (value.text != NULL && *value.text != '\0'))
            return true;
    }
    return false;
}

/* The same with a minus, for the end of an interval below 0. */
static const char *signed_text(struct format *f, double number, const char *(*unit)(struct format *f, double value))
{
    struct format size;
    snprintf(f->text, sizeof f->text, "%s%.*s", number < 0 ? "-" : "", FORMAT_SIZE - 2, unit(&size, fabs(number)));
    return f->text;
}

static const char *number_text(enum table_unit unit, double number, struct format *f)
{
    char digits[TEXT_NUMBER_SIZE];
    switch (unit) {
    case UNIT_SECONDS:
        return signed_text(f, number, format_time);
    case UNIT_BYTES:
        return signed_text(f, number, format_bytes);
    case UNIT_RATIO:
        return format_ratio(f, number);
    case UNIT_FLAG:
        return number != 0 ? "yes" : "no";
    case UNIT_SHARE:
        snprintf(f->text, sizeof f->text, "%s%%", text_number(digits, 100 * number));
        break;
    case UNIT_COUNT:
        snprintf(f->text, sizeof f->text, "%.0f", number);
        break;
    case UNIT_RATE:
        return format_rate(f, number);
    case UNIT_TEXT:
    case UNIT_REAL:
        return text_number(f->text, number);
    }
    return f->text;
}

static const char *interval_text(enum table_unit unit, const struct table_value *value, struct format *f)
{
    struct format low, high;
    if (!isfinite(value->low) || !isfinite(value->high))
        return "";
    if (unit == UNIT_RATIO)
        return format_interval(f, value->low, value->high);
    snprintf(f->text, sizeof f->text, "[%.28s, %.28s]", number_text(unit, value->low, &low),
             number_text(unit, value->high, &high));
    return f->text;
}

const char *table_text(const struct table_column *column, const struct table_value *value, bool aligned, char *out,
                       size_t size)
{
    const bool ratio = column->unit == UNIT_RATIO;
    if (value->text != NULL || !isfinite(value->number)) {
        const char *text = value->text != NULL ? value->text : column->unit == UNIT_TEXT ? "" : "-";
        snprintf(out, size, "%s%s", ratio && aligned ? "  " : "", text);
        return out;
    }
    struct format number, interval;
    const char *sign = value->sign != NULL ? value->sign : aligned && ratio ? " " : "";
    const char *range = interval_text(column->unit, value, &interval);
    snprintf(out, size, ratio && aligned ? "%s%6s%s%s%s" : "%s%s%s%s%s", sign,
             number_text(column->unit, value->number, &number), *range != '\0' ? " " : "", range,
             value->doubtful ? "?" : "");
    return out;
}

void table_set_text(struct table_value *out, const char *text) { out->text = text; }

void table_set_number(struct table_value *out, double number) { out->number = number; }

void table_set_count(struct table_value *out, long long count) { out->number = count < 0 ? NAN : (double)count; }

void table_set_interval(struct table_value *out, double number, double low, double high)
{
    out->number = number;
    out->low = low;
    out->high = high;
}

void table_set_format(struct table_value *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(out->own, sizeof out->own, format, args);
    va_end(args);
    out->text = out->own;
}

void table_set_made(struct table_value *out, char *text)
{
    table_set_format(out, "%s", text);
    free(text);
}

void table_set_variant(struct table_value *out, const char *runtime, const char *model)
{
    table_set_format(out, "%.100s:%.100s", runtime, model);
}

void table_read_text(const void *row, int offset, struct table_value *out)
{
    table_set_text(out, *(const char *const *)((const char *)row + offset));
}

void table_read_real(const void *row, int offset, struct table_value *out)
{
    table_set_number(out, *(const double *)((const char *)row + offset));
}

/* -- formats ---------------------------------------------------------------------------------------------------------- */

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
