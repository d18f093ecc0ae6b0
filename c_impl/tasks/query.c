/* SPDX-License-Identifier: MIT */
/* query: the value of a row by its key. The host waits for the database, as long as it takes or is told to. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tasks/lib/rows.h"

enum { ROWS, DELAY }; /* the rows of params */

static int query_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct rows *rows;
    char sleep[48] = "";
    const int64_t delay = how->values[DELAY].number;

    (void)err;
    const int rc = rows_open("query", (uint64_t)how->values[ROWS].number, "id * 2654435761 % 4294967296", &rows);
    if (rc)
        return rc;
    if (delay > 0)
        snprintf(sleep, sizeof sleep, " AND pg_sleep(%" PRId64 ".%03d) IS NOT NULL", delay / 1000, (int)(delay % 1000));
    snprintf(rows->texts[0], sizeof rows->texts[0], "SELECT value FROM %s WHERE id = $1%s", rows->table, sleep);
    rows->statements[0] = rows->texts[0];
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
    [DELAY] = {.key = "delay",
               .type = COBENCH_PARAM_INT,
               .fallback = "20",
               .max = 3600000,
               .about = "how long the server sleeps for each answer (pg_sleep), in milliseconds"},
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
