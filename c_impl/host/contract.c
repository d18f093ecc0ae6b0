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

const char *contract_ask_name(enum cobench_ask ask)
{
    static const char *const names[] = {"nothing", "delay", "url", "command"};
    return (unsigned)ask < sizeof names / sizeof *names ? names[ask] : NULL;
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
