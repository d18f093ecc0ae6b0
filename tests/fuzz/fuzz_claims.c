/* SPDX-License-Identifier: MIT */
/* Files of claims (bench/analysis/claims.c), compared with a run of the plan of given.h. Accepted claims have a source
 * each, a range that is one and a verdict; what has no measurement says why; and the tables can be made of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/analysis/claims.h"
#include "bench/report/document.h"
#include "bench/util/text.h"
#include "given.h"
#include "render_all.h"
#include "support.h"

/* Eight rounds of the first group's cells and of what waits. */
static char *journal_make(size_t *length)
{
    static const int cells[] = {0, 1, 4, 5, 6};
    char *text;
    FILE *out = text_open(&text, length);
    for (int round = 1; round <= 8; round++)
        for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
            fprintf(out,
                    "{\"sample\":1,\"pass\":\"timed\",\"round\":%d,\"cell\":%d,\"status\":\"ok\",\"whole_ns\":%d,"
                    "\"work_ns\":%d}\n",
                    round, cells[i], 20000000 / (int)(i + 1) + 1000 * round, 18000000 / (int)(i + 1) + 900 * round);
    text_close(out);
    return text;
}

static void check_claim(const struct claim *c)
{
    FUZZ_MUST(c->source != NULL && c->note != NULL && c->says != NULL);
    FUZZ_MUST(c->low > 0 && c->high >= c->low);
    FUZZ_MUST(isnan(c->cores) || c->cores >= 1);
    FUZZ_MUST(claim_verdict_name(c->verdict) != NULL);
    if (c->verdict == CLAIM_CANNOT || c->verdict == CLAIM_UNMEASURED)
        FUZZ_MUST(c->why != NULL);
    if (c->scaled)
        FUZZ_MUST(c->scaled_low > 0 && c->scaled_high >= c->scaled_low);
}

static void render_narrow(const void *what, FILE *out)
{
    struct writer w = {.format = &format_terminal, .out = out, .width = 80};
    write_claims(&w, 1, what);
    write_end(&w);
}

static void check_tables(const struct claims *claims)
{
    static const struct {
        void (*render)(const void *, FILE *);
        const struct writer_format *format;
    } tables[] = {{render_narrow, &format_terminal},
                  {render_claims_markdown, &format_markdown},
                  {render_claims_json, &format_json}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char *text;
        size_t length;
        FILE *out = text_open(&text, &length);
        tables[i].render(claims, out);
        text_close(out);
        check_written(tables[i].format, text, length);
        free(text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct results results;
    struct summary summary = {0};
    struct claims claims;
    struct error err = {.text = ""};
    json_t *file = json_loadb((const char *)data, size, 0, NULL);
    if (file == NULL)
        return 0;
    size_t length = 0;
    char *journal = journal_make(&length);
    FUZZ_MUST(given_results(&results, journal, length, &err) == 0);
    summary_make(&summary, &results);
    const int rc = claims_parse(file, "x.json", &summary, &claims, &err);
    if (rc == 0) {
        for (size_t i = 0; i < claims.count; i++)
            check_claim(&claims.items[i]);
        check_tables(&claims);
        claims_free(&claims);
    } else {
        fuzz_check_refusal(rc, err.text);
    }
    summary_free(&summary);
    results_free(&results);
    free(journal);
    return 0;
}
