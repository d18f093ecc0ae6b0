/* SPDX-License-Identifier: MIT */
/* `cobench list`: the runtimes, models and tasks there are. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "bench/machine/hosts.h"
#include "bench/cmd/command.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/protocol/catalog.h"
#include "bench/util/files.h"
#include "bench/cmd/options.h"
#include "bench/report/writer.h"
#include "bench/process/signals.h"

struct arguments {
    bool json;
    const char *tasks_dir;
    struct error *err;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'j':
        a->json = true;
        return 0;
    case 't':
        a->tasks_dir = arg;
        return 0;
    case ARGP_KEY_ARG:
        return options_argument(a->err, arg, NULL);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* -- what there is ------------------------------------------------------------------------------------------------ */

/* Adds `row` (stolen) with the names of its hosts. Whether there was memory. */
static bool add_row(json_t *rows, json_t *row, unsigned hosts)
{
    json_t *names = json_array();
    bool good = json_object_set_new(row, "hosts", names) == 0 && json_array_append_new(rows, row) == 0;
    for (size_t h = 0; h < host_count && good; h++)
        if ((hosts & (1u << h)) != 0)
            good = json_array_append_new(names, json_string(host_table[h].name)) == 0;
    return good;
}

/* As --json prints it; NULL: no memory. */
static json_t *list_json(const struct catalog *c)
{
    json_t *runtimes = json_array(), *models = json_array(), *tasks = json_array();
    bool good = true;
    for (size_t i = 0; i < c->runtime_count && good; i++) {
        const json_t *list = c->lists[c->runtimes[i].host];
        json_t *row = json_pack("{ss ss sO sO sO}", "name", c->runtimes[i].name, "host",
                                host_table[c->runtimes[i].host].name, "version", json_object_get(list, "version"),
                                "build", json_object_get(list, "build"), "errors", json_object_get(list, "errors"));
        good = json_array_append_new(runtimes, row) == 0;
    }
    for (size_t i = 0; i < c->model_count && good; i++) {
        const struct catalog_model *m = &c->models[i];
        good = add_row(models,
                       json_pack("{ss ss sb}", "name", m->name, "about", m->about, "baseline", (int)m->baseline),
                       m->hosts);
    }
    for (size_t i = 0; i < c->task_count && good; i++) {
        const struct catalog_task *t = &c->tasks[i];
        json_t *row = json_pack("{ss ss ss ss sI sb sO ss?}", "name", t->name, "about", t->about, "kind", t->kind,
                                "asks", t->asks, "jobs", t->jobs, "splits", (int)t->splits, "params", t->params,
                                "differ", t->differ);
        good = add_row(tasks, row, t->hosts);
    }
    json_t *all = json_pack("{si so so so}", "cobench_list", 1, "runtimes", runtimes, "models", models, "tasks", tasks);
    if (!good) {
        json_decref(all);
        return NULL;
    }
    return all;
}

/* -- for people --------------------------------------------------------------------------------------------------- */

/* A row is an object of list_json, or a parameter of a task; `which` says what of it. */
enum member { NAME, HOST, VERSION, HOSTS, KIND, JOBS, ABOUT, KEY, DEFAULT, TYPE, RANGE };

static void read_member(const void *row, int which, struct table_value *out)
{
    static const char *const names[] = {
        [NAME] = "name",       [HOST] = "host", [VERSION] = "version", [HOSTS] = "hosts",
        [KIND] = "kind",       [JOBS] = "jobs", [ABOUT] = "about",     [KEY] = "key",
        [DEFAULT] = "default", [TYPE] = "type", [RANGE] = "choices"};
    const json_t *value = json_object_get(row, names[which]), *item;
    const json_t *min = json_object_get(row, "min"), *max = json_object_get(row, "max");
    size_t i, at = 0;
    if (json_is_integer(value))
        table_set_number(out, (double)json_integer_value(value));
    else if (which == RANGE && json_is_integer(min) && json_is_integer(max))
        table_set_format(out, "%" JSON_INTEGER_FORMAT "..%" JSON_INTEGER_FORMAT, json_integer_value(min),
                         json_integer_value(max));
    else if (!json_is_array(value))
        table_set_text(out, json_string_value(value));
    else
        out->text = out->own;
    json_array_foreach(value, i, item) if (at < sizeof out->own)
        at += (size_t)snprintf(out->own + at, sizeof out->own - at, "%s%s", i > 0 ? " " : "", json_string_value(item));
}

static const struct table_column columns[] = {
    {NULL, "name", UNIT_TEXT, false, 0, read_member, NAME},
    {NULL, "host", UNIT_TEXT, false, 0, read_member, HOST},
    {NULL, "version", UNIT_TEXT, false, 0, read_member, VERSION},
    {NULL, "parameter", UNIT_TEXT, false, 0, read_member, KEY},
    {NULL, "default", UNIT_TEXT, false, 0, read_member, DEFAULT},
    {NULL, "type", UNIT_TEXT, false, 0, read_member, TYPE},
    {NULL, "values", UNIT_TEXT, false, 0, read_member, RANGE},
    {NULL, "kind", UNIT_TEXT, false, 0, read_member, KIND},
    {NULL, "jobs", UNIT_COUNT, false, 0, read_member, JOBS},
    {NULL, "hosts", UNIT_TEXT, false, 0, read_member, HOSTS},
    {NULL, "", UNIT_TEXT, false, 0, read_member, ABOUT},
};

