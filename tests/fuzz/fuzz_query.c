/* SPDX-License-Identifier: MIT */
/* What a request asks the origin for (bench/origin/query.c): the job on the first line, the query string behind it.
 * What is accepted is in range, and the query written out in full asks for the same. What is refused has a reason. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/origin/query.h"
#include "support.h"

static void check_ranges(const struct query *q)
{
    FUZZ_MUST(q->size >= 0 && q->size <= QUERY_SIZE_MAX);
    FUZZ_MUST(q->delay_ms >= 0 && q->delay_ms <= QUERY_DELAY_MAX_MS);
    FUZZ_MUST(q->status >= 200 && q->status <= 599);
    FUZZ_MUST(q->sent >= 0 && q->sent <= q->size);
    FUZZ_MUST(q->stall == 0 || q->stall == 1);
    FUZZ_MUST(q->pause_ms >= 0 && q->pause_ms <= QUERY_PAUSE_MAX_MS);
}

static void check_again(const struct query *q)
{
    struct query again;
    char job[16], text[200];
    snprintf(job, sizeof job, "%" PRIu32, q->job);
    int used = snprintf(text, sizeof text, "size=%" PRId64 "&delay=%" PRId64 "&status=%" PRId64 "&stall=%" PRId64,
                        q->size, q->delay_ms, q->status, q->stall);
    if (q->sent < q->size)
        snprintf(text + used, sizeof text - (size_t)used, "&short=%" PRId64, q->sent);
    FUZZ_MUST(query_parse(job, text, &again) == 0);
    FUZZ_MUST(again.job == q->job && again.size == q->size && again.delay_ms == q->delay_ms);
    FUZZ_MUST(again.status == q->status && again.sent == q->sent && again.stall == q->stall);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct query query;
    char *text = fuzz_text(data, size), *newline = strchr(text, '\n');
    if (newline != NULL)
        *newline = '\0';
    const int rc = query_parse(text, newline == NULL ? NULL : newline + 1, &query);
    if (rc == 0) {
        check_ranges(&query);
        check_again(&query);
    } else {
        FUZZ_MUST(rc < 0 && query.problem[0] != '\0');
    }
    free(text);
    return 0;
}
