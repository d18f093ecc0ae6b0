/* SPDX-License-Identifier: MIT */
/*
 * Where tasks come from: shared objects, which the runtime (runtime.h) may turn into something else. Main thread only.
 */
#ifndef HOST_TASKS_H
#define HOST_TASKS_H

#include <stddef.h>

#include "cobench/task.h"

/* Which tasks, and what belongs to a function (function.h) besides. NULL: not given. */
struct tasks_choice {
    const char *name;           /* a name in the folder, with a '/' in it the path of a file, or a function */
    const char *folder;         /* NULL: the built-in tasks */
    const char *path;           /* of folders, where a Python module is looked for first */
    const char *inputs;         /* a file of them */
    const char *const *command; /* the words of one (function.h), in the place of a name; NULL behind them */
    const char *directory;      /* where it runs; NULL: here */
};

struct tasks_entry {
    const struct cobench_task *task; /* checked against the contract; NULL where it did not load */
    char *reason;                    /* why not, one line; else NULL */
    void *handle, *made;             /* the plug-in, and what the runtime made of it */
};

struct tasks {
    struct tasks_entry *entries; /* by name */
    size_t count;
};

/* Loads the task chosen, or without a name every task of the folder; those that do not load are listed with the reason.
 * 0 or a negative errno where the folder cannot be read. */
int tasks_open(const struct tasks_choice *choice, struct tasks *out, struct cobench_error *err);
void tasks_close(struct tasks *tasks);

int tasks_load(const struct tasks_choice *choice, struct tasks_entry *out, struct cobench_error *err);
void tasks_unload(struct tasks_entry *entry);

#endif
