/* SPDX-License-Identifier: MIT */
/* A task's parameters, checked here so that a wrong one is refused before anything is started. The hosts check again:
 * they are also run by hand. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "bench/plan/params.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/num.h"

static const char *row_text(const json_t *row, const char *key) { return json_string_value(json_object_get(row, key)); }

static int unknown_param(const struct catalog_task *task, const char *key, struct error *err)
{
    char *known = catalog_param_names(task);
    error_set(err, -EINVAL, "task '%s' has no parameter '%.200s' (it has: %s)", task->name, key,
              known == NULL ? "?" : known);
    free(known);
    return -EINVAL;
}

/* -- one value ---------------------------------------------------------------------------------------------------- */

static int check_int(const struct catalog_task *task, const json_t *row, const char *text, struct error *err)
{
    const json_t *low = json_object_get(row, "min"), *high = json_object_get(row, "max");
    const int64_t min = json_is_integer(low) ? json_integer_value(low) : INT64_MIN;
    const int64_t max = json_is_integer(high) ? json_integer_value(high) : INT64_MAX;
    int64_t n;
    if (num_parse_i64(text, min, max, &n) == 0)
        return 0;
    return error_set(err, -EINVAL, "%s.%s: '%.200s' is not a whole number from %lld to %lld", task->name,
                     row_text(row, "key"), text, (long long)min, (long long)max);
}

static int check_choice(const struct catalog_task *task, const json_t *row, const char *text, struct error *err)
{
    struct string_list names = {NULL, 0};
    size_t i;
    const json_t *choice;
    json_array_foreach(json_object_get(row, "choices"), i, choice)
    {
        if (json_is_string(choice) && string_list_add(&names, json_string_value(choice)) != 0)
            break;
    }
    int rc = 0;
    if (!string_list_have(&names, text)) {
        char *known = string_list_join(&names, ", ");
        rc = error_set(err, -EINVAL, "%s.%s: '%.200s' is none of: %s", task->name, row_text(row, "key"), text,
                       known == NULL ? "?" : known);
        free(known);
    }
    string_list_free(&names);
    return rc;
}

static int check_path(const struct catalog_task *task, const json_t *row, const char *text, struct error *err)
{
    if (*text == '@' || access(text, R_OK) == 0)
        return 0;
    return error_set(err, -EINVAL, "%s.%s: %.400s: %s", task->name, row_text(row, "key"), text, strerror(errno));
}

static int check_url(const struct catalog_task *task, const json_t *row, const char *text, struct error *err)
{
    if (strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0)
        return 0;
    return error_set(err, -EINVAL, "%s.%s: '%.200s' does not begin with http:// or https://", task->name,
                     row_text(row, "key"), text);
}

static const struct {
    const char *type;
    int (*check)(const struct catalog_task *task, const json_t *row, const char *text, struct error *err);
} checks[] = {{"int", check_int}, {"choice", check_choice}, {"path", check_path}, {"url", check_url}};

/* Paths are made absolute: the hosts run in another folder. */
static json_t *value_json(const json_t *row, const char *text)
{
    if (strcmp(row_text(row, "type"), "path") != 0 || *text == '@' || *text == '/')
        return json_string(text);
    char *cwd = realpath(".", NULL);
    char *path = cwd == NULL ? NULL : text_format("%s/%s", cwd, text);
    json_t *value = path == NULL ? NULL : json_string(path);
    free(path);
    free(cwd);
    return value;
}

static int set_value(const struct catalog_task *task, json_t *params, const char *key, const char *text,
                     struct error *err)
{
    const json_t *row = catalog_param(task, key);
    if (row == NULL)
        return unknown_param(task, key, err);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (strcmp(checks[i].type, row_text(row, "type")) == 0) {
            const int rc = checks[i].check(task, row, text, err);
            if (rc != 0)
                return rc;
        }
    if (json_object_set_new(params, key, value_json(row, text)) != 0)
        return error_set(err, -EINVAL, "%s.%s: the value is not valid UTF-8", task->name, key);
    return 0;
}

/* -- --set -------------------------------------------------------------------------------------------------------- */

/* A --set taken apart. Names longer than these are no task's and no parameter's. */
struct assignment {
    char task[100], key[100]; /* task "": it does not name one */
    const char *value;
};

static int assignment_parse(const char *text, struct assignment *out, struct error *err)
{
    const char *equals = strchr(text, '=');
    const char *dot = equals == NULL ? NULL : memchr(text, '.', (size_t)(equals - text));
    const char *key = dot == NULL ? text : dot + 1;
    if (equals == NULL || equals == key || dot == text)
        return error_set(err, -EINVAL, "--set %.200s: key=value or task.key=value is needed", text);
    *out = (struct assignment){.value = equals + 1};
    snprintf(out->task, sizeof out->task, "%.*s", dot == NULL ? 0 : (int)(dot - text), text);
    snprintf(out->key, sizeof out->key, "%.*s", (int)(equals - key), key);
    return 0;
}

