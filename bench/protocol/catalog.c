/* SPDX-License-Identifier: MIT */
/* What the hosts offer. A task that both languages have must have the same table in both, to the letter: a difference
 * is kept with the task and refused when a run asks for it. */
#include "bench/protocol/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"
#include "bench/util/json.h"

/* -- checking one list -------------------------------------------------------------------------------------------- */

static const struct json_shape list_shape[] = {{"host", "s"},   {"version", "s"}, {"runtimes", "a"}, {"build", "o"},
                                               {"models", "a"}, {"tasks", "a"},   {"errors", "a"},   {NULL, NULL}};
static const struct json_shape model_shape[] = {{"name", "s"}, {"about", "s"},    {"processes", "b"},
                                                {"loop", "b"}, {"baseline", "b"}, {NULL, NULL}};
static const struct json_shape task_shape[] = {{"name", "s"}, {"about", "s"},  {"kind", "s"}, {"asks", "s"},
                                               {"jobs", "i"}, {"params", "a"}, {NULL, NULL}};
static const struct json_shape param_shape[] = {{"key", "s"},  {"type", "s"},     {"default", "sn"}, {"min", "in"},
                                                {"max", "in"}, {"choices", "an"}, {"about", "s"},    {NULL, NULL}};

static int check_shape(const json_t *object, const struct json_shape *shape, const char *what, struct error *err)
{
    const char *key = json_misshapen(object, shape);
    return key == NULL ? 0 : error_set(err, -EPROTO, "its list: '%s' of %s is missing or of the wrong type", key, what);
}

static int check_param(const json_t *params, size_t k, const char *task, struct error *err)
{
    size_t i;
    const json_t *param = json_array_get(params, k), *choice;
    const int rc = check_shape(param, param_shape, task, err);
    if (rc != 0)
        return rc;
    const char *key = json_string_value(json_object_get(param, "key"));
    for (i = 0; i < k; i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(params, i), "key")), key) == 0)
            return error_set(err, -EPROTO, "its list: the parameter '%.200s' of %.200s stands there twice", key, task);
    json_array_foreach(json_object_get(param, "choices"), i, choice)
    {
        if (!json_is_string(choice))
            return error_set(err, -EPROTO, "its list: a choice for '%.200s' of %.200s is no string", key, task);
    }
    return 0;
}

static int check_tasks(const json_t *tasks, struct error *err)
{
    size_t i;
    const json_t *task;
    int rc = 0;
    json_array_foreach(tasks, i, task)
    {
        if ((rc = check_shape(task, task_shape, "a task", err)) != 0)
            return rc;
        const char *name = json_string_value(json_object_get(task, "name"));
        const json_t *params = json_object_get(task, "params");
        const json_int_t jobs = json_integer_value(json_object_get(task, "jobs"));
        if (jobs < 1 || jobs > JOBS_MAX)
            return error_set(err, -EPROTO, "its list: %" JSON_INTEGER_FORMAT " jobs of %.200s, not 1..%d", jobs, name,
                             JOBS_MAX);
        for (size_t k = 0; rc == 0 && k < json_array_size(params); k++)
            rc = check_param(params, k, name, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* A name of its own each, in this list and among the hosts before it. */
static int check_runtimes(const struct catalog *c, size_t h, struct error *err)
{
    const json_t *names = json_object_get(c->lists[h], "runtimes");
    bool own = false;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name == NULL)
            return error_set(err, -EPROTO, "its list: a runtime's name is no string");
        bool taken = catalog_runtime(c, name) != NULL;
        for (size_t k = 0; k < i; k++)
            taken = taken || strcmp(json_string_value(json_array_get(names, k)), name) == 0;
        if (taken)
            return error_set(err, -EPROTO, "its list: a second runtime '%.200s'", name);
        own = own || strcmp(name, host_table[h].name) == 0;
    }
    return own ? 0 : error_set(err, -EPROTO, "it does not say that it has the runtime '%s'", host_table[h].name);
}

static int check_list(const struct catalog *c, size_t h, struct error *err)
{
    const json_t *list = c->lists[h];
    if (json_integer_value(json_object_get(list, "list")) != 1)
        return error_set(err, -EPROTO, "its list is of a version this program does not know");
    int rc = check_shape(list, list_shape, "the list", err);
    if (rc != 0)
        return rc;
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(list, "models"), i, item)
    {
        if ((rc = check_shape(item, model_shape, "a model", err)) != 0)
            return rc;
    }
    rc = check_runtimes(c, h, err);
    return rc != 0 ? rc : check_tasks(json_object_get(list, "tasks"), err);
}

