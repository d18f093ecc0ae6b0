/* SPDX-License-Identifier: MIT */
/* Programs' checksums. */
#define _DEFAULT_SOURCE /* fts */
#include "bench/machine/checksums.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK (64u << 10)

/* What is looked at: files, and folders with all below them. Some may be missing: an older build has fewer. */
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

static int file_sum(const char *path, unsigned char *block, char **out)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 ? -errno : 0;
    uLong crc = crc32(0, Z_NULL, 0);
    long long size = 0;
    while (rc == 0) {
        const ssize_t got = read(fd, block, BLOCK);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            rc = -errno;
        if (got > 0) {
            crc = crc32(crc, block, (uInt)got);
            size += got;
        }
    }
    if (fd >= 0)
        close(fd); /* it was only read */
    if (rc == 0 && (*out = text_format("%lld bytes, CRC-32 %08lx", size, (unsigned long)crc)) == NULL)
        rc = -ENOMEM;
    return rc;
}

static int add_file(json_t *sums, const char *name, const char *path, unsigned char *block)
{
    char *sum = NULL;
    int rc = file_sum(path, block, &sum);
    if (rc == 0 && json_object_set_new(sums, name, json_string(sum)) != 0)
        rc = -EINVAL; /* a name that is no UTF-8 */
    free(sum);
    return rc;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = end == NULL ? 0 : strlen(end);
    return length >= tail && strcmp(text + length - tail, end == NULL ? "" : end) == 0;
}

static int by_name(const FTSENT **a, const FTSENT **b) { return strcmp((*a)->fts_name, (*b)->fts_name); }

static int add_tree(json_t *sums, const char *name, char *path, const char *ends, unsigned char *block)
{
    char *paths[] = {path, NULL};
    FTS *tree = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    int rc = tree == NULL ? -errno : 0;
    const size_t root = strlen(path);
    for (FTSENT *entry; rc == 0 && (entry = fts_read(tree)) != NULL;) {
        if (entry->fts_info != FTS_F || !ends_with(entry->fts_name, ends))
            continue;
        char *full = text_format("%s%s", name, entry->fts_path + root);
        rc = full == NULL ? -ENOMEM : add_file(sums, full, entry->fts_path, block);
        free(full);
    }
    if (tree != NULL)
        fts_close(tree); /* it was only read */
    return rc;
}

/* The path a row stands for, to be freed; *out stays NULL where there is none. */
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

static int add_part(json_t *sums, size_t i, const struct paths *paths, const char *tasks_dir, unsigned char *block)
{
    char *path = NULL;
    struct stat st;
    int rc = part_path(parts[i].path, paths, tasks_dir, &path);
    if (rc == 0 && path != NULL && stat(path, &st) == 0)
        rc = S_ISDIR(st.st_mode) ? add_tree(sums, parts[i].name, path, parts[i].ends, block)
                                 : add_file(sums, parts[i].name, path, block);
    free(path);
    return rc;
}

/* The interpreter by its path too: two of the same bytes can stand for two installations. */
static int add_interpreter(json_t *sums, const struct paths *paths, unsigned char *block)
{
    char *sum = NULL, *text = NULL;
    if (paths->python == NULL)
        return 0;
    int rc = file_sum(paths->python, block, &sum);
    if (rc == 0 && (text = text_format("%s, %s", paths->python, sum)) == NULL)
        rc = -ENOMEM;
    if (rc == 0 && json_object_set_new(sums, "interpreter", json_string(text)) != 0)
        rc = -EINVAL;
    free(text);
    free(sum);
    return rc;
}

int checksums_make(const struct paths *paths, const char *tasks_dir, json_t **out, struct error *err)
{
    json_t *sums = json_object();
    unsigned char *block = malloc(BLOCK);
    int rc = sums == NULL || block == NULL ? -ENOMEM : 0;
    for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof *parts; i++)
        rc = add_part(sums, i, paths, tasks_dir, block);
    if (rc == 0)
        rc = add_interpreter(sums, paths, block);
    free(block);
    if (rc == 0) {
        *out = sums;
        return 0;
    }
    json_decref(sums);
    return error_set(err, rc, "the programs' checksums cannot be made: %s", strerror(-rc));
}
