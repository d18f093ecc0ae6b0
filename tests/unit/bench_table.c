/* SPDX-License-Identifier: MIT */
/* One document in every format: text is escaped, what is not known is told from 0, and a table goes on where it is wide. */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/html/html.h"
#include "bench/report/writer.h"
#include "bench/util/error.h"
#include "bench/util/escape.h"
#include "bench/util/text.h"

struct row {
    const char *name;
    double seconds, ratio, low, high;
    const char *sign, *reason;
    bool doubtful;
};

enum { NAME, SECONDS, BYTES, RATIO, NOTHING };
enum { VIEW_ALL = 1, VIEW_SHORT = 2 };

static void read_row(const void *what, int which, struct table_value *out)
{
    const struct row *row = what;
    if (which == NAME)
        table_set_text(out, row->name);
    if (which == SECONDS || which == BYTES)
        table_set_number(out, which == BYTES ? 1e10 * row->seconds : row->seconds);
    if (which == RATIO) {
        table_set_interval(out, row->ratio, row->low, row->high);
        table_set_text(out, row->reason);
        out->sign = row->sign;
        out->doubtful = row->doubtful;
    }
}

static const struct table_column columns[] = {
    {"variant", "variant", UNIT_TEXT, false, 0, read_row, NAME},
    {"whole_s", "whole", UNIT_SECONDS, false, VIEW_ALL, read_row, SECONDS},
    {"speedup", "speedup", UNIT_RATIO, true, 0, read_row, RATIO},
    {"bytes", NULL, UNIT_BYTES, false, 0, read_row, BYTES},
    {NULL, "nothing in it", UNIT_TEXT, false, 0, read_row, NOTHING},
};

static const struct row rows[] = {
    {"c:sync", 0.25, 1, NAN, NAN, NULL, "baseline", false},
    {"a|b,<c>", 0.0102, 34.81, 31.3, 37.1, "▲", NULL, false},
    {"py:threads", NAN, 0.953, 0.9, 1.01, "=", NULL, true},
};

static const struct table table = {.name = "cells",
                                   .title = "What is it?",
                                   .columns = columns,
                                   .column_count = COUNT(columns),
                                   .rows = rows,
                                   .row_size = sizeof *rows,
                                   .row_count = 3,
                                   .view = VIEW_ALL};

/* The document, to be freed. */
static char *printed(const struct writer_format *format, int width, const char *only, const struct table *what)
{
    char *text;
    size_t length;
    struct writer w = {.format = format, .out = text_open(&text, &length), .width = width, .only = only};
    write_fact(&w, "seed", json_integer(7));
    write_heading(&w, 1, "quick");
    write_paragraph(&w, "Measured here.");
    write_item(&w, "control", "it <holds> 1");
    write_item(&w, NULL, "so does this");
    write_table(&w, what);
    write_end(&w);
    text_close(w.out);
    return text;
}

