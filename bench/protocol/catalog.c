/* SPDX-License-Identifier: MIT */
/* What the hosts offer. A task that both languages have must have the same table in both, to the letter: a difference
 * is kept with the task and refused when a run asks for it. */
#include "bench/protocol/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"
#include "bench/util/json.h"
#include "common/clock.h"

/* -- rows ---------------------------------------------------------------------------------------------------------- */

/* A row's name: each kind of row begins with it. */
static const char *row_name(const void *rows, size_t i, size_t size)
{
    return *(const char *const *)((const char *)rows + i * size);
}

static void *row_find(void *rows, size_t count, size_t size, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(row_name(rows, i, size), name) == 0)
            return (char *)rows + i * size;
    return NULL;
}

/* -- checking one list -------------------------------------------------------------------------------------------- */

static const struct json_shape list_shape[] = {{"host", "s"},   {"version", "s"}, {"runtimes", "a"}, {"build", "o"},
                                               {"models", "a"}, {"tasks", "a"},   {"errors", "a"},   {NULL, NULL}};
static const struct json_shape model_shape[] = {{"name", "s"}, {"about", "s"},    {"processes", "b"},
                                                {"loop", "b"}, {"baseline", "b"}, {NULL, NULL}};
static const struct json_shape server_shape[] = {
    {"name", "s"}, {"about", "s"}, {"workers", "s"}, {"holds", "b"}, {NULL, NULL}};
static const struct json_shape task_shape[] = {{"name", "s"}, {"about", "s"},  {"kind", "s"}, {"asks", "s"},
                                               {"jobs", "i"}, {"params", "a"}, {NULL, NULL}};
static const struct json_shape knob_shape[] = {{"name", "s"},  {"type", "s"},     {"default", "s"}, {"min", "irn"},
                                               {"max", "irn"}, {"choices", "an"}, {"models", "a"},  {"asks", "an"},
                                               {"about", "s"}, {NULL, NULL}};
static const struct json_shape param_shape[] = {{"key", "s"},  {"type", "s"},     {"default", "sn"}, {"min", "in"},
                                                {"max", "in"}, {"choices", "an"}, {"about", "s"},    {NULL, NULL}};

static int check_shape(const json_t *object, const struct json_shape *shape, const char *what, struct error *err)
{
    const char *key = json_misshapen(object, shape);
    return key == NULL ? 0 : error_set(err, -EPROTO, "its list: '%s' of %s is missing or of the wrong type", key, what);
}

/* `names`: an array of strings; NULL: there are none. */
static int check_services(const json_t *names, const char *what, struct error *err)
{
    size_t i;
    const json_t *name;
    bool sound = names == NULL || json_is_array(names);
    json_array_foreach(names, i, name) sound = sound && json_is_string(name);
    return sound ? 0 : error_set(err, -EPROTO, "its list: 'services' of %s are no array of names", what);
}

static int check_model(const json_t *model, struct error *err)
{
    const int rc = check_shape(model, model_shape, "a model", err);
    return rc != 0 ? rc : check_services(json_object_get(model, "services"), "a model", err);
}

