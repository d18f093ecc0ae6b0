/* SPDX-License-Identifier: MIT */
/* query: the value of a row by its key. The host waits for the database, as long as it takes or is told to. */
#include <errno.h>
#include <stdlib.h>

#include "tasks/lib/rows.h"

enum { ROWS, DELAY }; /* the rows of params */

static int query_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct rows *rows = malloc(sizeof *rows);

    (void)err;
    if (!rows)
        return -ENOMEM;
    rows_init_select(rows, (uint64_t)how->values[ROWS].number, how->values[DELAY].number);
    *state = rows;
    return 0;
}

static int query_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    int64_t number;
    (void)state, (void)worker, (void)job;
    const int rc = rows_number(reply, &number, err);
    if (rc == 0)
        *result = (uint64_t)number;
    return rc;
}

static const struct cobench_param params[] = {
    [ROWS] = ROWS_PARAM("10000"),
    [DELAY] = ROWS_DELAY_PARAM,
    {.key = NULL},
};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_SQL,
    .name = "query",
    .about = "select one row by its key from PostgreSQL",
    .default_jobs = 50,
    .params = params,
    .open = query_open,
    .close = free,
    .prepare = rows_prepare,
    .request = rows_request,
    .run = query_run,
};