TEST(every_format_writes_the_same_document)
{
    static const struct {
        const struct writer_format *format;
        const char *text;
    } cases[] = {
        {&format_terminal, "quick\n  Measured here.\n\n  control    it <holds> 1\n- so does this\n\nWhat is it?\n"
                           "variant      whole speedup\n"
                           "c:sync      250 ms   baseline\n"
                           "a|b,<c>    10.2 ms ▲ 34.8x [31.3,37.1]\n"
                           "py:threads       - =0.953x [0.900,1.01]?\n"},
        {&format_markdown,
         "# quick\n\nMeasured here.\n\n- **control**: it &lt;holds> 1\n- so does this\n\nWhat is it?\n\n"
         "| variant | whole | speedup |\n|---|--:|---|\n| c:sync | 250 ms | baseline |\n"
         "| a\\|b,&lt;c> | 10.2 ms | ▲34.8x \\[31.3,37.1\\] |\n| py:threads | - | =0.953x \\[0.900,1.01\\]? |\n"},
        {&format_adoc, "= quick\n\nMeasured here.\n\n* *control*: it &#60;holds&#62; 1\n* so does this\n\n"
                       ".What is it?\n[options=\"header\"]\n|===\n|variant |whole |speedup \n\n"
                       "|c:sync\n|250 ms\n|baseline\n\n|a&#124;b,&#60;c&#62;\n|10.2 ms\n|▲34.8x &#91;31.3,37.1&#93;\n\n"
                       "|py:threads\n|-\n|=0.953x &#91;0.900,1.01&#93;?\n\n|===\n"},
        {&format_csv, "variant,whole_s,speedup,speedup_low,speedup_high,bytes\nc:sync,0.25,1,,,2500000000\n"
                      "\"a|b,<c>\",0.0102,34.81,31.3,37.1,102000000\npy:threads,,0.953,0.9,1.01,\n"},
        {&format_json, "{\n  \"seed\": 7,\n  \"cells\": [\n    {\n"
                       "      \"variant\": \"c:sync\",\n      \"whole_s\": 0.25,\n      \"speedup\": 1.0,\n"
                       "      \"speedup_low\": null,\n      \"speedup_high\": null,\n      \"bytes\": 2500000000\n"},
        {&format_html, "<h1>quick</h1>\n<p>Measured here.</p>\n"
                       "<p class=\"item\"><strong>control</strong>: it &lt;holds&gt; 1.</p>\n"},
        {&format_html, "<th scope=\"row\" class=\"t\">a|b,&lt;c&gt;</th><td class=\"n\" data-v=\"0.0102\">10.2 ms</td>"
                       "<td class=\"r\" data-v=\"34.81\">▲34.8x [31.3,37.1]</td></tr>\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = printed(cases[i].format, 80, NULL, &table);
        const bool part = cases[i].format == &format_json || cases[i].format == &format_html;
        if (part ? strstr(text, cases[i].text) == NULL : strcmp(text, cases[i].text) != 0)
            fail_msg("%s wrote\n%s\nnot\n%s", cases[i].format->name, text, cases[i].text);
        if (cases[i].format != &format_html)
            assert_ptr_equal(writer_find(cases[i].format->name), cases[i].format);
        free(text);
    }
    assert_null(writer_find("pdf"));
}

/* Where not all columns fit, the first is said again; a text that is too long goes on below itself; CSV is one table. */
TEST(tables_wrap_and_have_views)
{
    static const struct row wide = {"a name of thirty columns or so", 1, 2, 1.9, 2.1, "▲", NULL, false};
    static const struct table_column text[] = {
        {NULL, "whole", UNIT_SECONDS, false, 0, read_row, SECONDS},
        {NULL, "note", UNIT_TEXT, false, 0, read_row, NAME},
    };
    static const void *const pointers[] = {&wide};
    struct table narrow = table, brief = table, note = table;
    narrow.rows = note.rows = pointers;
    narrow.row_size = note.row_size = 0;
    narrow.row_count = note.row_count = 1;
    brief.view = VIEW_SHORT;
    note.columns = text;
    note.column_count = 2;
    const struct {
        const struct writer_format *format;
        const struct table *table;
        const char *only, *has;
    } cases[] = {
        {&format_terminal, &narrow, NULL,
         "\nvariant                         whole\na name of thirty columns or so 1.00 s\n\n"
         "variant                        speedup\na name of thirty columns or so ▲ 2.00x [1.90,2.10]\n"},
        {&format_terminal, &note, NULL, "\n whole note\n1.00 s a name of thirty columns or\n       so\n"},
        {&format_markdown, &brief, NULL, "| variant | speedup |\n"},
        {&format_csv, &brief, "cells", "variant,whole_s,"},
        {&format_csv, &brief, "checks", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *got = printed(cases[i].format, i == 1 ? 36 : 50, cases[i].only, cases[i].table);
        if (*cases[i].has == '\0' ? *got != '\0' : strstr(got, cases[i].has) == NULL)
            fail_msg("case %zu: no\n%s\nin\n%s", i, cases[i].has, got);
        free(got);
    }
}

/* As it may stand in a group's name or a path: what a terminal or a spreadsheet would obey. */
TEST(test_control_characters_and_formulas)
{
    static const struct {
        void (*put)(FILE *out, const char *text);
        const char *text, *printed;
    } cases[] = {
        {html_put, "a\x1b[1m\xc2\x9b<", "a [1m &lt;"},
        {markdown_put, "a\x1b[1m\xc2\x9b<", "a \\[1m &lt;"},
        {adoc_put, "a\x1bz\xc2\x9b<", "a z &#60;"},
        {csv_put_text, "a\x1b[1m\xc2\x9b<\n", "a [1m < "},
        {csv_put_text, "=1+1", "'=1+1"},
        {csv_put_text, "@a,\"b\"", "\"'@a,\"\"b\"\"\""},
        {csv_put_text, "a=1", "a=1"},
        {csv_put_text, "", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text;
        size_t length;
        FILE *out = text_open(&text, &length);
        cases[i].put(out, cases[i].text);
        text_close(out);
        assert_string_equal(text, cases[i].printed);
        free(text);
    }
    struct error err;
    error_set(&err, 0, "no run at %s", "a\x1b[1m\xc2\x9b\n\x7f\xc3\xa4");
    assert_string_equal(err.text, "no run at a?[1m???\xc3\xa4");
}
