/* SPDX-License-Identifier: MIT */
/* `cobench list`: the runtimes, models, servers, tasks and knobs there are. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/machine/hosts.h"
#include "bench/process/signals.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"

struct arguments {
    struct options_print print;
    bool json;
    char *tasks_dir;
    const char *what; /* KNOBS, or a task; NULL: all of them, in one line each */
};

static const char *const KNOBS = "knobs";

static const struct option_row option_rows[] = {
    {{"json", SETTING_FLAG, offsetof(struct arguments, json)}, NULL, "As --format json"},
    {{"tasks", SETTING_TEXT, offsetof(struct arguments, tasks_dir)}, "DIR", "Another folder of task files"},
};
static const struct options options = {
    .rows = option_rows,
    .count = sizeof option_rows / sizeof *option_rows,
    .arguments = 1,
    .arguments_at = offsetof(struct arguments, what),
    .args_doc = "[knobs|TASK]",
    .prints = true,
    .doc = "Lists runtimes, models, servers and tasks; of a TASK its parameters, of knobs "
           "what they change. (As json: all of it; as csv: the tasks.)"};

/* -- what there is ------------------------------------------------------------------------------------------------ */

/* The names of the hosts that have it. */
static json_t *host_names(const struct catalog *c, unsigned hosts)
{
    json_t *names = json_array();
    for (size_t h = 0; h < c->hosts.count; h++)
        if ((hosts & (1u << h)) != 0)
            json_array_append_new(names, json_string(c->hosts.rows[h].name));
    return names;
}

/* The rows of all hosts, with "hosts": those that have the very same one. */
static void add_knobs(const struct catalog *c, json_t *knobs)
{
    for (size_t h = 0; h < c->hosts.count; h++) {
        size_t i, k;
        json_t *row, *known;
        json_array_foreach(json_object_get(c->lists[h], "knobs"), i, row)
        {
            json_t *hosts = NULL, *own = json_copy(row);
            json_array_foreach(knobs, k, known)
            {
                json_object_set(own, "hosts", json_object_get(known, "hosts"));
                if (json_equal(own, known))
                    hosts = json_object_get(known, "hosts");
            }
            if (hosts == NULL)
                json_array_append(knobs, own);
            if (hosts == NULL)
                json_object_set_new(own, "hosts", hosts = json_array());
            json_array_append_new(hosts, json_string(c->hosts.rows[h].name));
            json_decref(own);
        }
    }
}

/* As --json prints it. */
static json_t *list_json(const struct catalog *c)
{
    json_t *runtimes = json_array(), *models = json_array(), *servers = json_array(), *tasks = json_array(),
           *knobs = json_array();
    for (size_t i = 0; i < c->runtime_count; i++) {
        const json_t *list = c->lists[c->runtimes[i].host];
        json_array_append_new(
            runtimes, json_pack("{ss ss sO sO sO}", "name", c->runtimes[i].name, "host",
                                c->hosts.rows[c->runtimes[i].host].name, "version", json_object_get(list, "version"),
                                "build", json_object_get(list, "build"), "errors", json_object_get(list, "errors")));
    }
    for (size_t i = 0; i < c->model_count; i++) {
        const struct catalog_model *m = &c->models[i];
        json_array_append_new(models, json_pack("{ss ss sb so so}", "name", m->name, "about", m->about, "baseline",
                                                (int)m->baseline, "hosts", host_names(c, m->hosts), "extra",
                                                host_names(c, m->extra)));
    }
    for (size_t i = 0; i < c->server_count; i++) {
        const struct catalog_model *m = &c->servers[i];
        json_array_append_new(servers, json_pack("{ss ss ss sb so}", "name", m->name, "about", m->about, "workers",
                                                 m->workers, "holds", (int)m->holds, "hosts", host_names(c, m->hosts)));
    }
    for (size_t i = 0; i < c->task_count; i++) {
        const struct catalog_task *t = &c->tasks[i];
        json_array_append_new(tasks,
                              json_pack("{ss ss ss ss sI sb sO ss? so}", "name", t->name, "about", t->about, "kind",
                                        t->kind, "asks", t->asks, "jobs", t->jobs, "splits", (int)t->splits, "params",
                                        t->params, "differ", t->differ, "hosts", host_names(c, t->hosts)));
    }
    add_knobs(c, knobs);
    return json_pack("{si so so so so so}", "cobench_list", 1, "runtimes", runtimes, "models", models, "servers",
                     servers, "knobs", knobs, "tasks", tasks);
}

/* -- for people --------------------------------------------------------------------------------------------------- */