static int check_knob(const json_t *knob, struct error *err)
{
    json_t *services = json_object_get(knob, "services"), *names;
    const char *value;
    int rc = check_shape(knob, knob_shape, "a knob", err);
    json_object_foreach(services, value, names) rc = rc != 0 ? rc : check_services(names, "a knob", err);
    return rc;
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

static int check_task(const json_t *task, struct error *err)
{
    int rc = check_shape(task, task_shape, "a task", err);
    rc = rc != 0 ? rc : check_services(json_object_get(task, "services"), "a task", err);
    if (rc != 0)
        return rc;
    const char *name = json_string_value(json_object_get(task, "name"));
    const json_t *params = json_object_get(task, "params");
    const json_int_t jobs = json_integer_value(json_object_get(task, "jobs"));
    if (jobs < 1 || jobs > JOBS_MAX)
        return error_set(err, -EPROTO, "its list: %" JSON_INTEGER_FORMAT " jobs of %.200s, not 1..%d", jobs, name,
                         JOBS_MAX);
    for (size_t k = 0; rc == 0 && k < json_array_size(params); k++)
        rc = check_param(params, k, name, err);
    return rc;
}

static int check_list(const json_t *list, struct error *err)
{
    const json_t *models = json_object_get(list, "models"), *tasks = json_object_get(list, "tasks");
    const json_t *knobs = json_object_get(list, "knobs");     /* NULL: the host has none */
    const json_t *servers = json_object_get(list, "servers"); /* likewise */
    if (json_integer_value(json_object_get(list, "list")) != 1)
        return error_set(err, -EPROTO, "its list is of a version this program does not know");
    int rc = check_shape(list, list_shape, "the list", err);
    for (size_t i = 0; rc == 0 && i < json_array_size(models); i++)
        rc = check_model(json_array_get(models, i), err);
    for (size_t i = 0; rc == 0 && i < json_array_size(servers); i++)
        rc = check_shape(json_array_get(servers, i), server_shape, "a server", err);
    for (size_t i = 0; rc == 0 && i < json_array_size(knobs); i++)
        rc = check_knob(json_array_get(knobs, i), err);
    for (size_t i = 0; rc == 0 && i < json_array_size(tasks); i++)
        rc = check_task(json_array_get(tasks, i), err);
    return rc;
}

/* -- comparing two tables ----------------------------------------------------------------------------------------- */

static char *value_text(const json_t *value)
{
    return value == NULL ? xstrdup("missing") : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

/* What two objects differ in among their `fields`, each called "'FIELD'" and `of`; NULL: nothing. A switch
 * that is missing is off. */
static char *compare_fields(const char *a, const json_t *x, const char *b, const json_t *y,
                            const struct json_shape *fields, const char *of)
{
    for (const struct json_shape *f = fields; f->key != NULL; f++) {
        const json_t *left = json_object_get(x, f->key), *right = json_object_get(y, f->key);
        if (left == right || json_equal(left, right) ||
            (!json_is_true(left) && !json_is_true(right) && f->types[0] == 'b'))
            continue;
        char *ours = value_text(left), *theirs = value_text(right);
        char *text = text_format("'%s'%s is %.200s in %s and %.200s in %s", f->key, of, ours, a, theirs, b);
        free(ours);
        free(theirs);
        return text;
    }
    return NULL;
}

/* What two hosts' tables of a task differ in, to be freed; NULL: nothing. */
static char *compare_tasks(const char *a, const json_t *x, const char *b, const json_t *y)
{
    static const struct json_shape fields[] = {{"about", ""}, {"kind", ""},    {"asks", ""},
                                               {"jobs", ""},  {"splits", "b"}, {NULL, NULL}};
    const json_t *ours = json_object_get(x, "params"), *theirs = json_object_get(y, "params");
    char *text = compare_fields(a, x, b, y, fields, "");
    for (size_t i = 0; text == NULL && (i < json_array_size(ours) || i < json_array_size(theirs)); i++) {
        const json_t *left = json_array_get(ours, i), *right = json_array_get(theirs, i);
        const json_t *key = json_object_get(left != NULL ? left : right, "key");
        char *of = text_format(" of parameter '%s'", json_string_value(key));
        text = compare_fields(a, left, b, right, param_shape, of);
        free(of);
    }
    return text;
}

/* -- taking a list in --------------------------------------------------------------------------------------------- */

/* What the host's list says of a first call of the function; NULL: nothing. */
static const json_t *probe_of(const struct catalog *catalog, size_t h)
{
    const json_t *row = json_array_get(json_object_get(catalog->lists[h], "tasks"), 0);
    return catalog->function == NULL ? NULL : json_object_get(row, "probe");
}

int64_t catalog_probe_ns(const struct catalog *catalog, size_t h)
{
    return json_integer_value(json_object_get(probe_of(catalog, h), "wall_ns"));
}

const char *catalog_probe_error(const struct catalog *catalog, size_t h)
{
    return json_string_value(json_object_get(probe_of(catalog, h), "error"));
}

/* How long a call takes, and how much of that on a CPU, gives the kind, and the jobs for about half a second of work: a
 * multiple of eight, so that two, four or eight workers have as many each, and fewer only where eight take over four seconds.
 * The slowest host decides. */
static void take_probe(struct catalog_task *task, const struct function *function, const json_t *row)
{
    static const int64_t eight = 8, most = 400; /* more would start a process for each of too many */
    const json_t *probe = json_object_get(row, "probe");
    const int64_t wall_ns = json_integer_value(json_object_get(probe, "wall_ns"));
    const int64_t cpu_ns = json_integer_value(json_object_get(probe, "cpu_ns"));
    if (wall_ns <= task->probe_ns)
        return;
    const int64_t jobs = NS_PER_S / 2 / wall_ns / eight * eight, four_s = 4 * NS_PER_S / wall_ns;
    task->probe_ns = wall_ns;
    task->kind = cpu_ns >= wall_ns / 10 * 9 ? "cpu" : cpu_ns <= wall_ns / 10 ? "io" : "mixed";
    if (function->inputs == NULL)
        task->jobs = jobs > most ? most : jobs > 0 ? jobs : four_s >= eight ? eight : four_s >= 4 ? 4 : 2;
}

static void add_task(struct catalog *c, size_t h, const json_t *row)
{
    const struct function *f = c->function;
    const bool probed = f != NULL && json_object_get(row, "probe") != NULL;
    const char *name = f != NULL ? f->name : json_string_value(json_object_get(row, "name"));
    struct catalog_task *known = row_find(c->tasks, c->task_count, sizeof *c->tasks, name);
    if (known != NULL) {
        known->hosts |= 1u << h;
        if (probed)
            take_probe(known, f, row);
        else if (known->differ == NULL && (known->differ = compare_tasks(c->hosts.rows[known->first].name, known->row,
                                                                         c->hosts.rows[h].name, row)) != NULL)
            text_one_line(known->differ);
        return;
    }
    c->tasks = array_grow(c->tasks, c->task_count, sizeof *c->tasks);
    c->tasks[c->task_count++] = (struct catalog_task){.name = name,
                                                      .about = json_string_value(json_object_get(row, "about")),
                                                      .kind = json_string_value(json_object_get(row, "kind")),
                                                      .asks = json_string_value(json_object_get(row, "asks")),
                                                      .jobs = json_integer_value(json_object_get(row, "jobs")),
                                                      .splits = json_is_true(json_object_get(row, "splits")),
                                                      .row = row,
                                                      .params = json_object_get(row, "params"),
                                                      .first = h,
                                                      .hosts = 1u << h};
    if (probed)
        take_probe(&c->tasks[c->task_count - 1], f, row);
}

static void add_model(struct catalog *c, size_t h, const json_t *row)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    const unsigned extra = json_is_true(json_object_get(row, "extra")) ? 1u << h : 0;
    struct catalog_model *known = row_find(c->models, c->model_count, sizeof *c->models, name);
    if (known != NULL) {
        known->hosts |= 1u << h;
        known->extra |= extra;
        return;
    }
    c->models = array_grow(c->models, c->model_count, sizeof *c->models);
    c->models[c->model_count++] = (struct catalog_model){.name = name,
                                                         .about = json_string_value(json_object_get(row, "about")),
                                                         .baseline = json_is_true(json_object_get(row, "baseline")),
                                                         .loop = json_is_true(json_object_get(row, "loop")),
                                                         .hosts = 1u << h,
                                                         .extra = extra};
}

static void add_server(struct catalog *c, size_t h, const json_t *row)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    struct catalog_model *known = row_find(c->servers, c->server_count, sizeof *c->servers, name);
    if (known != NULL) {
        known->hosts |= 1u << h;
        return;
    }
    c->servers = array_grow(c->servers, c->server_count, sizeof *c->servers);
    c->servers[c->server_count++] = (struct catalog_model){
        .name = name,
        .about = json_string_value(json_object_get(row, "about")),
        .workers = json_string_value(json_object_get(row, "workers")),
        .holds = json_is_true(json_object_get(row, "holds")),
        .hosts = 1u << h};
}