/* -- comparing two tables ----------------------------------------------------------------------------------------- */

static char *difference(const char *field, size_t a, const json_t *x, size_t b, const json_t *y)
{
    char *left = x == NULL ? strdup("missing") : json_dumps(x, JSON_ENCODE_ANY | JSON_COMPACT);
    char *right = y == NULL ? strdup("missing") : json_dumps(y, JSON_ENCODE_ANY | JSON_COMPACT);
    char *text = left == NULL || right == NULL ? NULL
                                               : text_format("%s is %.200s in %s and %.200s in %s", field, left,
                                                             host_table[a].name, right, host_table[b].name);
    free(left);
    free(right);
    return text;
}

/* What two objects differ in among their `fields`, each called "'FIELD'" and `of`; NULL: nothing. A switch
 * that is missing is off. */
static char *compare_fields(size_t a, const json_t *x, size_t b, const json_t *y, const struct json_shape *fields,
                            const char *of)
{
    for (const struct json_shape *f = fields; f->key != NULL; f++) {
        const json_t *left = json_object_get(x, f->key), *right = json_object_get(y, f->key);
        if (left == right || json_equal(left, right) ||
            (!json_is_true(left) && !json_is_true(right) && f->types[0] == 'b'))
            continue;
        char *field = text_format("'%s'%s", f->key, of);
        char *text = field == NULL ? NULL : difference(field, a, left, b, right);
        free(field);
        return text;
    }
    return NULL;
}

/* What two hosts' tables of a task differ in, to be freed; NULL: nothing. */
static char *compare_tasks(size_t a, const json_t *x, size_t b, const json_t *y)
{
    static const struct json_shape fields[] = {{"about", ""}, {"kind", ""},    {"asks", ""},
                                               {"jobs", ""},  {"splits", "b"}, {NULL, NULL}};
    const json_t *ours = json_object_get(x, "params"), *theirs = json_object_get(y, "params");
    char *text = compare_fields(a, x, b, y, fields, "");
    for (size_t i = 0; text == NULL && i < json_array_size(ours) && i < json_array_size(theirs); i++) {
        const json_t *param = json_array_get(ours, i);
        char *of = text_format(" of parameter '%s'", json_string_value(json_object_get(param, "key")));
        if (of != NULL)
            text = compare_fields(a, param, b, json_array_get(theirs, i), param_shape, of);
        free(of);
    }
    if (text == NULL && json_array_size(ours) != json_array_size(theirs))
        text = text_format("there are %zu parameters in %s and %zu in %s", json_array_size(ours), host_table[a].name,
                           json_array_size(theirs), host_table[b].name);
    return text;
}

/* -- taking a list in --------------------------------------------------------------------------------------------- */

static int add_task(struct catalog *c, size_t h, const json_t *row)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    for (size_t i = 0; i < c->task_count; i++) {
        struct catalog_task *t = &c->tasks[i];
        if (strcmp(t->name, name) != 0)
            continue;
        t->hosts |= 1u << h;
        if (t->differ == NULL && (t->differ = compare_tasks(t->first, t->row, h, row)) != NULL)
            text_one_line(t->differ);
        return 0;
    }
    struct catalog_task *more = array_grow(c->tasks, c->task_count, sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    c->tasks = more;
    more[c->task_count++] = (struct catalog_task){.name = name,
                                                  .about = json_string_value(json_object_get(row, "about")),
                                                  .kind = json_string_value(json_object_get(row, "kind")),
                                                  .asks = json_string_value(json_object_get(row, "asks")),
                                                  .jobs = json_integer_value(json_object_get(row, "jobs")),
                                                  .splits = json_is_true(json_object_get(row, "splits")),
                                                  .row = row,
                                                  .params = json_object_get(row, "params"),
                                                  .first = h,
                                                  .hosts = 1u << h};
    return 0;
}

static int add_model(struct catalog *c, size_t h, const json_t *row)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    for (size_t i = 0; i < c->model_count; i++)
        if (strcmp(c->models[i].name, name) == 0) {
            c->models[i].hosts |= 1u << h;
            return 0;
        }
    struct catalog_model *more = array_grow(c->models, c->model_count, sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    c->models = more;
    more[c->model_count++] = (struct catalog_model){.name = name,
                                                    .about = json_string_value(json_object_get(row, "about")),
                                                    .baseline = json_is_true(json_object_get(row, "baseline")),
                                                    .hosts = 1u << h};
    return 0;
}

