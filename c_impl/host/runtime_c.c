/* SPDX-License-Identifier: MIT */
/* The runtime `c`: a plug-in runs as it is. */
#include "host/runtime.h"

#include <stddef.h>

#include "host/function.h"
#include "host/tasks.h"

static const struct cobench_task *plain_adapt(const struct cobench_task *plugin, const char *path, void **made,
                                              struct cobench_error *err)
{
    (void)path;
    (void)err;
    *made = NULL;
    return plugin;
}

static int plain_function(const struct tasks_choice *choice, struct tasks_entry *out, struct cobench_error *err)
{
    struct function *function = NULL;
    const struct command_words command = {choice->command, choice->directory, choice->inputs};
    const int rc = choice->command ? command_open(&command, &function, err)
                                   : function_open(choice->name, choice->inputs, &function, err);
    if (rc == 0)
        *out = (struct tasks_entry){.task = function_task(function), .made = function};
    return rc;
}

static void plain_release(void *made) { function_close(made); }

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
    .function = plain_function,
    .release = plain_release,
    .python = plain_python,
    .facts = plain_facts,
};
