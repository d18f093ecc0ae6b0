/* SPDX-License-Identifier: MIT */
/* The list of models and tasks with their parameters, and how this host was built: the driver knows none by name. */
#include "host/list.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/contract.h"
#include "host/knobs.h"
#include "host/models.h"
#include "host/plugin.h"
#include "host/probe.h"
#include "host/runtime.h"
#include "host/text.h"
#include "host/transport.h"
#include "servers/servers.h"

#define STRING_OF(x) #x
#define TEXT_OF(x)   STRING_OF(x)

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* What a transport says of itself; null without it. */
static json_t *transport_json(enum cobench_ask ask)
{
    const struct transport *transport = NULL;
    struct cobench_error err;
    void *handle = NULL;

    transport_load(ask, CLIENT_DEFAULT, &transport, &handle, &err);
    json_t *json = text_json(transport ? transport->describe() : NULL);
    plugin_unload(handle);
    return json;
}

static json_t *build_json(void)
{
    json_t *json = json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "compiler", COMPILER, "cflags",
                             text_json(COBENCH_CFLAGS), "contract", TEXT_OF(COBENCH_CONTRACT_VERSION), "libcurl",
                             transport_json(COBENCH_ASK_URL), "hiredis", transport_json(COBENCH_ASK_CACHE), "block",
                             transport_json(COBENCH_ASK_BLOCK));
    for (const struct runtime_fact *fact = runtime.facts(); json && fact->key; fact++)
        json_object_set_new(json, fact->key, text_json(fact->value ? fact->value : fact->read()));
    return json;
}

/* "a|b|c" as an array; null for NULL. */
static json_t *choices_json(const char *choices)
{
    if (!choices)
        return json_null();
    json_t *array = json_array();
    for (;;) {
        const size_t span = strcspn(choices, "|");
        json_array_append_new(array, json_stringn(choices, span));
        if (choices[span] == '\0')
            return array;
        choices += span + 1;
    }
}

/* A model that cannot run here is listed, so that whoever names it is told why. */
static json_t *model_json(const struct model *model)
{
    struct cobench_error unsaid;
    const bool extra = model->extra || model_check(model, &unsaid) != 0;
    return json_pack("{s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:o}", "name", model->name, "about", model->about,
                     "processes", model->uses_processes, "loop", model->uses_loop, "baseline", model->one_at_a_time,
                     "extra", extra, "remote", model->remote, "services",
                     model->services ? choices_json(model->services) : json_array());
}

static json_t *models_json(void)
{
    json_t *array = json_array();
    for (size_t i = 0; array && models[i]; i++)
        if (model_is_here(models[i]))
            json_array_append_new(array, model_json(models[i]));
    return array;
}

static json_t *servers_json(void)
{
    json_t *array = json_array();
    for (const struct server *server = servers; array && server->name; server++)
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s, s:b, s:i}", "name", server->name, "about", server->about,
                                        "workers", server->workers, "holds", server->holds, "fds", 1));
    return array;
}

static json_t *number_json(const struct knob *knob, double number)
{
    return knob->choices ? json_null() : knob->kind == KNOB_INT ? json_integer((json_int_t)number) : json_real(number);
}

/* Those of a knob's models that this runtime has. */
static json_t *knob_models_json(const struct knob *knob)
{
    json_t *array = json_array();
    for (size_t i = 0; array && models[i]; i++)
        if (model_is_here(models[i]) && knob_touches(knob, models[i]->name))
            json_array_append_new(array, json_string(models[i]->name));
    return array;
}

/* What each choice that needs services needs. */
static json_t *knob_services_json(const struct knob *knob)
{
    json_t *object = json_object(), *names = choices_json(knob->services), *name;
    size_t i;
    json_array_foreach(names, i, name) json_object_set_new(object, json_string_value(name), json_pack("[O]", name));
    json_decref(names);
    return object;
}

/* What a task has to ask for where a choice is for one ask. */
static json_t *knob_choice_asks_json(const struct knob *knob)
{
    json_t *object = json_object(), *asks = choices_json(knob->choice_asks), *names = choices_json(knob->choices), *ask;
    size_t i;
    json_array_foreach(asks, i, ask)
    {
        if (json_string_length(ask) > 0)
            json_object_set(object, json_string_value(json_array_get(names, i)), ask);
    }
    json_decref(names);
    json_decref(asks);
    return object;
}

