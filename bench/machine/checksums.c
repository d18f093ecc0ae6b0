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

#include "bench/util/files.h"
#include "bench/util/text.h"

#define FILE_MAX (1u << 30)

/* What is summed: files, and folders with all below them. Some may be missing: an older build has fewer. */
static const struct {
    const char *name; /* how it is called in machine.json */
    const char *path; /* "{build}", "{root}" or "{tasks}" and what follows */
    const char *ends; /* of a folder only the files whose names end so; NULL: all */
} parts[] = {
    {"build/cobench", "{build}/cobench", NULL},
    {"build/cobench-host", "{build}/cobench-host", NULL},
    {"build/cobench-host-embed", "{build}/cobench-host-embed", NULL},
    {"build/cobench-origin", "{build}/cobench-origin", NULL},
    {"build/tasks", "{build}/tasks", ".so"},
    {"build/transport", "{build}/transport", ".so"},
    {"build/native", "{build}/native", ".so"},
    {"build/data", "{build}/data", NULL},
    {"py_impl", "{root}/py_impl", ".py"},
    {"tasks", "{tasks}", ".so"},
    {"tasks", "{tasks}", ".py"},
};

static int file_sum(const char *path, char **out)
{
    char *bytes = NULL;
    size_t length = 0;
    int rc = file_read(path, FILE_MAX, &bytes, &length);
    if (rc == 0 && (*out = text_format("%zu bytes, CRC-32 %08lx", length,
                                       (unsigned long)crc32_z(0, (const unsigned char *)bytes, length))) == NULL)
        rc = -ENOMEM;
    free(bytes);
    return rc;
}

static int add_text(json_t *sums, const char *name, const char *text)
{
    if (name == NULL || text == NULL)
        return -ENOMEM;
    return json_object_set_new(sums, name, json_string(text)) == 0 ? 0 : -EINVAL; /* a name that is no UTF-8 */
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = end == NULL ? 0 : strlen(end);
    return length >= tail && strcmp(text + length - tail, end == NULL ? "" : end) == 0;
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
        if (entry->fts_info != FTS_F || !ends_with(entry->fts_name, ends))
            continue;
        char *full = text_format("%s%s", name, entry->fts_path + root), *sum = NULL;
        rc = file_sum(entry->fts_path, &sum);
        if (rc == 0)
            rc = add_text(sums, full, sum);
        free(sum);
        free(full);
    }
    if (tree != NULL)
        fts_close(tree); /* it was only read */
    return rc;
}

/* A row's path, to be freed; *out stays NULL where there is none. */
static int part_path(const char *pattern, const struct paths *paths, const char *tasks_dir, char **out)
{
    const struct {
        const char *word, *value;
    } words[] = {{"{build}", paths->build}, {"{root}", paths->root}, {"{tasks}", tasks_dir}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t length = strlen(words[i].word);
        if (strncmp(pattern, words[i].word, length) != 0 || words[i].value == NULL)
            continue;
        *out = text_format("%s%s", words[i].value, pattern + length);
        return *out == NULL ? -ENOMEM : 0;
    }
    return 0;
}

/* The interpreter by its path too: two of the same bytes can stand for two installations. */
static int add_interpreter(json_t *sums, const struct paths *paths)
{
    char *sum = NULL;
    if (paths->python == NULL)
        return 0;
    int rc = file_sum(paths->python, &sum);
    char *text = rc == 0 ? text_format("%s, %s", paths->python, sum) : NULL;
    if (rc == 0)
        rc = add_text(sums, "interpreter", text);
    free(text);
    free(sum);
    return rc;
}

int checksums_make(const struct paths *paths, const char *tasks_dir, json_t **out, struct error *err)
{
    json_t *sums = json_object();
    int rc = sums == NULL ? -ENOMEM : 0;
    for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof *parts; i++) {
        char *path = NULL;
        rc = part_path(parts[i].path, paths, tasks_dir, &path);
        if (path != NULL)
            rc = add_tree(sums, parts[i].name, path, parts[i].ends);
        free(path);
    }
    if (rc == 0)
        rc = add_interpreter(sums, paths);
    if (rc == 0) {
        *out = sums;
        return 0;
    }
    json_decref(sums);
    return error_set(err, rc, "the programs' checksums cannot be made: %s", strerror(-rc));
}