static int add_runtime(struct catalog *c, size_t h, const json_t *name)
{
    struct catalog_runtime *more = array_grow(c->runtimes, c->runtime_count, sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    c->runtimes = more;
    more[c->runtime_count++] = (struct catalog_runtime){.name = json_string_value(name), .host = h};
    return 0;
}

static int add_each(struct catalog *c, size_t h, const char *key, int (*add)(struct catalog *, size_t, const json_t *))
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(c->lists[h], key), i, item)
    {
        if (add(c, h, item) != 0)
            return -ENOMEM;
    }
    return 0;
}

int catalog_add_list(struct catalog *catalog, size_t h, json_t *list, struct error *err)
{
    catalog->lists[h] = list;
    const int rc = check_list(catalog, h, err);
    if (rc != 0)
        return rc;
    if (add_each(catalog, h, "runtimes", add_runtime) != 0 || add_each(catalog, h, "models", add_model) != 0 ||
        add_each(catalog, h, "tasks", add_task) != 0)
        return error_set(err, -ENOMEM, "out of memory");
    return 0;
}

void catalog_free(struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->task_count; i++)
        free(catalog->tasks[i].differ);
    for (size_t h = 0; h < HOSTS_MAX; h++) {
        json_decref(catalog->lists[h]);
        string_list_free(&catalog->words[h]);
    }
    free(catalog->tasks);
    free(catalog->models);
    free(catalog->runtimes);
    *catalog = (struct catalog){.runtimes = NULL};
}

/* -- looking things up -------------------------------------------------------------------------------------------- */

/* A row's name: each kind of row begins with it. */
static const char *row_name(const void *rows, size_t i, size_t size)
{
    return *(const char *const *)((const char *)rows + i * size);
}

static const void *row_find(const void *rows, size_t count, size_t size, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(row_name(rows, i, size), name) == 0)
            return (const char *)rows + i * size;
    return NULL;
}

const struct catalog_runtime *catalog_runtime(const struct catalog *c, const char *name)
{
    return row_find(c->runtimes, c->runtime_count, sizeof *c->runtimes, name);
}

const struct catalog_model *catalog_model(const struct catalog *c, const char *name)
{
    return row_find(c->models, c->model_count, sizeof *c->models, name);
}

const struct catalog_task *catalog_task(const struct catalog *c, const char *name)
{
    return row_find(c->tasks, c->task_count, sizeof *c->tasks, name);
}

const struct catalog_model *catalog_baseline(const struct catalog *catalog, size_t host)
{
    for (size_t i = 0; i < catalog->model_count; i++)
        if (catalog->models[i].baseline && (catalog->models[i].hosts & (1u << host)) != 0)
            return &catalog->models[i];
    return NULL;
}

const json_t *catalog_param(const struct catalog_task *task, const char *key)
{
    size_t i;
    const json_t *row;
    json_array_foreach(task->params, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "key")), key) == 0)
            return row;
    }
    return NULL;
}

/* Joins names and frees the list. */
static char *join_free(struct string_list *names, int rc)
{
    char *text = rc != 0 ? NULL : names->count == 0 ? strdup("none") : string_list_join(names, ", ");
    string_list_free(names);
    return text;
}

static char *row_names(const void *rows, size_t count, size_t size)
{
    struct string_list names = {NULL, 0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = string_list_add(&names, row_name(rows, i, size));
    return join_free(&names, rc);
}

char *catalog_runtime_names(const struct catalog *c)
{
    return row_names(c->runtimes, c->runtime_count, sizeof *c->runtimes);
}

char *catalog_model_names(const struct catalog *c) { return row_names(c->models, c->model_count, sizeof *c->models); }

char *catalog_task_names(const struct catalog *c) { return row_names(c->tasks, c->task_count, sizeof *c->tasks); }

char *catalog_param_names(const struct catalog_task *task)
{
    struct string_list names = {NULL, 0};
    size_t i;
    const json_t *row;
    int rc = 0;
    json_array_foreach(task->params, i, row)
    {
        if (rc == 0)
            rc = string_list_add(&names, json_string_value(json_object_get(row, "key")));
    }
    return join_free(&names, rc);
}
