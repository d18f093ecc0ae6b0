/* SPDX-License-Identifier: MIT */
/* AsciiDoc. A text from a file or a name is passed through by ++...++ where it could mean something. */
#include <string.h>

#include "bench/report/writer.h"
#include "bench/util/escape.h"

static void adoc_heading(struct writer *w, int level, const char *text)
{
    fprintf(w->out, "%s%.*s ", level == 1 ? "" : "\n", level, "===");
    adoc_put(w->out, text);
    fputc('\n', w->out);
}

static void adoc_paragraph(struct writer *w, const char *text)
{
    fputc('\n', w->out);
    adoc_put(w->out, text);
    fputc('\n', w->out);
}

static void adoc_item(struct writer *w, const char *title, const char *text)
{
    fputs(w->in_list ? "* " : "\n* ", w->out);
    if (title != NULL)
        fprintf(w->out, "*%s*: ", title);
    adoc_put(w->out, text);
    fputc('\n', w->out);
}

static void adoc_title(struct writer *w, const struct table_column *c) { fprintf(w->out, "|%s ", c->title); }

static void adoc_table(struct writer *w, const struct table *table)
{
    static const struct writer_grid grid = {"", "\n", "|", "\n", adoc_put};
    fputc('\n', w->out);
    if (table->title != NULL) {
        fputc('.', w->out);
        adoc_put(w->out, table->title);
        fputc('\n', w->out);
    }
    fputs("[options=\"header\"]\n|===\n", w->out);
    writer_titles(w, table, adoc_title);
    fputs("\n\n", w->out);
    writer_rows(w, table, &grid);
    fputs("|===\n", w->out);
}

const struct writer_format format_adoc = {
    .name = "adoc", .heading = adoc_heading, .paragraph = adoc_paragraph, .item = adoc_item, .table = adoc_table};
