/* SPDX-License-Identifier: MIT */
/* Record lines (bench/protocol/record.c). What is accepted is within the schema's ranges
 * (common/schema/record.schema.json), its phases are in order, and written out and read again it is the same record.
 * What is refused has a reason of one line. */
#include <stdlib.h>
#include <string.h>

#include "bench/protocol/record.h"
#include "support.h"

static void check_ranges(const struct record *r)
{
    FUZZ_MUST(r->runtime != NULL);
    FUZZ_MUST(r->jobs == -1 || r->jobs >= 1);
    FUZZ_MUST(r->workers == -1 || r->workers >= 1);
    FUZZ_MUST(r->failed_jobs >= 0);
    FUZZ_MUST(r->user_ns >= -1 && r->system_ns >= -1);
    FUZZ_MUST(r->start_ns >= 0 && r->end_ns >= r->start_ns);
    FUZZ_MUST(json_is_null(r->connections) || json_integer_value(r->connections) >= 0);
    if (r->status == RECORD_DONE) {
        FUZZ_MUST(r->failed_jobs == 0 && r->jobs >= 1 && r->workers >= 1);
        FUZZ_MUST(r->start_ns <= r->ready_ns && r->ready_ns <= r->work_ns && r->work_ns <= r->end_ns);
    }
}

static void check_again(const struct record *r)
{
    struct record again;
    struct error err = {.text = ""};
    char *text = json_dumps(r->root, JSON_COMPACT);
    FUZZ_MUST(text != NULL);
    FUZZ_MUST(record_parse(text, strlen(text), &again, &err) == 0);
    FUZZ_MUST(json_equal(r->root, again.root));
    FUZZ_MUST(r->status == again.status && r->jobs == again.jobs && r->end_ns == again.end_ns);
    record_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record r;
    struct error err = {.text = ""};
    const int rc = record_parse((const char *)data, size, &r, &err);
    if (rc != 0) {
        fuzz_check_refusal(rc, err.text);
        return 0;
    }
    check_ranges(&r);
    check_again(&r);
    record_free(&r);
    return 0;
}
