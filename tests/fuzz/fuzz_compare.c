/* SPDX-License-Identifier: MIT */
/*
 * Two runs compared (bench/analysis/compare.c): two journals to the plan of plan.h, with a line "===" between them.
 * Whatever stands in them, rows have a cell, intervals hold their estimate, and the tables can be made: JSON that
 * is JSON, a terminal's without a control character.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/analysis/compare.h"
#include "bench/report/compare.h"
#include "plan.h"
#include "support.h"

static int parse(struct results *results, const uint8_t *data, size_t size, struct error *err)
{
    const struct results_texts texts = {.plan = {PLAN_JSON, sizeof PLAN_JSON - 1},
                                        .machine = {MACHINE_JSON, sizeof MACHINE_JSON - 1},
                                        .samples = {(const char *)data, size},
                                        .events = {"", 0}};
    return results_parse(results, &texts, err);
}

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
    char *text = NULL;
    size_t length = 0;
    struct writer w = {.format = format, .out = open_memstream(&text, &length), .width = 80};
    FUZZ_MUST(w.out != NULL && compare_write(compare, names, &w) == 0 && fclose(w.out) == 0);
    if (format == &format_json) {
        json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
        FUZZ_MUST(json_is_object(json));
        json_decref(json);
    }
    for (size_t i = 0; format == &format_terminal && i < length; i++)
        FUZZ_MUST((unsigned char)text[i] >= 0x20 || text[i] == '\n');
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
    if (parse(&a, data, first, &err) == 0 && parse(&b, data + second, size - second, &err) == 0) {
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
