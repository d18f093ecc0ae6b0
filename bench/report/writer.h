/* SPDX-License-Identifier: MIT */
/*
 * Tables and formats. What is to be said comes as headings, paragraphs, lists and tables, and each format writes them in its own
 * way, one file each: terminal.c, markdown.c, adoc.c, csv.c, json.c, html/html_writer.c. Tables know no format, and formats
 * know no table: a new metric is one column.
 */
#ifndef BENCH_REPORT_WRITER_H
#define BENCH_REPORT_WRITER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

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
/* For columns whose `which` is the offset of a text, or of a double, in the row. */
void table_read_text(const void *row, int offset, struct table_value *out);
void table_read_real(const void *row, int offset, struct table_value *out);

/* -- formats ---------------------------------------------------------------------------------------------------------- */

struct writer;

struct writer_format {
    const char *name;  /* of --format */
    const char *file;  /* what a run's folder keeps of it; NULL: nothing */
    bool for_programs; /* takes facts and whole tables; else it takes text, and tables by parts and views */
    void (*heading)(struct writer *w, int level, const char *text); /* level 1 to 3 */
    void (*paragraph)(struct writer *w, const char *text);
    void (*item)(struct writer *w, const char *title, const char *text); /* of a list; title: NULL or a few words */
    void (*table)(struct writer *w, const struct table *table);
    void (*fact)(struct writer *w, const char *key, json_t *value); /* steals `value` */
    void (*end)(struct writer *w);
};

/* Where a document goes. To be filled in by whoever writes one; the formats keep `json`, `tables` and `in_list`. */
struct writer {
    const struct writer_format *format;
    FILE *out;
    int width;        /* of the terminal */
    bool colour;      /* ANSI colours */
    bool ascii;       /* of a terminal: no other characters */
    bool brief;       /* for people: no more of a run than what to take and what was wrong */
    const char *only; /* of CSV, which is one table: its name; NULL: the first */
    json_t *json;
    size_t tables;
    bool in_list;
};

/* The same calls for whoever has a writer; what a format has no use for is dropped. */
void write_heading(struct writer *w, int level, const char *text);
void write_paragraph(struct writer *w, const char *text);
void write_item(struct writer *w, const char *title, const char *text);
void write_table(struct writer *w, const struct table *table);
void write_fact(struct writer *w, const char *key, json_t *value);
void write_end(struct writer *w);

/* A table as a format of markup writes it: what stands around a row and a value, and how text is escaped. */
struct writer_grid {
    const char *row, *row_end, *value, *value_end;
    void (*put)(FILE *out, const char *text);
};
enum { WRITER_COLUMNS_MAX = 96 };
/* Which columns people see, once per table. */
void writer_shown(const struct table *table, bool shown[WRITER_COLUMNS_MAX]);
/* Calls `each` for the titles people see, then writes all rows. */
void writer_titles(struct writer *w, const struct table *table,
                   void (*each)(struct writer *w, const struct table_column *c));
void writer_rows(struct writer *w, const struct table *table, const struct writer_grid *grid);

extern const struct writer_format format_terminal, format_markdown, format_adoc, format_csv, format_json;
/* Of standard output: its columns, 80 where it is no terminal or has fewer, at most 1000; and whether it is a terminal that TERM
 * names and does not call dumb, and NO_COLOR is not set. */
int terminal_columns(void);
bool terminal_has_colour(void);
/* Whether the locale's characters are others than UTF-8. A locale that is not installed says nothing. */
bool terminal_is_ascii(void);
/* By the name that --format takes; NULL: unknown. */
const struct writer_format *writer_find(const char *name);
#endif
