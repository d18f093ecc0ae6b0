/* SPDX-License-Identifier: MIT */
/* Every table of a run. */
#include "render_all.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/plot/picture.h"
#include "bench/report/html/html.h"
#include "bench/analysis/summary.h"
#include "bench/util/text.h"
#include "support.h"

/* Records of RFC 4180: a line feed within quotes ends none. */
static size_t csv_records(const char *text)
{
    size_t records = 0;
    bool quoted = false;
    for (; *text != '\0'; text++) {
        quoted ^= *text == '"';
        records += *text == '\n' && !quoted;
    }
    FUZZ_MUST(!quoted);
    return records;
}

void check_written(const struct writer_format *format, const char *text, size_t length)
{
    FUZZ_MUST(strlen(text) == length);
    if (format == &format_json) {
        json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
        FUZZ_MUST(json_is_object(root));
        json_decref(root);
    }
    for (size_t i = 0; format == &format_terminal && i < length; i++)
        FUZZ_MUST((unsigned char)text[i] >= 0x20 || text[i] == '\n');
}

static void check_tables(const struct summary *summary, const struct writer_format *format)
{
    char *text;
    size_t length;
    struct writer w = {.format = format, .out = text_open(&text, &length), .width = 80};
    document_write(summary, &w);
    text_close(w.out);
    check_written(format, text, length);
    FUZZ_MUST(format != &format_csv || csv_records(text) >= summary->cell_count + 1);
    free(text);
}

/* What becomes a file's name and a program's statements must not follow from a name in a plan. */
static void check_pictures(const struct summary *summary)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const struct picture_source source = {.summary = summary, .run_dir = "/nonexistent"};
    struct pictures pictures;
    pictures_make(&pictures, &source, NULL);
    for (size_t i = 0; i < pictures.count; i++) {
        const struct picture *p = &pictures.items[i];
        FUZZ_MUST(p->stem[strspn(p->stem, plain)] == '\0');
        FUZZ_MUST(p->settings == NULL || strpbrk(p->settings, "`\n!\\") == NULL);
        FUZZ_MUST(p->title != NULL && p->alt != NULL && strlen(p->data) == p->length);
        for (size_t k = 0; k < i; k++)
            FUZZ_MUST(strcmp(pictures.items[k].stem, p->stem) != 0);
    }
    pictures_free(&pictures);
}

/* Without pictures, which are files of their own. A tag of a run's own would be one too many. */
static void check_page(const struct summary *summary)
{
    const struct page page = {.summary = summary};
    size_t length, scripts = 0;
    char *text;
    FILE *out = text_open(&text, &length);
    render_html(&page, out);
    text_close(out);
    for (const char *at = text; (at = strstr(at, "<script")) != NULL; at++)
        scripts++;
    FUZZ_MUST(scripts == 1);
    free(text);
}

void render_all(const struct results *results)
{
    static const struct writer_format *const formats[] = {&format_terminal, &format_markdown, &format_adoc, &format_csv,
                                                          &format_json};
    struct summary summary = {0};
    summary_make(&summary, results);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        check_tables(&summary, formats[i]);
    check_page(&summary);
    check_pictures(&summary);
    summary_free(&summary);
}
