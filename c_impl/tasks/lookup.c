/* SPDX-License-Identifier: MIT */
/* lookup: `query`, then `count` of a given size: what an endpoint does that asks its database and then computes. */
#include <errno.h>
#include <stdlib.h>

#include "tasks/lib/count.h"
#include "tasks/lib/rows.h"

enum { ROWS, DELAY, COUNT }; /* the rows of params */

struct lookup {
    struct rows rows; /* first, for rows_request */
    uint64_t count;
};

static int lookup_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct lookup *lookup = malloc(sizeof *lookup);

    (void)err;
    if (!lookup)
        return -ENOMEM;
    rows_init_select(&lookup->rows, (uint64_t)how->values[ROWS].number, how->values[DELAY].number);
    lookup->count = (uint64_t)how->values[COUNT].number;
    *state = lookup;
    return 0;
}

static int lookup_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                      struct cobench_error *err)
{
    const struct lookup *lookup = state;
    int64_t number;

    (void)worker, (void)job;
    const int rc = rows_number(reply, &number, err);
    if (rc == 0)
        *result = (count_upto(lookup->count) << 32) + (uint64_t)number;
    return rc;
}

static const struct cobench_param params[] = {
    [ROWS] = ROWS_PARAM("10000"),
    [DELAY] = ROWS_DELAY_PARAM,
    [COUNT] = COUNT_PARAM,
    {.key = NULL},
};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_MIXED,
    .asks = COBENCH_ASK_SQL,
    .name = "lookup",
    .about = "select one row from PostgreSQL, then count: a query before the work",
    .default_jobs = 50,
    .params = params,
    .open = lookup_open,
    .close = free,
    .prepare = rows_prepare,
    .request = rows_request,
    .run = lookup_run,
};
