/* SPDX-License-Identifier: MIT */
/*
 * What `query`, `lookup` and `update` share: a table of rows 0 to count - 1 of a PostgreSQL server, `id` and `value`, made before the run and
 * the same for any run with the same parameters, so that several may be under way at once; and the number that a job's
 * statements answer with. The schema cobench has all that is left of them. The counterpart in Python is py_impl/tasks/lib/rows.py.
 */
#ifndef TASKS_LIB_ROWS_H
#define TASKS_LIB_ROWS_H

#include "cobench/task.h"

#define ROWS_PARAM(standard)                                                                      \
    {                                                                                             \
        .key = "rows", .type = COBENCH_PARAM_INT, .fallback = standard, .min = 1, .max = 1000000, \
        .about = "how many rows the table has; job i takes row i mod rows"                        \
    }

#define ROWS_DELAY_PARAM                                                                  \
    {                                                                                     \
        .key = "delay", .type = COBENCH_PARAM_INT, .fallback = "20", .max = 3600000,      \
        .about = "how long the server sleeps for each answer (pg_sleep), in milliseconds" \
    }

enum { ROWS_TEXT = 384, ROWS_STATEMENTS = 6 };

struct rows {
    uint64_t count;
    char table[40]; /* its name, with the schema */
    char create[ROWS_TEXT], fill[ROWS_TEXT], texts[2][ROWS_TEXT];
    const char *prepare[ROWS_STATEMENTS + 1],
        *statements[ROWS_STATEMENTS + 1]; /* the latter a job's, the task's to fill in */
};

/* For the table cobench.NAME_COUNT, of whose rows `value` is an SQL expression of id. It points into itself: not to be moved. */
void rows_init(struct rows *rows, const char *name, uint64_t count, const char *value);

/* The same for jobs that select the value of their row, for whose answer the server sleeps. */
void rows_init_select(struct rows *rows, uint64_t count, int64_t delay_ms);

/* A task's functions of these names, where its state begins with a struct rows. */
int rows_prepare(void *state, unsigned step, struct cobench_request *ask, struct cobench_error *err);
int rows_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err);

/* The number that came back, which may be negative. -EPROTO ("NoRow"): none did. */
int rows_number(const struct cobench_reply *reply, int64_t *number, struct cobench_error *err);

#endif