/* A name of its own each, in this list and among the hosts before it. */
static int add_runtimes(struct catalog *c, size_t h, const json_t *names, struct error *err)
{
    const struct host_row *host = &c->hosts.rows[h];
    bool own = false;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *base = json_string_value(json_array_get(names, i));
        if (base == NULL)
            return error_set(err, -EPROTO, "its list: a runtime's name is no string");
        char *name = text_format("%s%s", base, host->label);
        const bool second = catalog_runtime(c, name) != NULL;
        c->runtimes = array_grow(c->runtimes, c->runtime_count, sizeof *c->runtimes);
        c->runtimes[c->runtime_count++] = (struct catalog_runtime){.name = name, .base = base, .host = h};
        if (second)
            return error_set(err, -EPROTO, "its list: a second runtime '%.200s'", name);
        own = own || strcmp(base, host->kind->name) == 0;
    }
    return own ? 0 : error_set(err, -EPROTO, "it does not say that it has the runtime '%s'", host->kind->name);
}

int catalog_add_list(struct catalog *catalog, size_t h, json_t *list, struct error *err)
{
    size_t i;
    const json_t *row;
    catalog->lists[h] = list;
    int rc = check_list(list, err);
    if (rc == 0)
        rc = add_runtimes(catalog, h, json_object_get(list, "runtimes"), err);
    if (rc != 0)
        return rc;
    json_array_foreach(json_object_get(list, "models"), i, row) add_model(catalog, h, row);
    json_array_foreach(json_object_get(list, "servers"), i, row) add_server(catalog, h, row);
    json_array_foreach(json_object_get(list, "tasks"), i, row) add_task(catalog, h, row);
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
    for (size_t i = 0; i < catalog->runtime_count; i++)
        free(catalog->runtimes[i].name);
    host_table_free(&catalog->hosts);
    free(catalog->tasks);
    free(catalog->models);
    free(catalog->servers);
    free(catalog->runtimes);
    *catalog = (struct catalog){.runtimes = NULL};
}

