/* SPDX-License-Identifier: MIT */
/*
 * The runtime `embed`: every plug-in is replaced by its Python counterpart. The two share one table of parameters, which the
 * driver checks, so the plug-in's table serves and no interpreter has to start before a task is opened.
 */
#define _GNU_SOURCE /* asprintf */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/embed.h"
#include "bridge/isolated.h"
#include "host/error.h"
#include "host/function.h"
#include "host/home.h"
#include "host/knobs.h"
#include "host/runtime.h"
#include "host/tasks.h"

struct counterpart {
    struct cobench_task task;
    struct embed_source source;
    char *name, *root; /* what `source` borrows */
};

static void counterpart_free(void *made)
{
    struct counterpart *counterpart = made;
    if (!counterpart)
        return;
    free(counterpart->name);
    free(counterpart->root);
    free(counterpart);
}

/* The folder that holds py_impl/: COBENCH_ROOT, or the nearest one from the build upwards. */
static int root_find(char **out, struct cobench_error *err)
{
    const char *given = getenv("COBENCH_ROOT");
    char *up = NULL, *probe = NULL;
    int rc = given ? 0 : home_path(".", &up, err);
    if (rc)
        return rc;
    if (given)
        up = strdup(given);
    for (int level = 0; up && level < 6; level++) {
        char *higher = NULL;
        if (asprintf(&probe, "%s/py_impl/contract.py", up) < 0)
            break;
        const bool here = access(probe, R_OK) == 0;
        free(probe);
        if (here) {
            *out = realpath(up, NULL);
            free(up);
            return *out ? 0 : error_fill(err, -errno, "out of memory");
        }
        if (given || asprintf(&higher, "%s/..", up) < 0)
            break;
        free(up);
        up = higher;
    }
    free(up);
    return error_fill(err, -ENOENT, "py_impl/ is not found above this program; COBENCH_ROOT names its folder");
}

/* A built-in task goes by its name; any other is the .py beside the .so. */
static int name_find(const char *name, const char *path, char **out, struct cobench_error *err)
{
    if (!path) {
        *out = strdup(name);
        return *out ? 0 : error_fill(err, -ENOMEM, "out of memory");
    }
    const size_t length = strlen(path),
                 stem = length > 3 && strcmp(path + length - 3, ".so") == 0 ? length - 3 : length;
    if (asprintf(out, "%.*s.py", (int)stem, path) < 0) {
        *out = NULL;
        return error_fill(err, -ENOMEM, "out of memory");
    }
    if (access(*out, R_OK) == 0)
        return 0;
    return error_fill(err, -ENOENT, "task '%s' has no Python counterpart '%.200s'", name, *out);
}

static void counterpart_settle(void *made, const struct knobs *knobs)
{
    ((struct counterpart *)made)->source.switch_interval_s = knobs->switch_interval_s;
}

static const struct cobench_task *counterpart_adapt(const struct cobench_task *plugin, const char *path, void **made,
                                                    struct cobench_error *err)
{
    struct counterpart *counterpart = calloc(1, sizeof *counterpart);
    if (!counterpart) {
        error_fill(err, -ENOMEM, "out of memory");
        return NULL;
    }
    if (plugin->asks == COBENCH_ASK_COMMAND) {
        counterpart_free(counterpart);
        error_fill(err, -ENOTSUP, "task '%s' asks for a command, which runs in the runtimes c and py", plugin->name);
        return NULL;
    }
    if (root_find(&counterpart->root, err) != 0 || name_find(plugin->name, path, &counterpart->name, err) != 0) {
        counterpart_free(counterpart);
        return NULL;
    }
    counterpart->source = (struct embed_source){.name = counterpart->name, .root = counterpart->root};
    counterpart->task = embed_task(plugin, &counterpart->source);
    *made = counterpart;
    return &counterpart->task;
}

/* A function has no plug-in, and needs none: its table is the same for all. What it is called with, Python reads. */
static int counterpart_function(const struct tasks_choice *choice, struct tasks_entry *out, struct cobench_error *err)
{
    struct inputs inputs = {0};
    if (choice->command)
        return error_fill(err, -EINVAL, "a command runs in the runtimes c and py; embed would start it as c does");
    struct cobench_task table = {.kind = COBENCH_KIND_MIXED, .asks = COBENCH_ASK_NOTHING, .about = choice->name};
    struct counterpart *counterpart = calloc(1, sizeof *counterpart);
    int rc = counterpart ? 0 : error_fill(err, -ENOMEM, "out of memory");
    if (rc == 0 && function_is_in(choice->name, ".so"))
        rc = error_fill(err, -EINVAL, "task '%.200s' is no MODULE:NAME or FILE.py:NAME", choice->name);
    if (rc == 0 && choice->inputs)
        rc = inputs_open(&inputs, choice->inputs, err);
    if (rc == 0)
        rc = root_find(&counterpart->root, err);
    table.name = function_name(choice->name);
    table.default_jobs = inputs_jobs(choice->inputs ? &inputs : NULL);
    inputs_close(&inputs);
    if (rc) {
        counterpart_free(counterpart);
        return rc;
    }
    counterpart->source = (struct embed_source){
        .name = choice->name, .root = counterpart->root, .path = choice->path, .inputs = choice->inputs};
    counterpart->task = embed_task(&table, &counterpart->source);
    *out = (struct tasks_entry){.task = &counterpart->task, .made = counterpart};
    return 0;
}

const struct runtime runtime = {
    .name = "embed",
    .adapt = counterpart_adapt,
    .function = counterpart_function,
    .release = counterpart_free,
    .settle = counterpart_settle,
    .python = embed_python,
    .isolates = isolated_check,
    .facts = embed_facts,
};
