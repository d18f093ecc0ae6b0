/* SPDX-License-Identifier: MIT */
/* Journals (bench/store/results.c) and all that is made from one. The input is the lines of samples.jsonl to the plan
 * of given.h. Of an accepted journal every cell has its samples by round, none twice, times that are not negative; a
 * last line cut short changes nothing; and the tables are made of it: JSON that reads as JSON, and a terminal's table
 * without a control character. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "given.h"
#include "render_all.h"
#include "support.h"

#define ROUNDS 1000000 /* more than that is refused */

static void check_sample(const struct sample *s)
{
    FUZZ_MUST(s->round >= 0 && s->order >= -1);
    FUZZ_MUST(s->whole_ns >= -1 && s->work_ns >= -1 && s->cpu_ns >= -1 && s->ready_ns >= -1 && s->end_ns >= -1);
    FUZZ_MUST(s->connections >= -1 && s->origin_cpu_ns >= -1 && s->origin_wall_ns >= -1);
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        FUZZ_MUST(s->latency_ns[i] >= -1);
}

static size_t check_cells(const struct results *results)
{
    size_t samples = 0;
    for (size_t i = 0; i < results->cell_count; i++) {
        const struct result_cell *cell = &results->cells[i];
        FUZZ_MUST((cell->status > CELL_OK) == (cell->reason != NULL));
        FUZZ_MUST(cell->peak_pss_bytes >= -1);
        for (size_t k = 0; k < cell->count; k++) {
            check_sample(&cell->samples[k]);
            FUZZ_MUST(k == 0 || cell->samples[k].round > cell->samples[k - 1].round);
        }
        samples += cell->count;
    }
    return samples;
}

/* Where a run that is resumed goes on: behind the last whole line. */
static void check_progress(const uint8_t *data, size_t size, const struct results *results)
{
    int64_t lines = 0, whole = 0;
    for (size_t i = 0; i < size; i++)
        if (data[i] == '\n') {
            lines++;
            whole = (int64_t)i + 1;
        }
    FUZZ_MUST(results->samples == lines && results->whole_bytes == whole);
    for (size_t i = 0; i < results->cell_count; i++)
        FUZZ_MUST(results->cells[i].last_round >= 0 && results->cells[i].last_round <= ROUNDS);
}

/* The same journal with half a line behind it. */
static void check_torn(const uint8_t *data, size_t size, const struct results *whole)
{
    static const char torn[] = "{\"sample\": 1, \"pass\": \"timed\", \"round\": 9, \"cell\": 0, \"status\": \"fa";
    if (size > 0 && data[size - 1] != '\n')
        return;
    struct results again;
    struct error err = {.text = ""};
    char *text = malloc(size + sizeof torn);
    FUZZ_MUST(text != NULL);
    memcpy(text, data, size);
    memcpy(text + size, torn, sizeof torn);
    FUZZ_MUST(given_results(&again, text, size + sizeof torn - 1, &err) == 0);
    FUZZ_MUST(check_cells(&again) == check_cells(whole));
    for (size_t i = 0; i < whole->cell_count; i++)
        FUZZ_MUST(whole->cells[i].count == again.cells[i].count && whole->cells[i].status == again.cells[i].status);
    results_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct results results;
    struct error err = {.text = ""};
    const int rc = given_results(&results, (const char *)data, size, &err);
    if (rc != 0) {
        fuzz_check_refusal(rc, err.text);
        return 0;
    }
    check_cells(&results);
    check_progress(data, size, &results);
    check_torn(data, size, &results);
    render_all(&results);
    results_free(&results);
    return 0;
}
