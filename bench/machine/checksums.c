/* SPDX-License-Identifier: MIT */
/* Programs' checksums. */
#define _DEFAULT_SOURCE /* fts */
#include "bench/machine/checksums.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

#define FILE_MAX (1u << 30)

/* What is summed: files, and folders with all below them. Some may be missing: an older build has fewer. */
static const struct {
    const char *name; /* how it is called in machine.json */
    enum { BUILD, ROOT, TASKS } in;
    const char *path;
    const char *ends; /* of a folder only the files whose names end so */
} parts[] = {
    {"build/cobench", BUILD, "/cobench", ""},
    {"build/cobench-host", BUILD, "/cobench-host", ""},
    {"build/cobench-host-embed", BUILD, "/cobench-host-embed", ""},
    {"build/cobench-origin", BUILD, "/cobench-origin", ""},
    {"build/tasks", BUILD, "/tasks", ".so"},
    {"build/transport", BUILD, "/transport", ".so"},
    {"build/plugins", BUILD, "/plugins", ".so"},
    {"build/native", BUILD, "/native", ".so"},
    {"build/data", BUILD, "/data", ""},
    {"py_impl", ROOT, "/py_impl", ".py"},
    {"py_impl", ROOT, "/py_impl", ".pyx"},
    {"tasks", TASKS, "", ".so"},
    {"tasks", TASKS, "", ".py"},
};

/* Adds a file's sum, with `before` in front of it. 0 or a negative errno; -EINVAL: a name that is no UTF-8. */
static int add_file(json_t *sums, const char *name, const char *before, const char *path)
{
    char *bytes = NULL;
    size_t length = 0;
    const int rc = file_read(path, FILE_MAX, &bytes, &length);
    if (rc != 0)
        return rc;
    char *sum = text_format("%s%zu bytes, CRC-32 %08lx", before, length,
                            (unsigned long)crc32_z(0, (const unsigned char *)bytes, length));
    const int set = json_object_set_new(sums, name, json_string(sum));
    free(sum);
    free(bytes);
    return set == 0 ? 0 : -EINVAL;
}

static int by_name(const FTSENT **a, const FTSENT **b) { return strcmp((*a)->fts_name, (*b)->fts_name); }

/* A file, or the files below a folder; what is not there adds nothing. */
static int add_tree(json_t *sums, const char *name, char *path, const char *ends)
{
    char *paths[] = {path, NULL};
    FTS *tree = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    int rc = tree == NULL ? -errno : 0;
    const size_t root = strlen(path);
    for (FTSENT *entry; rc == 0 && (entry = fts_read(tree)) != NULL;) {
        if (entry->fts_info != FTS_F || !text_ends_with(entry->fts_name, ends))
            continue;
        char *full = text_format("%s%s", name, entry->fts_path + root);
        rc = add_file(sums, full, "", entry->fts_path);
        free(full);
    }
    if (tree != NULL)
        fts_close(tree); /* it was only read */
    return rc;
}

/* A file of the build is called as those above are, one of which it may be. */
static int add_more(json_t *sums, const char *build, char *path)
{
    const size_t length = strlen(build);
    const bool built = strncmp(path, build, length) == 0 && path[length] == '/';
    char *name = built ? text_format("build%s", path + length) : xstrdup(path);
    const int rc = add_tree(sums, name, path, "");
    free(name);
    return rc;
}

/* The interpreter by its path too: two of the same bytes can stand for two installations. */
static int add_interpreter(json_t *sums, const char *python)
{
    char *before = text_format("%s, ", python);
    const int rc = add_file(sums, "interpreter", before, python);
    free(before);
    return rc;
}

int checksums_make(const struct paths *paths, const char *tasks_dir, const struct string_list *more, json_t **out,
                   struct error *err)
{
    const char *const folders[] = {[BUILD] = paths->build, [ROOT] = paths->root, [TASKS] = tasks_dir};
    json_t *sums = json_object();
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof *parts; i++) {
        if (folders[parts[i].in] == NULL)
            continue;
        char *path = text_format("%s%s", folders[parts[i].in], parts[i].path);
        rc = add_tree(sums, parts[i].name, path, parts[i].ends);
        free(path);
    }
    for (size_t i = 0; rc == 0 && i < more->count; i++)
        rc = add_more(sums, paths->build, more->items[i]);
    if (rc == 0 && paths->python != NULL)
        rc = add_interpreter(sums, paths->python);
    if (rc == 0) {
        *out = sums;
        return 0;
    }
    json_decref(sums);
    return error_set(err, rc, "the programs' checksums cannot be made: %s", strerror(-rc));
}
