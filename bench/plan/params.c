/* SPDX-License-Identifier: MIT */
/* A task's parameters, checked here so that a wrong one is refused before anything is started. The hosts check again:
 * they are also run by hand. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "bench/plan/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/util/alloc.h"
#include "common/num.h"

static const char *row_text(const json_t *row, const char *key) { return json_string_value(json_object_get(row, key)); }

/* -- one value ---------------------------------------------------------------------------------------------------- */

/* What is wrong with it, to be freed; NULL: nothing. */
static char *int_refusal(const json_t *row, const char *text)
{
    const json_t *low = json_object_get(row, "min"), *high = json_object_get(row, "max");
    const int64_t min = json_is_integer(low) ? json_integer_value(low) : INT64_MIN;
    const int64_t max = json_is_integer(high) ? json_integer_value(high) : INT64_MAX;
    int64_t n;
    return num_parse_i64(text, min, max, &n) == 0
               ? NULL
               : text_format("is not a whole number from %lld to %lld", (long long)min, (long long)max);
}

static char *choice_refusal(const json_t *row, const char *text)
{
    struct string_list names = {NULL, 0};
    size_t i;
    const json_t *choice;
    json_array_foreach(json_object_get(row, "choices"), i, choice) if (json_is_string(choice))
        string_list_add(&names, json_string_value(choice));
    char *known = string_list_join(&names, ", ");
    char *said = string_list_have(&names, text) ? NULL : text_format("is none of: %s", known);
    free(known);
    string_list_free(&names);
    return said;
}

/* Of a URL's {name} that the task cannot fill in. */
static char *template_refusal(const struct catalog_task *task, const char *url)
{
    for (const char *at = strchr(url, '{'); at != NULL; at = strchr(at, '{')) {
        const size_t length = strcspn(++at, "}");
        char *name = xstrndup(at, length);
        const json_t *row = catalog_param(task, name);
        const bool known = strcmp(name, "job") == 0 || (row != NULL && strcmp(row_text(row, "type"), "url") != 0);
        free(name);
        if (at[length] == '\0')
            return text_format("has no } after {%.80s", at);
        if (!known)
            return text_format("has {%.*s}, which is neither {job} nor a parameter of the task",
                               (int)(length < 80 ? length : 80), at);
    }
    return NULL;
}

static char *refusal(const struct catalog_task *task, const json_t *row, const char *text)
{
    const char *type = row_text(row, "type");
    struct setting_refusal no;
    char *unused = NULL;
    if (strcmp(type, "int") == 0)
        return int_refusal(row, text);
    if (strcmp(type, "choice") == 0)
        return choice_refusal(row, text);
    if (strcmp(type, "path") == 0)
        return *text == '@' || access(text, R_OK) == 0 ? NULL : text_format("cannot be read: %s", strerror(errno));
    if (strcmp(type, "url") != 0)
        return NULL;
    if (setting_take(SETTING_URL, text, &unused, &no) != 0)
        return text_format("is %s", no.why);
    free(unused);
    return template_refusal(task, text);
}

/* Paths are made absolute: the hosts run in another folder. */
static json_t *value_json(const json_t *row, const char *text)
{
    if (strcmp(row_text(row, "type"), "path") != 0 || *text == '@' || *text == '/')
        return json_string(text);
    char *cwd = realpath(".", NULL), *path = text_format("%s/%s", cwd != NULL ? cwd : ".", text);
    json_t *value = json_string(path);
    free(path);
    free(cwd);
    return value;
}

static int set_value(const struct catalog_task *task, json_t *params, const char *key, const char *text,
                     struct error *err)
{
    const json_t *row = catalog_param(task, key);
    char *known = catalog_param_names(task), *no = row == NULL ? NULL : refusal(task, row, text);
    int rc = 0;
    if (row == NULL)
        rc = error_set(err, -EINVAL, "task '%s' has no parameter '%.200s' (it has: %s)", task->name, key, known);
    else if (no != NULL)
        rc = error_set(err, -EINVAL, "%s.%s: '%.400s' %s", task->name, key, text, no);
    else if (json_object_set_new(params, key, value_json(row, text)) != 0)
        rc = error_set(err, -EINVAL, "%s.%s: the value is not valid UTF-8", task->name, key);
    free(known);
    free(no);
    return rc;
}

/* -- --set -------------------------------------------------------------------------------------------------------- */

/* A --set taken apart. Names longer than these are no task's and no parameter's. */
struct assignment {
    char task[100], key[100]; /* task "": it does not name one */
    const char *value;        /* NULL: neither key=value nor task.key=value */
};

static struct assignment assignment_of(const char *text)
{
    struct assignment s = {.value = NULL};
    const char *equals = strchr(text, '=');
    const char *dot = equals == NULL ? NULL : memchr(text, '.', (size_t)(equals - text));
    const char *key = dot == NULL ? text : dot + 1;
    if (equals == NULL || equals == key || dot == text)
        return s;
    snprintf(s.task, sizeof s.task, "%.*s", dot == NULL ? 0 : (int)(dot - text), text);
    snprintf(s.key, sizeof s.key, "%.*s", (int)(equals - key), key);
    s.value = equals + 1;
    return s;
}

