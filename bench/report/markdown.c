/* SPDX-License-Identifier: MIT */
/* Markdown, with the tables of GitHub's kind. Everything that comes from a file or a name is escaped. */
#include <string.h>

#include "bench/report/writer.h"
#include "bench/util/escape.h"

static void md_heading(struct writer *w, int level, const char *text)
{
    fprintf(w->out, "%s%.*s ", level == 1 ? "" : "\n", level, "###");
    markdown_put(w->out, text);
    fputc('\n', w->out);
}

static void md_paragraph(struct writer *w, const char *text)
{
    fputc('\n', w->out);
    markdown_put(w->out, text);
    fputc('\n', w->out);
}

static void md_item(struct writer *w, const char *title, const char *text)
{
    fputs(w->in_list ? "- " : "\n- ", w->out);
    if (title != NULL) {
        fputs("**", w->out);
        markdown_put(w->out, title);
        fputs("**: ", w->out);
    }
    markdown_put(w->out, text);
    fputc('\n', w->out);
}

static void md_title(struct writer *w, const struct table_column *c) { fprintf(w->out, " %s |", c->title); }

static void md_rule(struct writer *w, const struct table_column *c)
{
    fputs(table_is_number(c) ? "--:|" : "---|", w->out);
}

static void md_table(struct writer *w, const struct table *table)
{
    static const struct writer_grid grid = {"|", "\n", " ", " |", markdown_put};
    if (table->title != NULL)
        md_paragraph(w, table->title);
    fputs("\n|", w->out);
    writer_titles(w, table, md_title);
    fputs("\n|", w->out);
    writer_titles(w, table, md_rule);
    fputc('\n', w->out);
    writer_rows(w, table, &grid);
}

const struct writer_format format_markdown = {.name = "md",
                                              .file = "summary.md",
                                              .heading = md_heading,
                                              .paragraph = md_paragraph,
                                              .item = md_item,
                                              .table = md_table};
