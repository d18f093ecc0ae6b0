/* SPDX-License-Identifier: MIT */
/* Runs the statements that it is given, with the job's number as their key. The result is how many rows came back * 1000 + the
 * number in the first of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cobench/task.h"

struct statements {
    const char *list[9];
    char text[];
};

static int statements_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    const char *given = how->values[0].text;
    struct statements *s = calloc(1, sizeof *s + strlen(given) + 1);
    char *rest = NULL;
    (void)err;
    if (!s)
        return -ENOMEM;
    strcpy(s->text, given);
    for (unsigned i = 0; i < 8; i++)
        if (!(s->list[i] = strtok_r(i ? NULL : s->text, "|", &rest)))
            break;
    *state = s;
    return 0;
}

static int statements_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                              struct cobench_error *err)
{
    const struct statements *s = state;
    (void)worker, (void)err;
    ask->ask = COBENCH_ASK_SQL;
    ask->statements = s->list;
    ask->key = (int64_t)job;
    return 0;
}

static int statements_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                          struct cobench_error *err)
{
    char digits[24] = "";
    (void)state, (void)worker, (void)job, (void)err;
    if (reply->length && reply->length < sizeof digits)
        memcpy(digits, reply->body, reply->length);
    *result = (uint64_t)reply->status * 1000 + strtoull(digits, NULL, 10);
    return 0;
}

static const struct cobench_param params[] = {
    {.key = "sql", .type = COBENCH_PARAM_TEXT, .fallback = "SELECT 1", .about = "statements, with | between them"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_SQL,
    .name = "statements",
    .about = "statements for tests",
    .default_jobs = 4,
    .params = params,
    .open = statements_open,
    .close = free,
    .request = statements_request,
    .run = statements_run,
};
