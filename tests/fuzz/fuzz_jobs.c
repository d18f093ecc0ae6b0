/* SPDX-License-Identifier: MIT */
/* The jobs of one round, kept for pictures (bench/store/job_samples.c). An accepted file has jobs in ascending order,
 * no more than the sample had, each with its worker and with times that are numbers; quantiles rise. */
#include <math.h>
#include <stdlib.h>

#include "bench/store/job_samples.h"
#include "support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct job_rows rows;
    char *text = fuzz_text(data, size);
    const int rc = jobs_parse(text, &rows);
    FUZZ_MUST(rc <= 0);
    if (rc == 0) {
        FUZZ_MUST(rows.jobs >= 1 && rows.every >= 1);
        for (size_t i = 0; i < rows.count; i++) {
            const struct job_row *row = &rows.rows[i];
            FUZZ_MUST(row->job >= 0 && row->job < rows.jobs && (i == 0 || row->job > rows.rows[i - 1].job));
            FUZZ_MUST(row->worker >= 0);
            FUZZ_MUST(isfinite(row->start) && isfinite(row->end) && !isinf(row->due));
        }
        FUZZ_MUST(rows.quantile_count <= JOBS_QUANTILES);
        for (size_t i = 0; i < rows.quantile_count; i++) {
            const struct job_quantile *q = &rows.quantiles[i];
            FUZZ_MUST(q->share >= 0 && q->share <= 1 && isfinite(q->latency));
            FUZZ_MUST(i == 0 || (q->share >= q[-1].share && q->latency >= q[-1].latency));
        }
        jobs_free(&rows);
    }
    free(text);
    return 0;
}
