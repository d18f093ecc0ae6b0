/* SPDX-License-Identifier: MIT */
/*
 * Drawings that are taken into the page (bench/report/html/svg.c). What comes out is one drawing again, which could be taken once more;
 * it refers to nothing but its own ids, and no attribute of it is a script.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/html/svg.h"
#include "support.h"

static int inlined(const char *bytes, size_t length, char **text, size_t *out_length)
{
    const struct svg_source source = {.bytes = bytes, .length = length, .prefix = "p1-", .label = "label"};
    struct error err = {.text = ""};
    FILE *out = open_memstream(text, out_length);
    FUZZ_MUST(out != NULL);
    const int rc = svg_inline(&source, out, &err);
    FUZZ_MUST(fclose(out) == 0);
    if (rc != 0)
        fuzz_check_refusal(rc, err.text);
    return rc;
}

/* Text and values are escaped, so that a quote only ever ends an attribute. */
static void check_references(const char *text)
{
    static const char href[] = " href=\"";
    for (const char *at = text; (at = strstr(at, href)) != NULL; at++)
        FUZZ_MUST(strncmp(at + strlen(href), "#p1-", 4) == 0);
    FUZZ_MUST(strstr(text, " onload=\"") == NULL);
    FUZZ_MUST(strstr(text, "<script") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = NULL, *again = NULL;
    size_t length = 0, more = 0;
    char *bytes = fuzz_text(data, size);
    if (inlined(bytes, size, &text, &length) == 0) {
        FUZZ_MUST(strlen(text) == length);
        FUZZ_MUST(strncmp(text, "<svg ", 5) == 0);
        check_references(text);
        FUZZ_MUST(inlined(text, length, &again, &more) == 0);
        free(again);
    }
    free(text);
    free(bytes);
    return 0;
}
