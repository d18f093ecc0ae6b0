/* SPDX-License-Identifier: MIT */
/* The runtime `c`: a plug-in runs as it is. */
#include "host/runtime.h"

#include <stddef.h>

static const struct cobench_task *plain_adapt(const struct cobench_task *plugin, const char *path, void **made,
                                              struct cobench_error *err)
{
    (void)path;
    (void)err;
    *made = NULL;
    return plugin;
}

static void plain_release(void *made) { (void)made; }

static void plain_python(void *state, struct runtime_python *out)
{
    (void)state;
    *out = (struct runtime_python){.version = ""};
}

static const struct runtime_fact *plain_facts(void)
{
    static const struct runtime_fact none[] = {{NULL, NULL, NULL}};
    return none;
}

const struct runtime runtime = {
    .name = "c",
    .adapt = plain_adapt,
    .release = plain_release,
    .python = plain_python,
    .facts = plain_facts,
};
