/* SPDX-License-Identifier: MIT */
/*
 * The runtime `embed`: every plug-in is replaced by its Python twin. The two share one table of parameters, which the
 * driver checks, so the plug-in's table serves and no interpreter has to start before a task is opened.
 */
#define _GNU_SOURCE /* asprintf */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/embed.h"
#include "host/error.h"
#include "host/home.h"
#include "host/runtime.h"

struct twin {
    struct cobench_task task;
    struct embed_source source;
    char *name, *root; /* what `source` borrows */
};

static void twin_free(void *made)
{
    struct twin *twin = made;
    if (!twin)
        return;
    free(twin->name);
    free(twin->root);
    free(twin);
}

/* The folder that holds py_impl/: COBENCH_ROOT, or the nearest one above the build. */
static int root_find(char **out, struct cobench_error *err)
{
    const char *given = getenv("COBENCH_ROOT");
    char *up = NULL, *probe = NULL;
    int rc = given ? 0 : home_path("..", &up, err);
    if (rc)
        return rc;
    if (given)
        up = strdup(given);
    for (int level = 0; up && level < 5; level++) {
        char *higher = NULL;
        if (asprintf(&probe, "%s/py_impl/contract.py", up) < 0)
            break;
        const bool here = access(probe, R_OK) == 0;
        free(probe);
        if (here) {
            *out = realpath(up, NULL);
            free(up);
            return *out ? 0 : error_fill(err, -errno, "no memory");
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
        return *out ? 0 : error_fill(err, -ENOMEM, "no memory");
    }
    const size_t length = strlen(path),
                 stem = length > 3 && strcmp(path + length - 3, ".so") == 0 ? length - 3 : length;
    if (asprintf(out, "%.*s.py", (int)stem, path) < 0) {
        *out = NULL;
        return error_fill(err, -ENOMEM, "no memory");
    }
    if (access(*out, R_OK) == 0)
        return 0;
    return error_fill(err, -ENOENT, "task '%s' has no Python twin '%.200s'", name, *out);
}

static const struct cobench_task *twin_adapt(const struct cobench_task *plugin, const char *path, void **made,
                                             struct cobench_error *err)
{
    struct twin *twin = calloc(1, sizeof *twin);
    if (!twin) {
        error_fill(err, -ENOMEM, "no memory");
        return NULL;
    }
    if (root_find(&twin->root, err) != 0 || name_find(plugin->name, path, &twin->name, err) != 0) {
        twin_free(twin);
        return NULL;
    }
    twin->source = (struct embed_source){.name = twin->name, .root = twin->root};
    twin->task = embed_task(plugin, &twin->source);
    *made = twin;
    return &twin->task;
}

const struct runtime runtime = {
    .name = "embed",
    .adapt = twin_adapt,
    .release = twin_free,
    .python = embed_python,
    .facts = embed_facts,
};