/* A row is an object of list_json, or a parameter of a task; `which` says what of it. */
enum member { NAME, HOST, VERSION, HOSTS, EXTRA, KIND, JOBS, ASKS, ABOUT, KEY, DEFAULT, TYPE, RANGE, MODELS };

static void read_member(const void *row, int which, struct table_value *out)
{
    static const char *const names[] = {
        [NAME] = "name",       [HOST] = "host", [VERSION] = "version", [HOSTS] = "hosts",  [EXTRA] = "extra",
        [KIND] = "kind",       [JOBS] = "jobs", [ASKS] = "asks",       [ABOUT] = "about",  [KEY] = "key",
        [DEFAULT] = "default", [TYPE] = "type", [RANGE] = "choices",   [MODELS] = "models"};
    const json_t *value = json_object_get(row, names[which]), *item;
    const json_t *min = json_object_get(row, "min"), *max = json_object_get(row, "max");
    size_t i, at = 0;
    if (json_is_integer(value))
        table_set_number(out, (double)json_integer_value(value));
    else if (which == RANGE && json_is_number(min) && json_is_number(max))
        table_set_format(out, "%.12g..%.12g", json_number_value(min), json_number_value(max));
    else if (!json_is_array(value))
        table_set_text(out, json_string_value(value));
    else
        out->text = out->own;
    json_array_foreach(value, i, item) if (at < sizeof out->own)
        at += (size_t)snprintf(out->own + at, sizeof out->own - at, "%s%s", i > 0 ? " " : "", json_string_value(item));
}

static const struct table_column columns[] = {
    {"name", "name", UNIT_TEXT, false, 0, read_member, NAME},
    {NULL, "host", UNIT_TEXT, false, 0, read_member, HOST},
    {NULL, "version", UNIT_TEXT, false, 0, read_member, VERSION},
    {NULL, "parameter", UNIT_TEXT, false, 0, read_member, KEY},
    {NULL, "default", UNIT_TEXT, false, 0, read_member, DEFAULT},
    {NULL, "type", UNIT_TEXT, false, 0, read_member, TYPE},
    {NULL, "values", UNIT_TEXT, false, 0, read_member, RANGE},
    {"kind", "kind", UNIT_TEXT, false, 0, read_member, KIND},
    {"jobs", "jobs", UNIT_COUNT, false, 0, read_member, JOBS},
    {NULL, "asks", UNIT_TEXT, false, 0, read_member, ASKS},
    {NULL, "changes", UNIT_TEXT, false, 0, read_member, MODELS},
    {"hosts", "hosts", UNIT_TEXT, false, 0, read_member, HOSTS},
    {NULL, "only if named", UNIT_TEXT, false, 0, read_member, EXTRA},
    {"about", "", UNIT_TEXT, false, 0, read_member, ABOUT},
};

/* Of an array of objects; what none of them has is no column. */
static void write_rows(struct writer *w, const char *name, const char *title, const json_t *array)
{
    const size_t count = json_array_size(array);
    const json_t **rows = xcalloc(count, sizeof(json_t *));
    for (size_t i = 0; i < count; i++)
        rows[i] = json_array_get(array, i);
    write_table(w, &(struct table){.name = name,
                                   .title = title,
                                   .columns = columns,
                                   .column_count = sizeof columns / sizeof *columns,
                                   .rows = rows,
                                   .row_count = count});
    free(rows);
}

static void write_notes(struct writer *w, const struct catalog *c)
{
    char text[600];
    for (size_t i = 0; host_extra(i) != NULL; i++) {
        snprintf(text, sizeof text, "%s: one more runtime, only if named", host_extra(i));
        write_item(w, "note", text);
    }
    for (size_t i = 0; i < c->task_count; i++) {
        const struct catalog_task *t = &c->tasks[i];
        const char *only = catalog_only(c, t);
        snprintf(text, sizeof text, "%s: %s", t->name, only != NULL ? only : "");
        if (only != NULL)
            write_item(w, "note", text);
        snprintf(text, sizeof text, "%s is refused: its tables differ: %s", t->name, t->differ);
        if (t->differ != NULL)
            write_item(w, "note", text);
    }
    for (size_t h = 0; h < c->hosts.count; h++) {
        size_t i;
        const json_t *why;
        json_array_foreach(json_object_get(c->lists[h], "errors"), i, why)
        {
            snprintf(text, sizeof text, "by the host %s: %s", c->hosts.rows[h].name,
                     json_is_string(why) ? json_string_value(why) : "?");
            write_item(w, "not loaded", text);
        }
    }
}

