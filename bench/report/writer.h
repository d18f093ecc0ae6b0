/* SPDX-License-Identifier: MIT */
/*
 * The formats: what is to be said comes as headings, paragraphs, lists and tables, and each format writes them in its
 * own way. One file each: terminal.c, markdown.c, adoc.c, csv.c, json.c, html/html_writer.c.
 */
#ifndef BENCH_REPORT_WRITER_H
#define BENCH_REPORT_WRITER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "bench/report/table.h"

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
