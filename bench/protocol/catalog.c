/* SPDX-License-Identifier: MIT */
/* What the hosts offer. A task that both languages have must have the same table in both, to the letter: a difference
 * is kept with the task and refused when a run asks for it. */
#include "bench/protocol/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -- checking one list -------------------------------------------------------------------------------------------- */

struct shape {
    const char *key, *types; /* b boolean, i integer, s string, o object, a array, n null */
};

static const struct shape list_shape[] = {{"host", "s"},   {"version", "s"}, {"runtimes", "a"}, {"build", "o"},
                                          {"models", "a"}, {"tasks", "a"},   {"errors", "a"},   {NULL, NULL}};
static const struct shape model_shape[] = {{"name", "s"}, {"about", "s"},    {"processes", "b"},
                                           {"loop", "b"}, {"baseline", "b"}, {NULL, NULL}};
static const struct shape task_shape[] = {{"name", "s"}, {"about", "s"},  {"kind", "s"}, {"asks", "s"},
                                          {"jobs", "i"}, {"params", "a"}, {NULL, NULL}};
static const struct shape param_shape[] = {{"key", "s"},  {"type", "s"},     {"default", "sn"}, {"min", "in"},
                                           {"max", "in"}, {"choices", "an"}, {"about", "s"},    {NULL, NULL}};

static char type_of(const json_t *value)
{
    static const char letters[] = {[JSON_OBJECT] = 'o', [JSON_ARRAY] = 'a', [JSON_STRING] = 's', [JSON_INTEGER] = 'i',
                                   [JSON_REAL] = 'r',   [JSON_TRUE] = 'b',  [JSON_FALSE] = 'b',  [JSON_NULL] = 'n'};
    return value == NULL ? '-' : letters[json_typeof(value)];
}

static int check_shape(const json_t *object, const struct shape *shape, const char *what, struct error *err)
{
    for (; shape->key != NULL; shape++)
        if (strchr(shape->types, type_of(json_object_get(object, shape->key))) == NULL)
            return error_set(err, -EPROTO, "its list: '%s' of %s is missing or of the wrong type", shape->key, what);
    return 0;
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

static char *compare_param(size_t a, const json_t *x, size_t b, const json_t *y)
{
    for (const struct shape *s = param_shape; s->key != NULL; s++) {
        const json_t *left = json_object_get(x, s->key), *right = json_object_get(y, s->key);
        if (json_equal(left, right))
            continue;
        char *field = text_format("'%s' of parameter '%s'", s->key, json_string_value(json_object_get(x, "key")));
        char *text = field == NULL ? NULL : difference(field, a, left, b, right);
        free(field);
        return text;
    }
    return NULL;
}

/* What two tables differ in, to be freed; NULL: nothing. */
static char *compare_tasks(size_t a, const struct catalog_task *task, size_t b, const json_t *other)
{
    const json_t *jobs = json_object_get(other, "jobs"), *params = json_object_get(other, "params");
    const struct {
        const char *field, *ours;
    } texts[] = {{"about", task->about}, {"kind", task->kind}, {"asks", task->asks}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *theirs = json_string_value(json_object_get(other, texts[i].field));
        if (strcmp(texts[i].ours, theirs) != 0)
            return text_format("'%s' is \"%.200s\" in %s and \"%.200s\" in %s", texts[i].field, texts[i].ours,
                               host_table[a].name, theirs, host_table[b].name);
    }
    if (json_integer_value(jobs) != task->jobs)
        return text_format("'jobs' is %" JSON_INTEGER_FORMAT " in %s and %" JSON_INTEGER_FORMAT " in %s", task->jobs,
                           host_table[a].name, json_integer_value(jobs), host_table[b].name);
    if (json_is_true(json_object_get(other, "splits")) != task->splits)
        return text_format("the jobs share one amount of work in %s only", host_table[task->splits ? a : b].name);
    for (size_t i = 0; i < json_array_size(task->params) && i < json_array_size(params); i++) {
        char *text = compare_param(a, json_array_get(task->params, i), b, json_array_get(params, i));
        if (text != NULL)
            return text;
    }
    if (json_array_size(params) != json_array_size(task->params))
        return text_format("there are %zu parameters in %s and %zu in %s", json_array_size(task->params),
                           host_table[a].name, json_array_size(params), host_table[b].name);
    return NULL;
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
        if (t->differ == NULL && (t->differ = compare_tasks(t->first, t, h, row)) != NULL)
            text_one_line(t->differ);
        return 0;
    }
    struct catalog_task *more = realloc(c->tasks, (c->task_count + 1) * sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    c->tasks = more;
    more[c->task_count++] = (struct catalog_task){.name = name,
                                                  .about = json_string_value(json_object_get(row, "about")),
                                                  .kind = json_string_value(json_object_get(row, "kind")),
                                                  .asks = json_string_value(json_object_get(row, "asks")),
                                                  .jobs = json_integer_value(json_object_get(row, "jobs")),
                                                  .splits = json_is_true(json_object_get(row, "splits")),
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
    struct catalog_model *more = realloc(c->models, (c->model_count + 1) * sizeof *more);
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
    struct catalog_runtime *more = realloc(c->runtimes, (c->runtime_count + 1) * sizeof *more);
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

const struct catalog_runtime *catalog_runtime(const struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->runtime_count; i++)
        if (strcmp(catalog->runtimes[i].name, name) == 0)
            return &catalog->runtimes[i];
    return NULL;
}

const struct catalog_model *catalog_model(const struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->model_count; i++)
        if (strcmp(catalog->models[i].name, name) == 0)
            return &catalog->models[i];
    return NULL;
}

const struct catalog_task *catalog_task(const struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->task_count; i++)
        if (strcmp(catalog->tasks[i].name, name) == 0)
            return &catalog->tasks[i];
    return NULL;
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

char *catalog_runtime_names(const struct catalog *catalog)
{
    struct string_list names = {NULL, 0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < catalog->runtime_count; i++)
        rc = string_list_add(&names, catalog->runtimes[i].name);
    return join_free(&names, rc);
}

char *catalog_model_names(const struct catalog *catalog)
{
    struct string_list names = {NULL, 0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < catalog->model_count; i++)
        rc = string_list_add(&names, catalog->models[i].name);
    return join_free(&names, rc);
}

char *catalog_task_names(const struct catalog *catalog)
{
    struct string_list names = {NULL, 0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < catalog->task_count; i++)
        rc = string_list_add(&names, catalog->tasks[i].name);
    return join_free(&names, rc);
}

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
