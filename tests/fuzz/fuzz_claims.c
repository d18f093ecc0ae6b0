/* SPDX-License-Identifier: MIT */
/*
 * Files of claims (bench/analysis/claims.c), held against a run of the plan in plan.h. Accepted claims have a source each, a range
 * that is one and a verdict; what has no measurement says why; and the tables can be made of them.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/analysis/claims.h"
#include "bench/report/claims.h"
#include "plan.h"
#include "support.h"

/* Eight rounds of the first group's cells and of what waits. */
static char *journal_make(size_t *length)
{
    static const int cells[] = {0, 1, 4, 5, 6};
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    FUZZ_MUST(out != NULL);
    for (int round = 1; round <= 8; round++)
        for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
            fprintf(out,
                    "{\"sample\":1,\"pass\":\"timed\",\"round\":%d,\"cell\":%d,\"status\":\"ok\",\"whole_ns\":%d,"
                    "\"work_ns\":%d}\n",
                    round, cells[i], 20000000 / (int)(i + 1) + 1000 * round, 18000000 / (int)(i + 1) + 900 * round);
    FUZZ_MUST(fclose(out) == 0);
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

static int render_narrow(const void *what, FILE *out)
{
    struct writer w = {.format = &format_terminal, .out = out, .width = 80};
    write_claims(&w, 1, what);
    return write_end(&w);
}

static void check_tables(const struct claims *claims)
{
    int (*const renders[])(const void *, FILE *) = {render_narrow, render_claims_markdown, render_claims_json};
    for (size_t i = 0; i < sizeof renders / sizeof *renders; i++) {
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        FUZZ_MUST(out != NULL && renders[i](claims, out) == 0 && fclose(out) == 0);
        if (renders[i] == render_narrow)
            for (size_t k = 0; k < length; k++)
                FUZZ_MUST((unsigned char)text[k] >= 0x20 || text[k] == '\n');
        if (renders[i] == render_claims_json) {
            json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
            FUZZ_MUST(json_is_object(json));
            json_decref(json);
        }
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
    const struct results_texts texts = {.plan = {PLAN_JSON, sizeof PLAN_JSON - 1},
                                        .machine = {MACHINE_JSON, sizeof MACHINE_JSON - 1},
                                        .samples = {journal, length},
                                        .events = {"", 0}};
    FUZZ_MUST(results_parse(&results, &texts, &err) == 0);
    FUZZ_MUST(summary_make(&summary, &results, &err) == 0);
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
