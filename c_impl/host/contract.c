/* SPDX-License-Identifier: MIT */
/* Whether a task keeps to the contract. A task file is a stranger's: nothing in it is believed before it is checked. */
#include "host/contract.h"

#include <errno.h>
#include <string.h>

#include "host/error.h"
#include "host/params.h"

const char *contract_kind_name(enum cobench_kind kind)
{
    static const char *const names[] = {"none", "cpu", "io", "mixed"};
    return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : NULL;
}

const struct contract_ask *contract_ask(enum cobench_ask ask)
{
    static const struct contract_ask rows[] = {
        [COBENCH_ASK_NOTHING] = {.name = "nothing"},
        [COBENCH_ASK_DELAY] = {.name = "delay"},
        [COBENCH_ASK_URL] = {.name = "url", .connects = true},
        [COBENCH_ASK_COMMAND] = {.name = "command"},
        [COBENCH_ASK_SQL] = {.name = "sql", .service = "postgresql", .connects = true},
        [COBENCH_ASK_CACHE] = {.name = "cache", .service = "redis", .connects = true},
        [COBENCH_ASK_BLOCK] = {.name = "block"},
        [COBENCH_ASK_JOBS] = {.name = "jobs"},
    };
    return (unsigned)ask < sizeof rows / sizeof *rows ? &rows[ask] : NULL;
}

const char *contract_ask_name(enum cobench_ask ask)
{
    const struct contract_ask *row = contract_ask(ask);
    return row ? row->name : NULL;
}

const char *contract_param_type_name(enum cobench_param_type type)
{
    static const char *const names[] = {"int", "choice", "text", "path", "url"};
    return (unsigned)type < sizeof names / sizeof *names ? names[type] : NULL;
}

static int param_check(const struct cobench_task *task, const struct cobench_param *param, struct cobench_error *err)
{
    struct cobench_value value;
    struct cobench_error why;

    if (!contract_param_type_name(param->type) || !param->about)
        return error_fill(err, -EINVAL, "parameter '%s' has no type or no text", param->key);
    if (param->type == COBENCH_PARAM_CHOICE && (!param->choices || !*param->choices))
        return error_fill(err, -EINVAL, "parameter '%s': a choice needs choices", param->key);
    if (param->type == COBENCH_PARAM_URL && task->asks != COBENCH_ASK_URL)
        return error_fill(err, -EINVAL, "parameter '%s' is a url, but the task asks for none", param->key);
    for (const struct cobench_param *other = task->params; other < param; other++)
        if (strcmp(other->key, param->key) == 0)
            return error_fill(err, -EINVAL, "parameter '%s' is there twice", param->key);
    if (param->fallback && params_check(param, param->fallback, &value, &why))
        return error_fill(err, -EINVAL, "parameter '%s' has a default that is not allowed: '%s'", param->key,
                          param->fallback);
    return 0;
}

int contract_check_request(const struct cobench_task *task, const struct cobench_request *ask,
                           struct cobench_error *err)
{
    if (ask->ask > COBENCH_ASK_DELAY && ask->ask != task->asks)
        return error_fill(err, -EINVAL, "asked for a %s, which the task does not declare",
                          ask->ask == COBENCH_ASK_URL   ? "URL"
                          : contract_ask_name(ask->ask) ? contract_ask_name(ask->ask)
                                                        : "thing that this host does not know");
    if (ask->ask == COBENCH_ASK_DELAY && ask->delay_ns < 0)
        return error_fill(err, -EINVAL, "asked for a negative delay");
    if (((ask->ask == COBENCH_ASK_COMMAND || ask->ask == COBENCH_ASK_CACHE) && (!ask->words || !*ask->words)) ||
        (ask->ask == COBENCH_ASK_SQL && (!ask->statements || !*ask->statements)) ||
        (ask->ask == COBENCH_ASK_BLOCK && !ask->path) || (ask->ask == COBENCH_ASK_JOBS && !ask->jobs))
        return error_fill(err, -EINVAL, "asked for a %s without saying which", contract_ask_name(ask->ask));
    if (ask->ask == COBENCH_ASK_BLOCK && (ask->length < 1 || ask->length > COBENCH_BLOCK_MAX))
        return error_fill(err, -EINVAL, "asked for a block of %zu bytes: must be 1..%u", ask->length,
                          COBENCH_BLOCK_MAX);
    return 0;
}

int contract_check(const struct cobench_task *task, struct cobench_error *err)
{
    if (task->contract != COBENCH_CONTRACT_VERSION)
        return error_fill(err, -EINVAL, "has contract version %u, this host has %d", (unsigned)task->contract,
                          COBENCH_CONTRACT_VERSION);
    if (!task->name || !*task->name || !task->about)
        return error_fill(err, -EINVAL, "has no name or no text");
    if (!contract_kind_name(task->kind) || !contract_ask_name(task->asks))
        return error_fill(err, -EINVAL, "has a kind or asks that this host does not know");
    if (!task->run)
        return error_fill(err, -EINVAL, "has no run function");
    if (task->default_jobs < 1 || task->default_jobs > PARAMS_JOBS_MAX)
        return error_fill(err, -EINVAL, "has %llu as its number of jobs", (unsigned long long)task->default_jobs);
    for (const struct cobench_param *param = task->params; param && param->key; param++) {
        const int rc = param_check(task, param, err);
        if (rc)
            return rc;
    }
    return 0;
}
