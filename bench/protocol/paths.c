/* SPDX-License-Identifier: MIT */
/* Where the programs and the project's files are. Nothing is compiled in: a build folder can be moved. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "bench/protocol/paths.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "bench/util/files.h"

#define PATH_ROOM 4096

/* The reference of a host is the baseline in the other language: of what embed computes in Python, C's, and so on. */
const struct host_row host_table[] = {
    {.name = "c", .argv = {"{build}/cobench-host"}, .only = "the task is only in c", .reference = "py"},
    {.name = "embed", .argv = {"{build}/cobench-host-embed"}, .only = "the task is only in embed", .reference = "c"},
    {.name = "ext",
     .argv = {"{python}", "-s", "-E", "-m", "py_impl.ext"},
     .only = "the task is only in ext",
     .reference = "py"},
    {.name = "py",
     .argv = {"{python}", "-s", "-E", "-m", "py_impl"},
     .only = "the task is only in py",
     .reference = "c"},
};
const size_t host_count = sizeof host_table / sizeof *host_table;

/* The path of this program: /proc says it best; where there is none, what it was started as. */
static char *self_path(void)
{
    char path[PATH_ROOM];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length >= 0) {
        path[length] = '\0';
        return strdup(path);
    }
    const char *started = (const char *)(uintptr_t)getauxval(AT_EXECFN);
    return started == NULL ? NULL : realpath(started, NULL);
}

static int find_self(struct paths *out, struct error *err)
{
    out->self = self_path();
    char *slash = out->self == NULL ? NULL : strrchr(out->self, '/');
    if (slash == NULL)
        return error_set(err, -ENOENT, "cannot find the folder of this program");
    out->build = strndup(out->self, slash == out->self ? 1 : (size_t)(slash - out->self));
    return out->build == NULL ? -ENOMEM : 0;
}

static int find_root(const char *build, char **out, struct error *err)
{
    const char *given = getenv("COBENCH_ROOT");
    char *at = strdup(given != NULL && *given != '\0' ? given : build);
    int rc = at == NULL ? -ENOMEM : -ENOENT;
    while (rc == -ENOENT) {
        char *probe = text_format("%s/py_impl", at);
        if (probe == NULL)
            rc = -ENOMEM;
        else if (dir_exists(probe))
            rc = text_set(out, at);
        free(probe);
        char *slash = strrchr(at, '/');
        if (rc != -ENOENT || slash == NULL || slash == at || (given != NULL && *given != '\0'))
            break;
        *slash = '\0';
    }
    free(at);
    if (rc == -ENOENT)
        error_set(err, rc, "no py_impl/ in %s%s; COBENCH_ROOT names the project's folder",
                  given != NULL && *given != '\0' ? given : build,
                  given != NULL && *given != '\0' ? "" : " or above it");
    return rc;
}

static int find_python(const char *build, char **out)
{
    char *path = text_format("%s/python", build), *text = NULL;
    size_t length = 0;
    int rc = path == NULL ? -ENOMEM : 0;
    if (rc == 0 && file_read(path, PATH_ROOM, &text, &length) == 0) {
        text[strcspn(text, "\n")] = '\0';
        rc = text_set(out, text);
        free(text);
    }
    free(path);
    return rc;
}

int paths_find(struct paths *out, struct error *err)
{
    *out = (struct paths){.self = NULL};
    int rc = find_self(out, err);
    if (rc == 0)
        rc = find_root(out->build, &out->root, err);
    if (rc == 0)
        rc = find_python(out->build, &out->python);
    if (rc == -ENOMEM)
        error_set(err, rc, "out of memory");
    if (rc != 0)
        paths_free(out);
    return rc;
}

void paths_free(struct paths *paths)
{
    free(paths->self);
    free(paths->build);
    free(paths->root);
    free(paths->python);
    *paths = (struct paths){.self = NULL};
}

static int add_word(const struct paths *paths, const char *word, struct string_list *out)
{
    if (strncmp(word, "{build}", 7) == 0)
        return string_list_addf(out, "%s%s", paths->build, word + 7);
    if (strncmp(word, "{python}", 8) == 0)
        return string_list_addf(out, "%s%s", paths->python, word + 8);
    return string_list_add(out, word);
}

int host_words(const struct host_row *row, const struct paths *paths, struct string_list *out, struct error *err)
{
    if (strncmp(row->argv[0], "{python}", 8) == 0 && paths->python == NULL)
        return error_set(err, -ENOENT, "%s/python: there is no interpreter's path in it (make writes it)",
                         paths->build);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof row->argv / sizeof *row->argv && row->argv[i] != NULL; i++)
        rc = add_word(paths, row->argv[i], out);
    if (rc != 0)
        return error_set(err, rc, "out of memory");
    if (access(out->items[0], X_OK) != 0)
        return error_set(err, -ENOENT, "the %s host's program %s: %s", row->name, out->items[0], strerror(errno));
    return 0;
}

char *host_env(const struct paths *paths) { return text_format("COBENCH_BUILD=%s", paths->build); }