static json_t *knobs_json(void)
{
    static const char *const types[] = {
        [KNOB_CHOICE] = "choice", [KNOB_SWITCH] = "choice", [KNOB_INT] = "int", [KNOB_REAL] = "real"};
    json_t *array = json_array();
    const struct knob *knob;
    for (size_t i = 0; array && (knob = knobs_row(i)) != NULL; i++)
        json_array_append_new(
            array, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "name", knob->name, "type",
                             types[knob->kind], "default", knob->fallback, "min", number_json(knob, knob->min), "max",
                             number_json(knob, knob->max), "choices", choices_json(knob->choices), "models",
                             knob_models_json(knob), "asks", choices_json(knob->asks), "choice_asks",
                             knob_choice_asks_json(knob), "services", knob_services_json(knob), "about", knob->about));
    return array;
}

static json_t *param_json(const struct cobench_param *param)
{
    const bool is_int = param->type == COBENCH_PARAM_INT;
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "key", text_json(param->key), "type",
                     contract_param_type_name(param->type), "default", text_json(param->fallback), "min",
                     is_int ? json_integer(param->min) : json_null(), "max",
                     is_int ? json_integer(param->max) : json_null(), "choices",
                     choices_json(param->type == COBENCH_PARAM_CHOICE ? param->choices : NULL), "about",
                     text_json(param->about));
}

static json_t *probe_json(const struct probe *probe)
{
    if (probe->error[0])
        return json_pack("{s:o}", "error", text_json(probe->error));
    return probe->known
               ? json_pack("{s:I, s:I}", "wall_ns", (json_int_t)probe->wall_ns, "cpu_ns", (json_int_t)probe->cpu_ns)
               : json_null();
}

static json_t *task_json(const struct cobench_task *task)
{
    json_t *params = json_array();
    for (const struct cobench_param *param = task->params; param && param->key; param++)
        json_array_append_new(params, param_json(param));
    const struct contract_ask *asks = contract_ask(task->asks);
    return json_pack("{s:o, s:o, s:s, s:s, s:o, s:I, s:b, s:o}", "name", text_json(task->name), "about",
                     text_json(task->about), "kind", contract_kind_name(task->kind), "asks", asks->name, "services",
                     asks->service ? choices_json(asks->service) : json_array(), "jobs", (json_int_t)task->default_jobs,
                     "splits", task->splits, "params", params);
}

char *list_json(const struct tasks *tasks, const struct probe *probe)
{
    json_t *good = json_array(), *errors = json_array();
    for (size_t i = 0; i < tasks->count; i++) {
        if (tasks->entries[i].task && probe && probe->reason[0])
            json_array_append_new(errors, text_json(probe->reason));
        else if (tasks->entries[i].task)
            json_array_append_new(good, task_json(tasks->entries[i].task));
        else
            json_array_append_new(errors, text_json(tasks->entries[i].reason));
    }
    if (probe && json_array_size(good) > 0)
        json_object_set_new(json_array_get(good, 0), "probe", probe_json(probe));
    json_t *json = json_pack("{s:i, s:s, s:s, s:[s], s:o, s:o, s:o, s:o, s:o, s:o}", "list", 1, "host", "c", "version",
                             COBENCH_VERSION, "runtimes", runtime.name, "build", build_json(), "models", models_json(),
                             "servers", servers_json(), "knobs", knobs_json(), "tasks", good, "errors", errors);
    if (!json)
        return NULL;
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(json);
    return text;
}

char *list_table(const struct tasks *tasks)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fprintf(out, "models:\n");
    for (size_t i = 0; models[i]; i++)
        if (model_is_here(models[i]))
            fprintf(out, "  %-13s %s\n", models[i]->name, models[i]->about);
    fprintf(out, "servers:\n");
    for (const struct server *server = servers; server->name; server++)
        fprintf(out, "  %-13s %s\n", server->name, server->about);
    fprintf(out, "knobs:\n");
    const struct knob *knob;
    for (size_t i = 0; (knob = knobs_row(i)) != NULL; i++)
        fprintf(out, "  %-13s %s (default %s)\n", knob->name, knob->about, knob->fallback);
    fprintf(out, "tasks:\n");
    for (size_t i = 0; i < tasks->count; i++) {
        const struct cobench_task *task = tasks->entries[i].task;
        if (!task)
            continue;
        fprintf(out, "  %-13s %s\n", task->name, task->about);
        for (const struct cobench_param *param = task->params; param && param->key; param++)
            fprintf(out, "    --set %s=%s  %s\n", param->key, param->fallback ? param->fallback : "...", param->about);
    }
    for (size_t i = 0; i < tasks->count; i++)
        if (tasks->entries[i].reason)
            fprintf(out, "%s\n", tasks->entries[i].reason);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