/* With their hosts in the names that there are more than once, as the tables of a narrow terminal repeat no more than the name. */
static json_t *knobs_apart(const json_t *knobs)
{
    json_t *all = json_array();
    size_t i, k;
    const json_t *row, *other;
    json_array_foreach(knobs, i, row)
    {
        size_t same = 0;
        json_t *own = json_copy((json_t *)row);
        json_array_foreach(knobs, k, other)
            same += json_equal(json_object_get(row, "name"), json_object_get(other, "name")) ? 1 : 0;
        if (same > 1) {
            struct table_value hosts = {.text = NULL};
            read_member(row, HOSTS, &hosts);
            json_object_set_new(own, "name",
                                json_sprintf("%s (%s)", json_string_value(json_object_get(row, "name")), hosts.text));
        }
        json_array_append_new(all, own);
    }
    return all;
}

static void write_list(struct writer *w, const struct catalog *c, const json_t *all)
{
    write_heading(w, 1, "Runtimes, models, servers and tasks");
    write_rows(w, "runtimes", "Runtimes", json_object_get(all, "runtimes"));
    write_rows(w, "models", "Models", json_object_get(all, "models"));
    write_rows(w, "servers", "Servers (cobench serve-bench)", json_object_get(all, "servers"));
    write_rows(w, "tasks", "Tasks ('cobench list TASK': its parameters)", json_object_get(all, "tasks"));
    write_item(w, "knobs",
               "'cobench list knobs' says what else can be changed: start methods, dispensers, clients, loops");
    write_notes(w, c);
    write_end(w);
}

static void write_knobs(struct writer *w, const json_t *all)
{
    json_t *knobs = knobs_apart(json_object_get(all, "knobs"));
    write_rows(w, "knobs", "Knobs", knobs);
    json_decref(knobs);
    write_end(w);
}

/* The task's row and its parameters. -EINVAL: there is none of that name. */
static int write_task(struct writer *w, const struct catalog *c, const json_t *all, const char *name, struct error *err)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(all, "tasks"), i, row)
    {
        if (strcmp(name, json_string_value(json_object_get(row, "name"))) != 0)
            continue;
        json_t *alone = json_pack("[O]", row);
        write_rows(w, NULL, name, alone);
        json_decref(alone);
        if (json_array_size(c->tasks[i].params) > 0)
            write_rows(w, NULL, "Parameters (--set NAME=VALUE)", c->tasks[i].params);
        write_end(w);
        return 0;
    }
    return error_set(err, -EINVAL, "'%s' is no task ('cobench list' has them), nor 'knobs'", name);
}

/* -- the command -------------------------------------------------------------------------------------------------- */

static int print_catalog(const struct catalog *c, const struct arguments *a, struct error *err)
{
    struct writer w = options_writer(&a->print, "tasks");
    if (a->what != NULL && (a->json || w.format == &format_json || w.format == &format_csv))
        return error_set(err, -EINVAL, "'%s': json has all there is, csv the tasks", a->what);
    json_t *all = list_json(c);
    int rc = 0;
    if (a->what != NULL && strcmp(a->what, KNOBS) == 0)
        write_knobs(&w, all);
    else if (a->what != NULL)
        rc = write_task(&w, c, all, a->what, err);
    else if (!a->json && w.format != &format_json)
        write_list(&w, c, all);
    else if (json_dumpf(all, stdout, JSON_INDENT(1)) == 0)
        puts("");
    json_decref(all);
    return rc == 0 ? options_print_end(err) : rc;
}

int cmd_list(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {.json = false};
    struct paths paths = {.self = NULL};
    struct catalog catalog = {.runtimes = NULL};
    struct hosts_source source = {.paths = &paths};
    int rc = options_parse(&options, argc, argv, &arguments, NULL, err);
    if (rc == 0)
        rc = options_path("tasks", true, &arguments.tasks_dir, err);
    if (rc == 0)
        rc = paths_find(&paths, err);
    if (rc == 0)
        rc = hosts_open(&source, err);
    source.tasks_dir = arguments.tasks_dir;
    if (rc == 0)
        rc = hosts_ask_all(&source, &catalog, err);
    if (rc == 0)
        rc = print_catalog(&catalog, &arguments, err);
    supervisor_close(source.supervisor);
    catalog_free(&catalog);
    paths_free(&paths);
    options_free(&options, &arguments);
    return rc == 0 ? 0 : signals_asked() != 0 ? 128 + signals_asked() : rc == -EINVAL ? 2 : 1;
}
