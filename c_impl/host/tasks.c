/* SPDX-License-Identifier: MIT */
/* Tasks as plug-ins: shared objects NAME.so, the built-in ones loaded in the same way as any user's. */
#define _GNU_SOURCE /* asprintf */
#include "host/tasks.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/contract.h"
#include "host/error.h"
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

/* Tells a file that is missing or of another sort from a shared object that does not load. */
static int file_check(const char *path, struct cobench_error *err)
{
    static const char elf[] = {'\177', 'E', 'L', 'F'};
    char magic[sizeof elf] = "";
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_fill(err, -errno, "task file '%s' cannot be read: %s", path, strerror(errno));
    const ssize_t n = read(fd, magic, sizeof magic);
    close(fd);
    if (n != (ssize_t)sizeof magic || memcmp(magic, elf, sizeof elf) != 0)
        return error_fill(err, -ENOEXEC, "task file '%s' is no shared object", path);
    return 0;
}

static int file_load(const char *path, bool builtin, struct tasks_entry *out, struct cobench_error *err)
{
    struct cobench_error why;
    int rc = file_check(path, err);
    if (rc)
        return rc;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return error_fill(err, -ENOEXEC, "task file '%s' does not load: %s", path, dlerror());
    const struct cobench_task *task = dlsym(handle, COBENCH_TASK_SYMBOL);
    if (!task) {
        rc = error_fill(err, -ENOEXEC, "task file '%s' has no symbol '%s'", path, COBENCH_TASK_SYMBOL);
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

int tasks_open(const char *folder, struct tasks *out, struct cobench_error *err)
{
    struct place place = {0};
    char **names = NULL;
    size_t count = 0;

    *out = (struct tasks){0};
    int rc = place_find(folder, &place, err);
    if (rc == 0)
        rc = names_read(place.path, &names, &count, err);
    if (rc)
        goto out;
    out->entries = calloc(count ? count : 1, sizeof *out->entries);
    if (!out->entries) {
        rc = error_fill(err, -ENOMEM, "out of memory");
        goto out;
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct cobench_error why;
        struct tasks_entry *entry = &out->entries[out->count++];
        if (named_load(&place, names[i], entry, &why) == 0)
            continue;
        *entry = (struct tasks_entry){.reason = strdup(why.message)};
        if (!entry->reason)
            rc = error_fill(err, -ENOMEM, "out of memory");
    }
    if (rc)
        tasks_close(out);
out:
    names_free(names, count);
    free(place.path);
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

int tasks_load(const char *name, const char *folder, struct tasks_entry *out, struct cobench_error *err)
{
    struct place place = {0};
    char **names = NULL;
    size_t count = 0;
    bool known = false;

    *out = (struct tasks_entry){0};
    if (strchr(name, '/'))
        return file_load(name, false, out, err);
    int rc = place_find(folder, &place, err);
    if (rc == 0)
        rc = names_read(place.path, &names, &count, err);
    if (rc)
        goto out;
    for (size_t i = 0; i < count; i++)
        known = known || strcmp(names[i], name) == 0;
    rc = known ? named_load(&place, name, out, err) : unknown_explain(name, names, count, err);
out:
    names_free(names, count);
    free(place.path);
    return rc;
}

void tasks_unload(struct tasks_entry *entry)
{
    runtime.release(entry->made);
    if (entry->handle)
        dlclose(entry->handle);
    free(entry->reason);
    *entry = (struct tasks_entry){0};
}