static bool assignment_reaches(const struct assignment *s, const struct catalog_task *task)
{
    return s->task[0] != '\0' ? strcmp(s->task, task->name) == 0 : catalog_param(task, s->key) != NULL;
}

/* "count has: size; wait has: delay", over the tasks of the run. */
static char *all_params(const struct suite *suite, const struct catalog *catalog)
{
    struct string_list parts = {NULL, 0};
    int rc = 0;
    for (size_t g = 0; rc == 0 && g < suite->count; g++) {
        const struct catalog_task *task = catalog_task(catalog, suite->groups[g].task);
        char *names = task == NULL ? NULL : catalog_param_names(task);
        char *part = names == NULL ? NULL : text_format("%s has: %s", task->name, names);
        if (part != NULL && !string_list_have(&parts, part))
            rc = string_list_add(&parts, part);
        free(part);
        free(names);
    }
    char *text = rc != 0 ? NULL : string_list_join(&parts, "; ");
    string_list_free(&parts);
    return text;
}

/* How often a --set, or the same key for the same task, stands before place `i`. */
static bool given_before(const struct string_list *sets, size_t i)
{
    const size_t length = strcspn(sets->items[i], "=");
    for (size_t k = 0; k < i; k++)
        if (strcspn(sets->items[k], "=") == length && strncmp(sets->items[k], sets->items[i], length) == 0)
            return true;
    return false;
}

int params_check_sets(const struct suite *suite, const struct string_list *sets, const struct string_list *tasks,
                      const struct catalog *catalog, struct error *err)
{
    for (size_t i = 0; i < sets->count; i++) {
        struct assignment s;
        int rc = assignment_parse(sets->items[i], &s, err);
        if (rc != 0)
            return rc;
        bool reached = false;
        for (size_t g = 0; g < suite->count; g++) {
            const char *name = suite->groups[g].task;
            reached |= (tasks->count == 0 || string_list_have(tasks, name)) &&
                       assignment_reaches(&s, catalog_task(catalog, name));
        }
        if (given_before(sets, i))
            rc = error_set(err, -EINVAL, "--set %.200s: the same key is set twice", sets->items[i]);
        if (rc == 0 && !reached) {
            char *known = all_params(suite, catalog);
            rc = s.task[0] == '\0' ? error_set(err, -EINVAL, "--set: no task of this run has a parameter '%.200s' (%s)",
                                               s.key, known == NULL ? "?" : known)
                                   : error_set(err, -EINVAL, "--set: no task '%.200s' is in this run (%s)", s.task,
                                               known == NULL ? "?" : known);
            free(known);
        }
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* -- all of a task ------------------------------------------------------------------------------------------------ */

static int apply_sets(const struct catalog_task *task, const struct string_list *sets, json_t *params,
                      struct error *err)
{
    int rc = 0;
    for (int named = 0; rc == 0 && named < 2; named++) /* those that name the task win */
        for (size_t i = 0; rc == 0 && i < sets->count; i++) {
            struct assignment s;
            rc = assignment_parse(sets->items[i], &s, err);
            if (rc == 0 && (s.task[0] != '\0') == (named == 1) && assignment_reaches(&s, task))
                rc = set_value(task, params, s.key, s.value, err);
        }
    return rc;
}

static int apply_defaults(const struct catalog_task *task, json_t *params, struct error *err)
{
    size_t i;
    const json_t *row;
    json_array_foreach(task->params, i, row)
    {
        const char *text = row_text(row, "default");
        if (text != NULL && json_object_set_new(params, row_text(row, "key"), json_string(text)) != 0)
            return error_set(err, -ENOMEM, "out of memory");
    }
    return 0;
}

static int check_complete(const struct catalog_task *task, const json_t *params, struct error *err)
{
    size_t i;
    const json_t *row;
    json_array_foreach(task->params, i, row)
    {
        const char *key = row_text(row, "key");
        if (json_object_get(params, key) == NULL && strcmp(row_text(row, "type"), "url") != 0)
            return error_set(err, -EINVAL, "task '%s' needs its parameter '%s' (--set %s=...)", task->name, key, key);
    }
    return 0;
}

int params_resolve(const struct catalog_task *task, const json_t *given, const struct string_list *sets, json_t **out,
                   struct error *err)
{
    json_t *params = json_object();
    if (params == NULL)
        return error_set(err, -ENOMEM, "out of memory");
    int rc = apply_defaults(task, params, err);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)given, key, value)
    {
        if (rc == 0)
            rc = set_value(task, params, key, json_string_value(value), err);
    }
    if (rc == 0)
        rc = apply_sets(task, sets, params, err);
    if (rc == 0)
        rc = check_complete(task, params, err);
    if (rc != 0)
        json_decref(params);
    else
        *out = params;
    return rc;
}

bool params_need_url(const struct catalog_task *task, const json_t *params)
{
    size_t i;
    const json_t *row;
    json_array_foreach(task->params, i, row)
    {
        if (strcmp(row_text(row, "type"), "url") == 0 && json_object_get(params, row_text(row, "key")) == NULL)
            return true;
    }
    return false;
}
