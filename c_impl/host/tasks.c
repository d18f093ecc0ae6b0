/* SPDX-License-Identifier: MIT */
/* Tasks as plug-ins: shared objects NAME.so, the built-in ones loaded in the same way as any user's. */
#define _GNU_SOURCE /* asprintf */
#include "host/tasks.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/contract.h"
#include "host/error.h"
#include "host/function.h"
#include "host/home.h"
#include "host/runtime.h"

#define TASK_SUFFIX ".so"

static int entry_compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* Adds the task's name that a file stands for; files that are no task's are passed over. */
static int names_add(char ***names, size_t *count, const char *file)
{
    const size_t length = strlen(file);
    if (file[0] == '.' || length < sizeof TASK_SUFFIX || strcmp(file + length - strlen(TASK_SUFFIX), TASK_SUFFIX) != 0)
        return 0;
    char **more = realloc(*names, (*count + 1) * sizeof *more);
    if (!more)
        return -ENOMEM;
    *names = more;
    more[*count] = strndup(file, length - strlen(TASK_SUFFIX));
    if (!more[*count])
        return -ENOMEM;
    ++*count;
    return 0;
}

/* The names of the tasks in a folder, sorted, from the names of its files alone. */
static int names_read(const char *folder, char ***out, size_t *count, struct cobench_error *err)
{
    char **names = NULL;
    const struct dirent *file;
    int rc = 0;
    DIR *dir = opendir(folder);

    *count = 0;
    if (!dir)
        return error_fill(err, -errno, "--tasks: cannot read '%s': %s", folder, strerror(errno));
    errno = 0;
    while (rc == 0 && (file = readdir(dir)))
        rc = names_add(&names, count, file->d_name);
    if (rc == 0)
        rc = -errno;
    closedir(dir);
    if (rc) {
        names_free(names, *count);
        return error_fill(err, rc, "--tasks: cannot read '%s': %s", folder, strerror(-rc));
    }
    if (*count > 0)
        qsort(names, *count, sizeof *names, entry_compare);
    *out = names;
    return 0;
}

static int file_load(const char *path, bool builtin, struct tasks_entry *out, struct cobench_error *err)
{
    struct cobench_error why;
    void *handle = NULL;
    int rc = library_open(path, &handle, err);
    if (rc)
        return rc;
    const struct cobench_task *task = dlsym(handle, COBENCH_TASK_SYMBOL);
    if (!task) {
        rc = error_fill(err, -ENOEXEC,
                        "task file '%.200s' has no symbol '%s'; to run a function of it, name it: FILE:SYMBOL", path,
                        COBENCH_TASK_SYMBOL);
    } else if (contract_check(task, &why)) {
        rc = error_fill(err, -ENOEXEC, "task file '%.150s' %.150s", path, why.message);
    } else {
        *out = (struct tasks_entry){.handle = handle};
        out->task = runtime.adapt(task, builtin ? NULL : path, &out->made, err);
        if (out->task)
            return 0;
        *out = (struct tasks_entry){0};
        rc = -ENOEXEC;
    }
    dlclose(handle);
    return rc;
}

/* A folder of tasks. */
struct place {
    bool builtin;
    char *path;
};

/* A file in a folder goes by its name, so that name has to be the task's own. */
static int named_load(const struct place *place, const char *name, struct tasks_entry *out, struct cobench_error *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s" TASK_SUFFIX, place->path, name) < 0)
        return error_fill(err, -ENOMEM, "out of memory");
    int rc = file_load(path, place->builtin, out, err);
    if (rc == 0 && strcmp(out->task->name, name) != 0) {
        rc = error_fill(err, -ENOEXEC, "task file '%.200s' calls its task '%.60s'", path, out->task->name);
        tasks_unload(out);
    }
    free(path);
    return rc;
}

