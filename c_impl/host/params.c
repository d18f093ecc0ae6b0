/* SPDX-License-Identifier: MIT */
/* A task's parameters. The texts of the errors are those of py_impl/params.py: a user meets both. */
#include "host/params.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/num.h"
#include "host/error.h"
#include "host/home.h"

/* Copies "a|b|c" as "a, b, c". */
static void choices_spell(const char *choices, char *out, size_t size)
{
    size_t at = 0;
    for (const char *c = choices; *c && at + 3 < size; c++) {
        out[at++] = *c == '|' ? ',' : *c;
        if (*c == '|')
            out[at++] = ' ';
    }
    out[at] = '\0';
}

/* The place of `text` in "a|b|c", or -1. */
static int64_t choice_place(const char *choices, const char *text)
{
    const size_t length = strlen(text);
    int64_t place = 0;
    for (const char *c = choices;; place++) {
        const size_t span = strcspn(c, "|");
        if (span == length && memcmp(c, text, length) == 0)
            return place;
        if (c[span] == '\0')
            return -1;
        c += span + 1;
    }
}

int params_check(const struct cobench_param *param, const char *text, struct cobench_value *value,
                 struct cobench_error *err)
{
    char allowed[160];

    *value = (struct cobench_value){.text = text};
    if (param->type == COBENCH_PARAM_INT) {
        const int rc = num_parse_i64(text, param->min, param->max, &value->number);
        if (rc == -EINVAL)
            return error_fill(err, -EINVAL, "--set %s: '%.100s' is not a whole number", param->key, text);
        if (rc)
            return error_fill(err, -EINVAL, "--set %s=%.100s: must be %lld..%lld", param->key, text,
                              (long long)param->min, (long long)param->max);
    } else if (param->type == COBENCH_PARAM_CHOICE) {
        value->number = choice_place(param->choices, text);
        if (value->number < 0) {
            choices_spell(param->choices, allowed, sizeof allowed);
            return error_fill(err, -EINVAL, "--set %s=%.100s: must be one of %s", param->key, text, allowed);
        }
    }
    return 0;
}

static const struct cobench_param *param_find(const struct cobench_param *table, const struct setting *setting)
{
    for (; table && table->key; table++)
        if (strlen(table->key) == setting->key_length && memcmp(table->key, setting->key, setting->key_length) == 0)
            return table;
    return NULL;
}

static int unknown_explain(const struct cobench_task *task, const struct setting *setting, struct cobench_error *err)
{
    char has[200] = "it has none";
    size_t at = 0;
    for (const struct cobench_param *param = task->params; param && param->key && at < sizeof has; param++)
        at += (size_t)snprintf(has + at, sizeof has - at, "%s%s", at ? ", " : "it has: ", param->key);
    return error_fill(err, -EINVAL, "unknown parameter '%.*s' of task '%s' (%s)",
                      (int)(setting->key_length < 60 ? setting->key_length : 60), setting->key, task->name, has);
}

static bool setting_same_key(const struct setting *a, const struct setting *b)
{
    return a->key_length == b->key_length && memcmp(a->key, b->key, a->key_length) == 0;
}

/* Every setting has a row, and no two the same one. */
static int settings_check(const struct cobench_task *task, const struct setting *settings, size_t count,
                          struct cobench_error *err)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++)
            if (setting_same_key(&settings[i], &settings[k]))
                return error_fill(err, -EINVAL, "--set %.*s: given twice", (int)settings[i].key_length,
                                  settings[i].key);
        if (!param_find(task->params, &settings[i]))
            return unknown_explain(task, &settings[i], err);
    }
    return 0;
}

/* '@' at the start of a path stands for the data folder. */
static int path_resolve(const char *text, char **owned, struct cobench_error *err)
{
    const size_t size = strlen(text) + sizeof "data/";
    char *rest = malloc(size);
    if (!rest)
        return error_fill(err, -ENOMEM, "out of memory");
    snprintf(rest, size, "data/%s", text + 1);
    const int rc = home_path(rest, owned, err);
    free(rest);
    return rc;
}

static int value_open(struct params *params, size_t row, const struct cobench_task *task, const char *text,
                      struct cobench_error *err)
{
    const struct cobench_param *param = &task->params[row];
    if (!text)
        return error_fill(err, -EINVAL, "parameter '%s' of task '%s' has to be given: %s", param->key, task->name,
                          param->about);
    if (param->type == COBENCH_PARAM_PATH && text[0] == '@') {
        const int rc = path_resolve(text, &params->owned[row], err);
        if (rc)
            return rc;
        text = params->owned[row];
    }
    return params_check(param, text, &params->values[row], err);
}

int params_open(struct params *params, const struct cobench_task *task, const struct setting *settings, size_t count,
                struct cobench_error *err)
{
    *params = (struct params){0};
    int rc = settings_check(task, settings, count, err);
    if (rc)
        return rc;
    while (task->params && task->params[params->count].key)
        params->count++;
    if (params->count == 0)
        return 0;
    params->values = calloc(params->count, sizeof *params->values);
    params->owned = calloc(params->count, sizeof *params->owned);
    if (!params->values || !params->owned)
        rc = error_fill(err, -ENOMEM, "out of memory");
    for (size_t row = 0; rc == 0 && row < params->count; row++) {
        const char *text = task->params[row].fallback;
        for (size_t i = 0; i < count; i++)
            if (param_find(task->params, &settings[i]) == &task->params[row])
                text = settings[i].value;
        rc = value_open(params, row, task, text, err);
    }
    if (rc)
        params_close(params);
    return rc;
}

void params_close(struct params *params)
{
    for (size_t row = 0; params->owned && row < params->count; row++)
        free(params->owned[row]);
    free(params->owned);
    free(params->values);
    *params = (struct params){0};
}
