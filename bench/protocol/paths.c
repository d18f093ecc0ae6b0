/* SPDX-License-Identifier: MIT */
/* Where the programs and the project's files are. Nothing is compiled in: a build folder can be moved. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "bench/protocol/paths.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

#define PATH_SIZE 4096

/* The path of this program: /proc says it best; where there is none, what it was started as. */
static char *self_path(void)
{
    char path[PATH_SIZE];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length >= 0)
        return xstrndup(path, (size_t)length);
    const char *started = (const char *)(uintptr_t)getauxval(AT_EXECFN);
    return started == NULL ? NULL : realpath(started, NULL);
}

/* The nearest folder from `at` upwards that has py_impl/; NULL: there is none. `climb`: whether those above are asked. */
static char *find_root(const char *at, bool climb)
{
    size_t length = strlen(at);
    do {
        char *probe = text_format("%.*s/py_impl", (int)length, at);
        const bool found = dir_exists(probe);
        free(probe);
        if (found)
            return xstrndup(at, length);
        while (length > 0 && at[--length] != '/')
            ;
    } while (climb && length > 0);
    return NULL;
}

static char *find_python(const char *build)
{
    char *path = text_format("%s/python", build), *text = NULL;
    size_t length = 0;
    if (file_read(path, PATH_SIZE, &text, &length) == 0)
        text[strcspn(text, "\n")] = '\0';
    free(path);
    return text;
}

int paths_find(struct paths *out, struct error *err)
{
    const char *given = getenv("COBENCH_ROOT");
    const bool above = given == NULL || *given == '\0';
    *out = (struct paths){.self = self_path()};
    const char *slash = out->self == NULL ? NULL : strrchr(out->self, '/');
    if (slash == NULL)
        return error_set(err, -ENOENT, "cannot find the folder of this program");
    out->build = xstrndup(out->self, slash == out->self ? 1 : (size_t)(slash - out->self));
    out->root = find_root(above ? out->build : given, above);
    out->python = find_python(out->build);
    int rc = 0;
    if (out->root == NULL)
        rc = error_set(err, -ENOENT, "no py_impl/ in %s%s; COBENCH_ROOT names the project's folder",
                       above ? out->build : given, above ? " or above it" : "");
    else if (!text_is_utf8(out->self, strlen(out->self)) || !text_is_utf8(out->root, strlen(out->root)))
        rc = error_set(err, -EINVAL, "the project's path %s is not UTF-8, which its records are: move it", out->root);
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
    free(paths->venv);
    *paths = (struct paths){.self = NULL};
}

bool paths_installed(const struct paths *paths) { return strcmp(paths->root, paths->build) == 0; }

char *paths_results(const struct paths *paths)
{
    if (!paths_installed(paths))
        return text_format("%s/results", paths->root);
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (access(dir_exists("results") ? "results" : ".", W_OK) == 0)
        return xstrdup("results");
    if (data != NULL && *data == '/')
        return text_format("%s/cobench", data);
    return text_format("%s/.local/share/cobench", home == NULL ? "" : home);
}