/* -- a function ---------------------------------------------------------------------------------------------------- */

size_t function_file(const char *spec)
{
    const char *colon = strrchr(spec, ':');
    const size_t length = colon == NULL || strchr(colon, '/') != NULL ? strlen(spec) : (size_t)(colon - spec);
    char *file = xstrndup(spec, length);
    const bool is_file = strchr(file, '/') != NULL || text_ends_with(file, ".py") || text_ends_with(file, ".so") ||
                         text_ends_with(file, ".c");
    free(file);
    return is_file ? length : 0;
}

void function_options(const struct function *f, enum language work, struct string_list *words)
{
    const char *const options[][2] = {
        {"--task", f->in[work]}, {"--path", f->path}, {"--directory", f->directory}, {"--inputs", f->inputs}};
    struct string_list command = {NULL, 0};
    if (f->command != NULL)
        string_list_unquote(&command, f->command); /* was looked at where it came in */
    for (size_t i = 0; i < command.count; i++) {
        string_list_add(words, "--command");
        string_list_add(words, command.items[i]);
    }
    string_list_free(&command);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i][1] != NULL) {
            string_list_add(words, options[i][0]);
            string_list_add(words, options[i][1]);
        }
}

const char *catalog_refusal(const struct catalog *catalog, size_t h)
{
    const char *said = json_string_value(json_array_get(json_object_get(catalog->lists[h], "errors"), 0));
    return said != NULL ? said : "it does not have it";
}

const char *catalog_lacks(const struct catalog *catalog, const struct catalog_task *task, size_t h)
{
    return (task->hosts & (1u << h)) != 0 ? NULL
           : catalog->function != NULL    ? catalog_refusal(catalog, h)
                                          : catalog->hosts.rows[task->first].kind->only;
}

/* -- looking things up -------------------------------------------------------------------------------------------- */

const struct catalog_runtime *catalog_runtime(const struct catalog *c, const char *name)
{
    return row_find(c->runtimes, c->runtime_count, sizeof *c->runtimes, name);
}

bool catalog_named(const struct catalog_runtime *runtime, const struct string_list *names)
{
    return string_list_have(names, runtime->name) || string_list_have(names, runtime->base);
}

const struct catalog_runtime *catalog_reference(const struct catalog *c, const struct catalog_runtime *runtime)
{
    const struct host_row *own = &c->hosts.rows[runtime->host];
    const struct catalog_runtime *found = NULL;
    for (const struct catalog_runtime *r = c->runtimes; r < c->runtimes + c->runtime_count; r++) {
        const struct host_row *host = &c->hosts.rows[r->host];
        if (host->missing == NULL && strcmp(r->base, own->kind->reference) == 0 &&
            (found == NULL || host->python == own->python))
            found = r;
    }
    return found;
}