/* The folder to look in; place->path is to be freed. */
static int place_find(const char *folder, struct place *place, struct cobench_error *err)
{
    place->builtin = !folder;
    if (!folder)
        return home_path("tasks", &place->path, err);
    place->path = strdup(folder);
    return place->path ? 0 : error_fill(err, -ENOMEM, "out of memory");
}

/* Adds a task, or why it does not load. */
static int entry_settle(struct tasks_entry *entry, int rc, const struct cobench_error *why, struct cobench_error *err)
{
    if (rc == 0)
        return 0;
    *entry = (struct tasks_entry){.reason = strdup(why->message)};
    return entry->reason ? 0 : error_fill(err, -ENOMEM, "out of memory");
}

/* The tasks of a folder, all of them. */
static int folder_load(const char *folder, struct tasks *out, struct cobench_error *err)
{
    struct place place = {0};
    struct cobench_error why;
    char **names = NULL;
    size_t count = 0;

    int rc = place_find(folder, &place, err);
    if (rc == 0)
        rc = names_read(place.path, &names, &count, err);
    if (rc)
        goto out;
    out->entries = calloc(count ? count : 1, sizeof *out->entries);
    if (!out->entries)
        rc = error_fill(err, -ENOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct tasks_entry *entry = &out->entries[out->count++];
        rc = entry_settle(entry, named_load(&place, names[i], entry, &why), &why, err);
    }
out:
    names_free(names, count);
    free(place.path);
    return rc;
}

int tasks_open(const struct tasks_choice *choice, struct tasks *out, struct cobench_error *err)
{
    struct cobench_error why;
    int rc;

    *out = (struct tasks){0};
    if (!choice->name && !choice->command) {
        rc = folder_load(choice->folder, out, err);
    } else {
        out->entries = calloc(1, sizeof *out->entries);
        out->count = out->entries ? 1 : 0;
        rc = out->entries ? entry_settle(out->entries, tasks_load(choice, out->entries, &why), &why, err)
                          : error_fill(err, -ENOMEM, "out of memory");
    }
    if (rc)
        tasks_close(out);
    return rc;
}

void tasks_close(struct tasks *tasks)
{
    for (size_t i = 0; i < tasks->count; i++)
        tasks_unload(&tasks->entries[i]);
    free(tasks->entries);
    *tasks = (struct tasks){0};
}

static int unknown_explain(const char *name, char **names, size_t count, struct cobench_error *err)
{
    char known[220] = "";
    size_t at = 0;
    for (size_t i = 0; i < count && at < sizeof known; i++)
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "", names[i]);
    return error_fill(err, -ENOENT, "task '%.60s' is unknown (known: %s)", name, count ? known : "none");
}

/* A task of the folder by its name. */
static int known_load(const struct tasks_choice *choice, struct tasks_entry *out, struct cobench_error *err)
{
    struct place place = {0};
    char **names = NULL;
    size_t count = 0;
    bool known = false;

    int rc = place_find(choice->folder, &place, err);
    if (rc == 0)
        rc = names_read(place.path, &names, &count, err);
    if (rc)
        goto out;
    for (size_t i = 0; i < count; i++)
        known = known || strcmp(names[i], choice->name) == 0;
    rc = known ? named_load(&place, choice->name, out, err) : unknown_explain(choice->name, names, count, err);
out:
    names_free(names, count);
    free(place.path);
    return rc;
}

int tasks_load(const struct tasks_choice *choice, struct tasks_entry *out, struct cobench_error *err)
{
    *out = (struct tasks_entry){0};
    if (choice->command || function_is_one(choice->name))
        return runtime.function(choice, out, err);
    if (choice->inputs)
        return error_fill(err, -EINVAL, "--inputs is for functions, and '%.200s' is none", choice->name);
    return strchr(choice->name, '/') ? file_load(choice->name, false, out, err) : known_load(choice, out, err);
}

void tasks_unload(struct tasks_entry *entry)
{
    runtime.release(entry->made);
    if (entry->handle)
        dlclose(entry->handle);
    free(entry->reason);
    *entry = (struct tasks_entry){0};
}
