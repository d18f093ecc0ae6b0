/* SPDX-License-Identifier: MIT */
#include "tasks/lib/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rows_init(struct rows *rows, const char *name, uint64_t count, const char *value)
{
    *rows = (struct rows){.count = count};
    snprintf(rows->table, sizeof rows->table, "cobench.%s_%" PRIu64, name, count);
    snprintf(rows->create, sizeof rows->create,
             "CREATE TABLE IF NOT EXISTS %s (id bigint PRIMARY KEY, value bigint NOT NULL)", rows->table);
    snprintf(rows->fill, sizeof rows->fill,
             "INSERT INTO %s SELECT id, %s FROM generate_series(0, %" PRIu64
             ") AS id WHERE NOT EXISTS (SELECT FROM %s)",
             rows->table, value, count - 1, rows->table);
    /* One after the other, where several runs begin at once: PostgreSQL's IF NOT EXISTS alone does not see to that. */
    const char *const prepare[] = {"BEGIN",
                                   "SELECT pg_advisory_xact_lock(3620106979)",
                                   "CREATE SCHEMA IF NOT EXISTS cobench",
                                   rows->create,
                                   rows->fill,
                                   "COMMIT"};
    memcpy(rows->prepare, prepare, sizeof prepare);
}

void rows_init_select(struct rows *rows, uint64_t count, int64_t delay_ms)
{
    char sleep[48] = "";

    rows_init(rows, "query", count, "id * 2654435761 % 4294967296");
    if (delay_ms > 0)
        snprintf(sleep, sizeof sleep, " AND pg_sleep(%" PRId64 ".%03d) IS NOT NULL", delay_ms / 1000,
                 (int)(delay_ms % 1000));
    snprintf(rows->texts[0], sizeof rows->texts[0], "SELECT value FROM %s WHERE id = $1%s", rows->table, sleep);
    rows->statements[0] = rows->texts[0];
}

int rows_prepare(void *state, unsigned step, struct cobench_request *ask, struct cobench_error *err)
{
    const struct rows *rows = state;
    (void)err;
    ask->ask = step < 2 ? COBENCH_ASK_SQL : COBENCH_ASK_NOTHING;
    ask->statements = step == 0 ? rows->prepare : rows->statements;
    if (step == 1) { /* of a row that there is not */
        ask->flags = COBENCH_SQL_FIRST;
        ask->key = -1;
    }
    return 0;
}

int rows_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    const struct rows *rows = state;
    (void)worker, (void)err;
    ask->ask = COBENCH_ASK_SQL;
    ask->statements = rows->statements;
    ask->key = (int64_t)(job % rows->count);
    return 0;
}

int rows_number(const struct cobench_reply *reply, int64_t *number, struct cobench_error *err)
{
    char digits[24], *end;
    snprintf(digits, sizeof digits, "%.*s", (int)(reply->length < sizeof digits ? reply->length : sizeof digits),
             reply->length ? (const char *)reply->body : "");
    *number = strtoll(digits, &end, 10);
    if (reply->status == 1 && end != digits && *end == '\0')
        return 0;
    snprintf(err->type, sizeof err->type, "NoRow");
    snprintf(err->message, sizeof err->message, "%d rows and the value '%s' where a row with a number was expected",
             reply->status, digits);
    return -EPROTO;
}