const char *catalog_only(const struct catalog *c, const struct catalog_task *task)
{
    const struct host_kind *kind = c->hosts.rows[task->first].kind;
    for (size_t h = 0; h < c->hosts.count; h++)
        if ((task->hosts & (1u << h)) != 0 && c->hosts.rows[h].kind != kind)
            return NULL;
    return kind->only;
}

const struct catalog_model *catalog_model(const struct catalog *c, const char *name)
{
    return row_find(c->models, c->model_count, sizeof *c->models, name);
}

const struct catalog_model *catalog_server(const struct catalog *c, const char *name)
{
    return row_find(c->servers, c->server_count, sizeof *c->servers, name);
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

/* The row of an array that has `name` under `key`; NULL: there is none. */
static const json_t *find_named(const json_t *rows, const char *key, const char *name)
{
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, key)), name) == 0)
            return row;
    }
    return NULL;
}

const json_t *catalog_knob(const struct catalog *catalog, size_t host, const char *name)
{
    return find_named(json_object_get(catalog->lists[host], "knobs"), "name", name);
}

static void add_strings(struct string_list *into, const json_t *strings)
{
    size_t i;
    const json_t *string;
    json_array_foreach(strings, i, string)
    {
        if (!string_list_have(into, json_string_value(string)))
            string_list_add(into, json_string_value(string));
    }
}

void catalog_services(const struct catalog *catalog, size_t host, const char *model, const json_t *knobs,
                      const struct catalog_task *task, struct string_list *out)
{
    const json_t *list = catalog->lists[host], *row;
    size_t i;
    if (task != NULL)
        add_strings(out, json_object_get(task->row, "services"));
    add_strings(out, json_object_get(find_named(json_object_get(list, "models"), "name", model), "services"));
    json_array_foreach(json_object_get(list, "knobs"), i, row)
    {
        const json_t *chosen = json_object_get(knobs, json_string_value(json_object_get(row, "name")));
        const json_t *value = chosen != NULL ? chosen : json_object_get(row, "default");
        struct string_list touched = {NULL, 0};
        add_strings(&touched, json_object_get(row, "models"));
        if (string_list_have(&touched, model))
            add_strings(out, json_object_get(json_object_get(row, "services"), json_string_value(value)));
        string_list_free(&touched);
    }
}

bool catalog_spreads(const struct catalog *catalog, size_t host, const char *model, const json_t *knobs)
{
    struct string_list services = {NULL, 0};
    const json_t *row = find_named(json_object_get(catalog->lists[host], "models"), "name", model);
    catalog_services(catalog, host, model, knobs, NULL, &services);
    const bool spreads = json_is_true(json_object_get(row, "remote")) || services.count > 0;
    string_list_free(&services);
    return spreads;
}

const json_t *catalog_param(const struct catalog_task *task, const char *key)
{
    return find_named(task->params, "key", key);
}

static char *names_text(struct string_list *names)
{
    char *text = names->count == 0 ? xstrdup("none") : string_list_join(names, ", ");
    string_list_free(names);
    return text;
}

char *catalog_names(const void *rows, size_t count, size_t size)
{
    struct string_list names = {NULL, 0};
    for (size_t i = 0; i < count; i++)
        string_list_add(&names, row_name(rows, i, size));
    return names_text(&names);
}

/* Adds what `rows` have under `key`, each once. */
static void add_named(struct string_list *names, const json_t *rows, const char *key)
{
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        const char *name = json_string_value(json_object_get(row, key));
        if (!string_list_have(names, name))
            string_list_add(names, name);
    }
}

char *catalog_param_names(const struct catalog_task *task)
{
    struct string_list names = {NULL, 0};
    add_named(&names, task->params, "key");
    return names_text(&names);
}

char *catalog_knob_names(const struct catalog *catalog)
{
    struct string_list names = {NULL, 0};
    for (size_t h = 0; h < HOSTS_MAX; h++)
        add_named(&names, json_object_get(catalog->lists[h], "knobs"), "name");
    return names_text(&names);
}