static bool assignment_reaches(const struct assignment *s, const struct catalog_task *task)
{
    return s->task[0] != '\0' ? strcmp(s->task, task->name) == 0 : catalog_param(task, s->key) != NULL;
}

/* "count has: size; wait has: delay", over the tasks of the run; to be freed. */
static char *all_params(const struct suite *suite, const struct catalog *catalog)
{
    struct string_list parts = {NULL, 0};
    for (size_t g = 0; g < suite->count; g++) {
        const struct catalog_task *task = catalog_task(catalog, suite->groups[g].task);
        char *names = catalog_param_names(task), *part = text_format("%s has: %s", task->name, names);
        string_list_add_once(&parts, part);
        free(part);
        free(names);
    }
    char *text = string_list_join(&parts, "; ");
    string_list_free(&parts);
    return text;
}

/* Whether the same key of the same task, or of all, stands before place `i`. */
static bool given_before(const struct string_list *sets, size_t i)
{
    const size_t length = strcspn(sets->items[i], "=") + 1;
    for (size_t k = 0; k < i; k++)
        if (strncmp(sets->items[k], sets->items[i], length) == 0)
            return true;
    return false;
}

int params_check_sets(const struct suite *suite, const struct string_list *sets, const struct string_list *tasks,
                      const struct catalog *catalog, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sets->count; i++) {
        const struct assignment s = assignment_of(sets->items[i]);
        bool reached = false;
        for (size_t g = 0; g < suite->count; g++) {
            const char *name = suite->groups[g].task;
            reached |= (tasks->count == 0 || string_list_have(tasks, name)) &&
                       assignment_reaches(&s, catalog_task(catalog, name));
        }
        char *known = all_params(suite, catalog);
        if (s.value == NULL)
            rc = error_set(err, -EINVAL, "--set %.200s: key=value or task.key=value is needed", sets->items[i]);
        else if (given_before(sets, i))
            rc = error_set(err, -EINVAL, "--set %.200s: the same key is set twice", sets->items[i]);
        else if (!reached && s.task[0] == '\0')
            rc = error_set(err, -EINVAL, "--set: no task of this run has a parameter '%.200s' (%s)", s.key, known);
        else if (!reached)
            rc = error_set(err, -EINVAL, "--set: no task '%.200s' is in this run (%s)", s.task, known);
        free(known);
    }
    return rc;
}

/* -- all of a task ------------------------------------------------------------------------------------------------ */

static int apply_sets(const struct catalog_task *task, const struct string_list *sets, json_t *params,
                      struct error *err)
{
    int rc = 0;
    for (int named = 0; rc == 0 && named < 2; named++) /* those that name the task win */
        for (size_t i = 0; rc == 0 && i < sets->count; i++) {
            const struct assignment s = assignment_of(sets->items[i]);
            if ((s.task[0] != '\0') == (named == 1) && assignment_reaches(&s, task))
                rc = set_value(task, params, s.key, s.value, err);
        }
    return rc;
}

/* A URL whose default is a path has none of its own: it is where the origin is (host_argv.c). */
static bool is_origin_path(const json_t *row)
{
    return strcmp(row_text(row, "type"), "url") == 0 && *row_text(row, "default") == '/';
}

int params_resolve(const struct catalog_task *task, const json_t *given, const struct string_list *sets, json_t **out,
                   struct error *err)
{
    json_t *params = json_object();
    const json_t *row, *value;
    const char *key;
    size_t i;
    int rc = 0;
    json_array_foreach(task->params, i, row) if (row_text(row, "default") != NULL && !is_origin_path(row))
        json_object_set_new(params, row_text(row, "key"), json_string(row_text(row, "default")));
    json_object_foreach((json_t *)(uintptr_t)given, key, value) if (rc == 0)
        rc = set_value(task, params, key, json_string_value(value), err);
    if (rc == 0)
        rc = apply_sets(task, sets, params, err);
    json_array_foreach(task->params, i, row)
    {
        key = row_text(row, "key");
        if (rc == 0 && json_object_get(params, key) == NULL && strcmp(row_text(row, "type"), "url") != 0)
            rc = error_set(err, -EINVAL, "task '%s' needs its parameter '%s' (--set %s=...)", task->name, key, key);
    }
    if (rc == 0)
        *out = params;
    else
        json_decref(params);
    return rc;
}

int params_check_url(const struct catalog_task *task, const char *url, struct error *err)
{
    char *no = url == NULL ? NULL : template_refusal(task, url);
    const int rc = no == NULL ? 0 : error_set(err, -EINVAL, "--url '%.400s' %s", url, no);
    free(no);
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
