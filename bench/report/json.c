/* SPDX-License-Identifier: MIT */
/* JSON: facts, and each table as an array of objects under its name. What is not known is null. */
#include <math.h>
#include <string.h>

#include "bench/report/writer.h"
#include "bench/util/json.h"

#define DIGITS 9 /* digits of a real: nanoseconds of a second, and more than any ratio deserves */

static void json_fact(struct writer *w, const char *key, json_t *value)
{
    if (w->json == NULL)
        w->json = json_object();
    json_object_set_new(w->json, key, value);
}

static json_t *number_json(const struct table_column *column, double number)
{
    return table_is_whole(column) && isfinite(number) ? json_integer(llround(number)) : json_number(number);
}

static json_t *value_json(const struct table_column *column, const struct table_value *value)
{
    if (column->unit == UNIT_TEXT)
        return value->text == NULL ? json_null() : json_string(value->text);
    if (column->unit == UNIT_FLAG)
        return isfinite(value->number) ? json_boolean(value->number != 0) : json_null();
    return number_json(column, value->number);
}

static json_t *row_json(const struct table *table, size_t row)
{
    json_t *object = json_object();
    for (size_t c = 0; c < table->column_count; c++) {
        const struct table_column *column = &table->columns[c];
        char key[80];
        struct table_value value;
        if (column->key == NULL)
            continue;
        table_value(table, row, c, &value);
        json_object_set_new(object, column->key, value_json(column, &value));
        for (int end = 0; column->interval && end < 2; end++) {
            snprintf(key, sizeof key, "%s_%s", column->key, end == 0 ? "low" : "high");
            json_object_set_new(object, key, number_json(column, end == 0 ? value.low : value.high));
        }
    }
    return object;
}

static void json_table(struct writer *w, const struct table *table)
{
    if (table->name == NULL)
        return;
    json_t *rows = json_array();
    for (size_t row = 0; row < table->row_count; row++)
        json_array_append_new(rows, row_json(table, row));
    json_fact(w, table->name, rows);
}

static void json_end(struct writer *w)
{
    json_dumpf(w->json, w->out, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS));
    fputc('\n', w->out);
    json_decref(w->json);
    w->json = NULL;
}

const struct writer_format format_json = {.name = "json",
                                          .file = "summary.json",
                                          .for_programs = true,
                                          .table = json_table,
                                          .fact = json_fact,
                                          .end = json_end};