/* Of an array of objects; what none of them has is no column. 0 or -ENOMEM. */
static int write_rows(struct writer *w, const char *title, const json_t *array)
{
    const size_t count = json_array_size(array);
    const json_t **rows = calloc(count + 1, sizeof(json_t *));
    if (rows == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        rows[i] = json_array_get(array, i);
    write_table(w, &(struct table){.title = title,
                                   .columns = columns,
                                   .column_count = sizeof columns / sizeof *columns,
                                   .rows = rows,
                                   .row_count = count});
    free(rows);
    return 0;
}

static void write_notes(struct writer *w, const struct catalog *c)
{
    char text[600];
    for (size_t i = 0; i < c->task_count; i++) {
        const struct catalog_task *t = &c->tasks[i];
        for (size_t h = 0; h < host_count; h++)
            if (t->hosts == 1u << h) {
                snprintf(text, sizeof text, "%s: %s", t->name, host_table[h].only);
                write_item(w, "note", text);
            }
        snprintf(text, sizeof text, "%s is refused: its tables differ: %s", t->name, t->differ);
        if (t->differ != NULL)
            write_item(w, "note", text);
    }
    for (size_t h = 0; h < host_count; h++) {
        size_t i;
        const json_t *why;
        json_array_foreach(json_object_get(c->lists[h], "errors"), i, why)
        {
            snprintf(text, sizeof text, "by the host %s: %s", host_table[h].name,
                     json_is_string(why) ? json_string_value(why) : "?");
            write_item(w, "not loaded", text);
        }
    }
}

static int write_list(struct writer *w, const struct catalog *c, const json_t *all)
{
    char title[160];
    write_heading(w, 1, "Runtimes, models and tasks");
    int rc = write_rows(w, "Runtimes", json_object_get(all, "runtimes"));
    if (rc == 0)
        rc = write_rows(w, "Models", json_object_get(all, "models"));
    if (rc == 0)
        rc = write_rows(w, "Tasks", json_object_get(all, "tasks"));
    for (size_t i = 0; i < c->task_count && rc == 0; i++) {
        snprintf(title, sizeof title, "Parameters of %s", c->tasks[i].name);
        rc = write_rows(w, title, c->tasks[i].params);
    }
    write_notes(w, c);
    return rc != 0 ? rc : write_end(w);
}

/* -- the command -------------------------------------------------------------------------------------------------- */

static int print_catalog(const struct catalog *c, bool as_json, struct error *err)
{
    struct writer w = options_writer(&(struct options_print){.format = &format_terminal}, NULL);
    json_t *all = list_json(c);
    int rc = all == NULL ? -ENOMEM : as_json ? json_dumpf(all, stdout, JSON_INDENT(1)) : write_list(&w, c, all);
    if (as_json)
        puts("");
    json_decref(all);
    return options_print_end(rc == -1 ? -EIO : rc, err);
}

/* Asks the hosts, about the task files of a folder (NULL: the built-in ones only). */
static int list(const char *tasks_dir, bool json, struct error *err)
{
    struct paths paths = {.self = NULL};
    struct catalog catalog = {.runtimes = NULL};
    struct supervisor *supervisor = NULL;
    char *scratch = NULL;
    int rc = paths_find(&paths, err);
    if (rc == 0)
        rc = signals_install(err);
    if (rc == 0)
        rc = supervisor_open(&supervisor, err);
    if (rc == 0)
        rc = supervisor_scratch(supervisor, &scratch, err);
    const struct hosts_source source = {
        .paths = &paths, .supervisor = supervisor, .scratch = scratch, .tasks_dir = tasks_dir};
    if (rc == 0)
        rc = hosts_ask_all(&source, &catalog, err);
    if (rc == 0)
        rc = print_catalog(&catalog, json, err);
    supervisor_close(supervisor);
    catalog_free(&catalog);
    paths_free(&paths);
    free(scratch);
    return rc;
}

static const struct argp_option option_table[] = {{"json", 'j', NULL, 0, "As JSON", 0},
                                                  {"tasks", 't', "DIR", 0, "Another folder of task files", 0},
                                                  {NULL, 0, NULL, 0, NULL, 0}};
static const struct argp parser = {
    .options = option_table, .parser = on_option, .doc = "Lists runtimes, models, and tasks with their parameters."};

int cmd_list(int argc, char **argv, struct error *err)
{
    struct arguments a = {.err = err};
    char *tasks_dir = NULL;
    int rc = 0;
    if (options_parse(&parser, argc, argv, &a, err) != 0)
        return 2;
    if (a.tasks_dir != NULL && ((tasks_dir = realpath(a.tasks_dir, NULL)) == NULL || !dir_exists(tasks_dir)))
        rc = error_set(err, -EINVAL, "--tasks '%s': %s", a.tasks_dir,
                       tasks_dir == NULL ? strerror(errno) : "no folder");
    if (rc == 0)
        rc = list(tasks_dir, a.json, err);
    free(tasks_dir);
    return rc == 0 ? 0 : signals_asked() != 0 ? 128 + signals_asked() : rc == -EINVAL ? 2 : 1;
}
