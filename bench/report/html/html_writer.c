/* SPDX-License-Identifier: MIT */
/* HTML. Everything that comes from a file or a name is escaped; a number's cell has it in full, to sort by. */
#include "bench/report/html/html.h"

#include <math.h>
#include <string.h>

#include "bench/util/escape.h"

static void html_heading(struct writer *w, int level, const char *text)
{
    fprintf(w->out, "<h%d>", level);
    html_put(w->out, text);
    fprintf(w->out, "</h%d>\n", level);
}

void html_section(FILE *out, const char *id, const char *title)
{
    fprintf(out, "<section class=\"%s\" aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id, id, title);
}

static void html_paragraph(struct writer *w, const char *text)
{
    html_put_in(w->out, "p", text);
    fputc('\n', w->out);
}

static void html_item(struct writer *w, const char *title, const char *text)
{
    fputs("<p class=\"item\">", w->out);
    if (title != NULL) {
        html_put_in(w->out, "strong", title);
        fputs(": ", w->out);
    }
    html_put(w->out, text);
    fputs(*text != '\0' && text[strlen(text) - 1] == '.' ? "</p>\n" : ".</p>\n", w->out);
}

static void html_title(struct writer *w, const struct table_column *column)
{
    fputs("<th scope=\"col\">", w->out);
    html_put(w->out, column->title);
    fputs("</th>", w->out);
}

static void put_value(struct writer *w, const struct table *table, size_t row, size_t c)
{
    const struct table_column *column = &table->columns[c];
    struct table_value value;
    char text[2 * TABLE_VALUE_SIZE];
    table_value(table, row, c, &value);
    const char *tag = c == 0 ? "th scope=\"row\"" : "td";
    fprintf(w->out, "<%s class=\"%s\"", tag, table_is_number(column) ? "n" : column->unit == UNIT_RATIO ? "r" : "t");
    if (column->unit != UNIT_TEXT && isfinite(value.number))
        fprintf(w->out, " data-v=\"%.9g\"", value.number);
    else if (column->unit != UNIT_TEXT)
        fputs(" data-v=\"\"", w->out);
    fputc('>', w->out);
    html_put(w->out, value.text != NULL ? value.text : table_text(column, &value, false, text, sizeof text));
    fputs(c == 0 ? "</th>" : "</td>", w->out);
}

static void html_table(struct writer *w, const struct table *table)
{
    bool shown[WRITER_COLUMNS_MAX];
    writer_shown(table, shown);
    fprintf(w->out,
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"table-%zu\">\n"
            "<table class=\"sortable\">\n<caption id=\"table-%zu\">",
            w->tables, w->tables);
    html_put(w->out, table->title != NULL ? table->title : "");
    fputs("</caption>\n<thead><tr>", w->out);
    writer_titles(w, table, html_title);
    fputs("</tr></thead>\n<tbody>\n", w->out);
    for (size_t row = 0; row < table->row_count; row++) {
        fputs("<tr>", w->out);
        for (size_t c = 0; c < table->column_count; c++)
            if (shown[c])
                put_value(w, table, row, c);
        fputs("</tr>\n", w->out);
    }
    fputs("</tbody>\n</table>\n</div>\n", w->out);
}

const struct writer_format format_html = {
    .name = "html", .heading = html_heading, .paragraph = html_paragraph, .item = html_item, .table = html_table};
