/* SPDX-License-Identifier: MIT */
/*
 * Where tasks come from: shared objects, which the runtime (runtime.h) may turn into something else. Main thread only.
 */
#ifndef HOST_TASKS_H
#define HOST_TASKS_H

#include <stddef.h>

#include "cobench/task.h"

struct tasks_entry {
    const struct cobench_task *task; /* checked against the contract; NULL where it did not load */
    char *reason;                    /* why not, one line; else NULL */
    void *handle, *made;             /* the plug-in, and what the runtime made of it */
};

struct tasks {
    struct tasks_entry *entries; /* by name */
    size_t count;
};

/* Loads every task of a folder, NULL for the built-in ones; those that do not load are listed with the reason. 0 or a
 * negative errno where the folder cannot be read. */
int tasks_open(const char *folder, struct tasks *out, struct cobench_error *err);
void tasks_close(struct tasks *tasks);

/* Loads one task: by its name in the folder (NULL: the built-in ones), or with a '/' in it by the path of its file. */
int tasks_load(const char *name, const char *folder, struct tasks_entry *out, struct cobench_error *err);
void tasks_unload(struct tasks_entry *entry);

#endif
