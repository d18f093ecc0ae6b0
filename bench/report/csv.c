/* SPDX-License-Identifier: MIT */
/* CSV (RFC 4180, but with plain newlines): one table, a row each, plain numbers in seconds, bytes and ratios, empty where
 * not known. */
#include <math.h>
#include <string.h>

#include "bench/report/writer.h"
#include "bench/util/escape.h"

static void put_header(FILE *out, const struct table *table)
{
    const char *comma = "";
    for (size_t c = 0; c < table->column_count; c++) {
        const struct table_column *column = &table->columns[c];
        if (column->key == NULL)
            continue;
        fprintf(out, "%s%s", comma, column->key);
        comma = ",";
        if (column->interval)
            fprintf(out, ",%s_low,%s_high", column->key, column->key);
    }
    fputc('\n', out);
}

static void put_number(FILE *out, const struct table_column *column, double number)
{
    if (isfinite(number))
        fprintf(out, table_is_whole(column) ? "%.0f" : "%.9g", number);
}

static void put_value(FILE *out, const struct table_column *column, const struct table_value *value)
{
    if (column->unit == UNIT_TEXT)
        csv_put_text(out, value->text);
    else if (column->unit == UNIT_FLAG)
        fputs(value->number > 0 ? "true" : value->number == 0 ? "false" : "", out);
    else
        put_number(out, column, value->number);
    if (!column->interval)
        return;
    fputc(',', out);
    put_number(out, column, value->low);
    fputc(',', out);
    put_number(out, column, value->high);
}

static void csv_table(struct writer *w, const struct table *table)
{
    if (table->name == NULL || (w->only != NULL ? strcmp(w->only, table->name) != 0 : w->tables > 0))
        return;
    put_header(w->out, table);
    for (size_t row = 0; row < table->row_count; row++) {
        const char *comma = "";
        for (size_t c = 0; c < table->column_count; c++) {
            struct table_value value;
            if (table->columns[c].key == NULL)
                continue;
            table_value(table, row, c, &value);
            fputs(comma, w->out);
            put_value(w->out, &table->columns[c], &value);
            comma = ",";
        }
        fputc('\n', w->out);
    }
}

const struct writer_format format_csv = {
    .name = "csv", .file = "summary.csv", .for_programs = true, .table = csv_table};
