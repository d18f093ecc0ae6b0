/* SPDX-License-Identifier: MIT */
/* Two runs compared (bench/analysis/compare.c): two journals to the plan of given.h, with a line "===" between them.
 * Whatever stands in them, rows have a cell, intervals hold their estimate, and the tables can be made: JSON that is
 * JSON, a terminal's without a control character. */
#include <stdlib.h>

#include "bench/analysis/compare.h"
#include "bench/report/document.h"
#include "bench/util/text.h"
#include "given.h"
#include "render_all.h"
#include "support.h"

static void check_change(const struct compare_change *change)
{
    const struct ratio *r = &change->ratio;
    if (r->state == RATIO_FULL)
        FUZZ_MUST(r->low > 0 && r->low <= r->ratio * (1 + 1e-9) && r->ratio <= r->high * (1 + 1e-9));
}

static void check_rows(const struct compare *c)
{
    for (size_t i = 0; i < c->row_count; i++) {
        FUZZ_MUST(compare_cell(&c->rows[i]) != NULL);
        for (size_t what = 0; what < COMPARE_CHANGES; what++)
            check_change(&c->rows[i].change[what]);
    }
}

static void check_document(const struct compare *compare, const struct writer_format *format)
{
    static const char *const names[COMPARE_SIDES] = {"a", "b"};
    char *text;
    size_t length;
    struct writer w = {.format = format, .out = text_open(&text, &length), .width = 80};
    compare_write(compare, names, &w);
    text_close(w.out);
    check_written(format, text, length);
    free(text);
}

static void check_compare(const struct compare *compare)
{
    const struct writer_format *const formats[] = {&format_terminal, &format_markdown, &format_adoc, &format_csv,
                                                   &format_json};
    check_rows(compare);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        check_document(compare, formats[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct results a = {.plan = NULL}, b = {.plan = NULL};
    struct compare compare;
    struct error err = {.text = ""};
    size_t first;
    const size_t second = fuzz_second_part(data, size, &first);
    const struct compare_options options = {
        .margin = -1, .time = RATIO_WHOLE, .by_speedup = size % 2 != 0, .slower = 0.05};
    if (given_results(&a, (const char *)data, first, &err) == 0 &&
        given_results(&b, (const char *)data + second, size - second, &err) == 0) {
        const int rc = compare_make(&compare, &a, &b, &options, &err);
        if (rc == 0) {
            check_compare(&compare);
            compare_free(&compare);
        } else {
            fuzz_check_refusal(rc, err.text);
        }
    }
    results_free(&a);
    results_free(&b);
    return 0;
}
