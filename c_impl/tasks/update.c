/* SPDX-License-Identifier: MIT */
/*
 * update: a transaction that locks a row and counts it one up. What it comes to depends on who else counts; the result is
 * which row it was. That nobody changed the row between the lock and the count, the count itself checks: the transaction
 * remembers what it has seen.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tasks/lib/rows.h"

static int update_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct rows *rows = malloc(sizeof *rows);

    (void)err;
    if (!rows)
        return -ENOMEM;
    rows_init(rows, "update", (uint64_t)how->values[0].number, "0");
    snprintf(rows->texts[0], sizeof rows->texts[0],
             "SELECT set_config('cobench.seen', value::text, true) FROM %s WHERE id = $1 FOR UPDATE", rows->table);
    snprintf(rows->texts[1], sizeof rows->texts[1],
             "UPDATE %s SET value = value + 1 WHERE id = $1 "
             "RETURNING CASE WHEN value = current_setting('cobench.seen')::bigint + 1 THEN id ELSE -1 END",
             rows->table);
    const char *const statements[] = {"BEGIN", rows->texts[0], rows->texts[1], "COMMIT"};
    memcpy(rows->statements, statements, sizeof statements);
    *state = rows;
    return 0;
}

static int update_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                      struct cobench_error *err)
{
    int64_t number;
    (void)state, (void)worker, (void)job;
    const int rc = rows_number(reply, &number, err);
    if (rc)
        return rc;
    if (number < 0) {
        snprintf(err->type, sizeof err->type, "LostUpdate");
        snprintf(err->message, sizeof err->message, "the row was changed while it was locked");
        return -EPROTO;
    }
    *result = (uint64_t)number;
    return 0;
}

static const struct cobench_param params[] = {ROWS_PARAM("10"), {.key = NULL}};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_SQL,
    .name = "update",
    .about = "lock a row in PostgreSQL and count it one up, in a transaction",
    .default_jobs = 50,
    .params = params,
    .open = update_open,
    .close = free,
    .prepare = rows_prepare,
    .request = rows_request,
    .run = update_run,
};
