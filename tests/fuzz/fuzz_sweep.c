/* SPDX-License-Identifier: MIT */
/* What is fitted to a sweep (bench/stats/usl.c, bench/analysis/scaling.c, bench/stats/theil_sen.c,
 * bench/analysis/scaling.c). The first byte says whether the sweep is strong, weak or for prices; then come
 * times in microseconds, 4 bytes each, for every cell and round of a plan over four numbers of workers. No times may
 * end the program, and the tables and pictures can be made (render_all.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/store/results.h"
#include "bench/util/text.h"
#include "render_all.h"
#include "support.h"

enum { POINTS = 4, CELLS = 2 * POINTS, ROUNDS = 8 };

#define GROUP                                                                                                 \
    "{\"name\":\"g (%d)\",\"task\":\"count\",\"kind\":\"cpu\",\"asks\":\"nothing\",\"params\":{},\"jobs\":8," \
    "\"workers\":%d,\"ideal\":2,\"capacity_reason\":\"-\",\"sweep\":\"g\",\"scaling\":\"%s\"}"
#define CELL                                                                                            \
    "{\"group\":%d,\"runtime\":\"c\",\"model\":\"%s\",\"role\":\"model\",\"baseline\":%s,\"copies\":1," \
    "\"start_method\":\"fork\"}"
#define SAMPLE                                                                                                        \
    "{\"sample\":1,\"pass\":\"timed\",\"round\":%d,\"cell\":%d,\"status\":\"ok\",\"whole_ns\":%llu,\"work_ns\":%llu," \
    "\"phases\":{\"start\":1,\"ready\":%llu}}\n"
#define VERIFIED "{\"sample\":1,\"pass\":\"verify\",\"round\":0,\"cell\":%d,\"status\":\"ok\",\"peak_pss_bytes\":%u}\n"

static void put_plan(FILE *out, const char *scaling)
{
    static const int workers[POINTS] = {1, 2, 4, 8};
    fputs("{\"plan\":1,\"suite\":\"s\",\"created\":\"2026-01-01T00:00:00Z\",\"seed\":1,\"rounds\":8,\"margin\":0.01,"
          "\"timeout_s\":60.0,\"effective_cpus\":2,\"url\":null,\"groups\":[",
          out);
    for (int g = 0; g < POINTS; g++) {
        fputs(g > 0 ? "," : "", out);
        fprintf(out, GROUP, workers[g], workers[g], scaling);
    }
    fputs("],\"cells\":[", out);
    for (int c = 0; c < CELLS; c++) {
        fputs(c > 0 ? "," : "", out);
        fprintf(out, CELL, c / 2, c % 2 == 0 ? "sync" : "threads", c % 2 == 0 ? "true" : "false");
    }
    fputs("]}", out);
}

static void put_journal(FILE *out, const uint8_t *data, size_t size)
{
    for (int cell = 0; cell < CELLS; cell++)
        fprintf(out, VERIFIED, cell, size > (size_t)cell ? data[cell] * 4096u : 4096u);
    for (int i = 0; i < ROUNDS * CELLS && size >= 4; i++, data += 4, size -= 4) {
        uint32_t us;
        memcpy(&us, data, sizeof us);
        fprintf(out, SAMPLE, 1 + i / CELLS, i % CELLS, us * 1100ull, us * 1000ull, us * 50ull + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const scalings[] = {"strong", "weak", "prices"};
    struct results results;
    struct error err = {.text = ""};
    char *text[2];
    size_t length[2];
    if (size == 0)
        return 0;
    FILE *out = text_open(&text[0], &length[0]);
    put_plan(out, scalings[data[0] % 3]);
    text_close(out);
    out = text_open(&text[1], &length[1]);
    put_journal(out, data + 1, size - 1);
    text_close(out);
    const struct results_texts texts = {.plan = {text[0], length[0]},
                                        .machine = {"{\"machine\":1}", 13},
                                        .samples = {text[1], length[1]},
                                        .events = {"", 0}};
    FUZZ_MUST(results_parse(&results, &texts, &err) == 0);
    render_all(&results);
    results_free(&results);
    free(text[1]);
    free(text[0]);
    return 0;
}
