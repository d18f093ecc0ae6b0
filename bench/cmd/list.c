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

/* -- for people --------------------------------------------------------------------------------------------------- */

/* "c, py": the hosts of a set. */
static void host_names(unsigned hosts, char *out, size_t room)
{
    size_t used = 0;
    *out = '\0';
    for (size_t h = 0; h < host_count; h++)
        if ((hosts & (1u << h)) != 0 && used < room) {
            const int n = snprintf(out + used, room - used, "%s%s", used == 0 ? "" : ", ", host_table[h].name);
            used += n > 0 ? (size_t)n : 0;
        }
}

static void print_runtimes(const struct catalog *c)
{
    puts("Runtimes");
    for (size_t i = 0; i < c->runtime_count; i++) {
        const json_t *list = c->lists[c->runtimes[i].host];
        printf("  %-14s the %s host, version %s\n", c->runtimes[i].name, host_table[c->runtimes[i].host].name,
               json_string_value(json_object_get(list, "version")));
    }
}

static void print_models(const struct catalog *c)
{
    char hosts[64];
    puts("\nModels");
    for (size_t i = 0; i < c->model_count; i++) {
        const struct catalog_model *m = &c->models[i];
        host_names(m->hosts, hosts, sizeof hosts);
        printf("  %-14s %s (%s)\n", m->name, m->about, hosts);
    }
}

static void print_param(const json_t *row)
{
    const char *fallback = json_string_value(json_object_get(row, "default"));
    const json_t *min = json_object_get(row, "min"), *max = json_object_get(row, "max");
    const json_t *choices = json_object_get(row, "choices"), *choice;
    size_t i;
    printf("    %s=%s", json_string_value(json_object_get(row, "key")), fallback == NULL ? "..." : fallback);
    printf("  %s (%s", json_string_value(json_object_get(row, "about")),
           json_string_value(json_object_get(row, "type")));
    if (json_is_integer(min) && json_is_integer(max))
        printf(" %lld..%lld", (long long)json_integer_value(min), (long long)json_integer_value(max));
    json_array_foreach(choices, i, choice) { printf("%s%s", i == 0 ? ": " : "|", json_string_value(choice)); }
    puts(")");
}

static void print_tasks(const struct catalog *c)
{
    char hosts[64];
    puts("\nTasks");
    for (size_t i = 0; i < c->task_count; i++) {
        const struct catalog_task *t = &c->tasks[i];
        size_t k;
        const json_t *row;
        host_names(t->hosts, hosts, sizeof hosts);
        printf("  %-14s %s (%s; %" JSON_INTEGER_FORMAT " jobs; %s)\n", t->name, t->about, t->kind, t->jobs, hosts);
        json_array_foreach(t->params, k, row) { print_param(row); }
        for (size_t h = 0; h < host_count; h++)
            if (t->hosts == 1u << h)
                printf("    note: %s\n", host_table[h].only);
        if (t->differ != NULL)
            printf("    refused: its tables differ: %s\n", t->differ);
    }
}

/* Task files that did not load. */
static void print_errors(const struct catalog *c)
{
    for (size_t h = 0; h < host_count; h++) {
        size_t i;
        const json_t *text;
        json_array_foreach(json_object_get(c->lists[h], "errors"), i, text)
        {
            printf("%s%s: %s\n", i == 0 ? "\nNot loaded by the host " : "  ", host_table[h].name,
                   json_is_string(text) ? json_string_value(text) : "?");
        }
    }
}

/* -- as JSON ------------------------------------------------------------------------------------------------------ */

static json_t *hosts_json(unsigned hosts)
{
    json_t *names = json_array();
    for (size_t h = 0; h < host_count; h++)
        if ((hosts & (1u << h)) != 0 && json_array_append_new(names, json_string(host_table[h].name)) != 0)
            break;
    return names;
}

static json_t *tasks_json(const struct catalog *c)
{
    json_t *tasks = json_array();
    for (size_t i = 0; i < c->task_count; i++) {
        const struct catalog_task *t = &c->tasks[i];
        json_t *task = json_pack("{ss ss ss ss sI sb sO so ss?}", "name", t->name, "about", t->about, "kind", t->kind,
                                 "asks", t->asks, "jobs", t->jobs, "splits", (int)t->splits, "params", t->params,
                                 "hosts", hosts_json(t->hosts), "differ", t->differ);
        if (json_array_append_new(tasks, task) != 0)
            break;
    }
    return tasks;
}

static json_t *models_json(const struct catalog *c)
{
    json_t *models = json_array();
    for (size_t i = 0; i < c->model_count; i++) {
        const struct catalog_model *m = &c->models[i];
        json_t *model = json_pack("{ss ss sb so}", "name", m->name, "about", m->about, "baseline", (int)m->baseline,
                                  "hosts", hosts_json(m->hosts));
        if (json_array_append_new(models, model) != 0)
            break;
    }
    return models;
}

static json_t *runtimes_json(const struct catalog *c)
{
    json_t *runtimes = json_array();
    for (size_t i = 0; i < c->runtime_count; i++) {
        const json_t *list = c->lists[c->runtimes[i].host];
        json_t *runtime = json_pack("{ss ss sO sO sO}", "name", c->runtimes[i].name, "host",
                                    host_table[c->runtimes[i].host].name, "version", json_object_get(list, "version"),
                                    "build", json_object_get(list, "build"), "errors", json_object_get(list, "errors"));
        if (json_array_append_new(runtimes, runtime) != 0)
            break;
    }
    return runtimes;
}

static int print_json(const struct catalog *c)
{
    json_t *all = json_pack("{si so so so}", "cobench_list", 1, "runtimes", runtimes_json(c), "models", models_json(c),
                            "tasks", tasks_json(c));
    const int rc = all != NULL && json_dumpf(all, stdout, JSON_INDENT(1)) == 0 ? 0 : -EIO;
    puts("");
    json_decref(all);
    return rc;
}

/* -- the command -------------------------------------------------------------------------------------------------- */

static int print_catalog(const struct catalog *c, bool json, struct error *err)
{
    int rc = 0;
    if (json) {
        rc = print_json(c);
    } else {
        print_runtimes(c);
        print_models(c);
        print_tasks(c);
        print_errors(c);
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        rc = -EIO;
    return rc == 0 ? 0 : error_set(err, rc, "cannot write the list");
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
