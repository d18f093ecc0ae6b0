/* SPDX-License-Identifier: MIT */
/*
 * What every table is: columns, rows, and how to read a value from a row. Tables know no format, and formats
 * (bench/report/writer.h) know no table: a new metric is one column, a new format one file.
 */
#ifndef BENCH_REPORT_TABLE_H
#define BENCH_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum table_unit {
    UNIT_TEXT,
    UNIT_COUNT,
    UNIT_REAL,
    UNIT_SECONDS,
    UNIT_BYTES,
    UNIT_SHARE, /* of 1; people read percent */
    UNIT_RATE,  /* each second */
    UNIT_RATIO, /* with its interval, where it has one */
    UNIT_FLAG,  /* 0 or 1 */
};

enum { TABLE_VALUE_SIZE = 240 };

/* One value. A column's `read` gets it blank: nothing is known, nothing is said. */
struct table_value {
    double number;    /* NaN: not known */
    double low, high; /* the 95% interval; NaN: none */
    const char *text; /* the value itself (UNIT_TEXT); of a number what people read in its place. NULL: nothing */
    const char *sign; /* one column before the number, such as "▲"; NULL: none */
    bool doubtful;    /* people see a "?" behind it, and find its reason below the table */
    char own[TABLE_VALUE_SIZE]; /* where `read` may build `text` */
};

/* Fills in the value of `row`; `which` is the column's, so that one function serves columns that are alike. */
typedef void table_read(const void *row, int which, struct table_value *out);

struct table_column {
    const char *key;   /* for programs, such as "work_s"; NULL: for people only */
    const char *title; /* for people; NULL: for programs only */
    enum table_unit unit;
    bool interval;  /* programs get KEY_low and KEY_high as well */
    unsigned views; /* the table's `view` says which of these bits people see; 0: in every view */
    table_read *read;
    int which;
};

struct table {
    const char *name;  /* for programs: one word; NULL: for people only */
    const char *title; /* what the table answers; NULL: none */
    const struct table_column *columns;
    size_t column_count;
    const void *rows; /* `row_count` of them, `row_size` bytes each; or with row_size 0 an array of pointers to them */
    size_t row_size, row_count;
    unsigned view;
};

/* Reads one value; what a number stands for is as the unit says. */
void table_value(const struct table *table, size_t row, size_t column, struct table_value *out);
/* Whether people see a column: it has a title, is in the view, and some row has something in it. */
bool table_shows(const struct table *table, size_t column);

/* What people read: "1.90x [1.67,1.92]", "12.3 ms", "yes", with sign and doubt; "" where there is nothing. `aligned`: the
 * number of a ratio takes six columns, so that ratios stand below each other. Returns `out`. */
const char *table_text(const struct table_column *column, const struct table_value *value, bool aligned, char *out,
                       size_t size);
/* Whether numbers stand at the right. */
bool table_is_number(const struct table_column *column);
/* Whether its numbers are whole ones to programs. */
bool table_is_whole(const struct table_column *column);

/* Values are set by these, so that what is not known is told from what is 0 in one place. */
void table_set_text(struct table_value *out, const char *text);
void table_set_number(struct table_value *out, double number);  /* NaN: not known */
void table_set_count(struct table_value *out, long long count); /* below 0: not known */
void table_set_interval(struct table_value *out, double number, double low, double high);
void table_set_format(struct table_value *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_set_made(struct table_value *out, char *text); /* frees `text` */
void table_set_variant(struct table_value *out, const char *runtime, const char *model);

#endif
