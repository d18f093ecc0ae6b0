/* SPDX-License-Identifier: MIT */
/* Who descends from whom, read from /proc/PID/stat: the one place that every kernel has (task/TID/children needs a
 * build option, and a process with many threads has as many of those files). */
#include "bench/process/proctree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "common/num.h"

#define DEPTH_MAX 1000 /* a chain of parents longer than this is a snapshot that bit its own tail */

int proctree_parse_stat(const char *text, struct proctree_entry *out)
{
    const char *name = strchr(text, '('), *after_name = strrchr(text, ')');
    int pid = 0, parent = 0;
    char state = '\0';
    if (name == NULL || after_name == NULL || after_name < name || sscanf(text, "%d", &pid) != 1 ||
        sscanf(after_name + 1, " %c %d", &state, &parent) != 2)
        return -EINVAL;
    *out = (struct proctree_entry){.pid = pid, .parent = parent, .state = state};
    snprintf(out->name, sizeof out->name, "%.*s", (int)(after_name - name - 1), name + 1);
    return 0;
}

static int entry_read(int proc, const char *name, struct proctree_entry *out)
{
    char path[300], text[512];
    snprintf(path, sizeof path, "%s/stat", name);
    const int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    const ssize_t got = read(fd, text, sizeof text - 1);
    close(fd); /* it was only read */
    if (got <= 0)
        return -ESRCH;
    text[got] = '\0';
    return proctree_parse_stat(text, out);
}

static int tree_add(struct proctree *tree, struct proctree_entry entry)
{
    if (tree->count == tree->room) {
        const size_t room = tree->room == 0 ? 256 : tree->room * 2;
        struct proctree_entry *bigger = realloc(tree->entries, room * sizeof *bigger);
        if (bigger == NULL)
            return -ENOMEM;
        tree->entries = bigger;
        tree->room = room;
    }
    tree->entries[tree->count++] = entry;
    return 0;
}

static int compare_pids(const void *a, const void *b)
{
    const pid_t x = ((const struct proctree_entry *)a)->pid, y = ((const struct proctree_entry *)b)->pid;
    return (x > y) - (x < y);
}

int proctree_read(struct proctree *tree)
{
    tree->count = 0;
    DIR *dir = opendir("/proc");
    if (dir == NULL)
        return -errno;
    int rc = 0;
    for (const struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL;) {
        struct proctree_entry entry;
        if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && entry_read(dirfd(dir), d->d_name, &entry) == 0)
            rc = tree_add(tree, entry);
    }
    closedir(dir);
    if (rc == 0 && tree->count > 1)
        qsort(tree->entries, tree->count, sizeof *tree->entries, compare_pids);
    return rc;
}

/* The numbers in "12 34 56 ". */
static int children_parse(char *text, pid_t *pids, int max)
{
    int count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest)) {
        int64_t pid;
        if (count < max && num_parse_i64(word, 1, INT32_MAX, &pid) == 0)
            pids[count++] = (pid_t)pid;
    }
    return count;
}

/* Whether the kernel tells which children a thread has. */
static bool children_known(int proc)
{
    char path[64];
    snprintf(path, sizeof path, "self/task/%d/children", (int)getpid());
    return faccessat(proc, path, F_OK, 0) == 0;
}

/* Adds the process, if it is there. */
static int tree_add_pid(struct proctree *tree, int proc, pid_t pid)
{
    char name[16];
    struct proctree_entry entry;
    snprintf(name, sizeof name, "%d", (int)pid);
    return entry_read(proc, name, &entry) == 0 ? tree_add(tree, entry) : 0;
}

/* Adds the children that one thread has; none where it has ended. */
static int tree_add_children(struct proctree *tree, int proc, const char *path)
{
    char text[4096]; /* some 500 children; a pool of more is cut short */
    pid_t pids[512];
    const int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    const ssize_t got = read(fd, text, sizeof text - 1);
    close(fd); /* it was only read */
    text[got < 0 ? 0 : got] = '\0';
    const int count = children_parse(text, pids, (int)(sizeof pids / sizeof *pids));
    int rc = 0;
    for (int i = 0; rc == 0 && i < count; i++)
        rc = tree_add_pid(tree, proc, pids[i]);
    return rc;
}

/* Adds what descends directly from a process, by any of its threads. */
static int tree_add_level(struct proctree *tree, int proc, pid_t pid)
{
    char path[300];
    snprintf(path, sizeof path, "%d/task", (int)pid);
    const int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL && fd >= 0)
        close(fd);
    if (dir == NULL)
        return 0; /* it has ended meanwhile */
    int rc = 0;
    for (const struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL;)
        if (d->d_name[0] != '.') {
            snprintf(path, sizeof path, "%d/task/%.20s/children", (int)pid, d->d_name);
            rc = tree_add_children(tree, proc, path);
        }
    closedir(dir);
    return rc;
}

int proctree_read_below(struct proctree *tree, pid_t root)
{
    tree->count = 0;
    const int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return -errno;
    int rc = children_known(proc) ? tree_add_pid(tree, proc, root) : -ENOSYS;
    for (size_t i = 0; rc == 0 && i < tree->count; i++)
        rc = tree_add_level(tree, proc, tree->entries[i].pid);
    close(proc);
    if (rc == -ENOSYS)
        return proctree_read(tree);
    if (rc == 0 && tree->count > 1)
        qsort(tree->entries, tree->count, sizeof *tree->entries, compare_pids);
    return rc;
}

static const struct proctree_entry *tree_find(const struct proctree *tree, pid_t pid)
{
    const struct proctree_entry key = {.pid = pid};
    return tree->count == 0 ? NULL : bsearch(&key, tree->entries, tree->count, sizeof key, compare_pids);
}

bool proctree_below(const struct proctree *tree, pid_t pid, pid_t root)
{
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        if (pid == root)
            return true;
        const struct proctree_entry *entry = tree_find(tree, pid);
        if (entry == NULL || entry->parent <= 0)
            return false;
        pid = entry->parent;
    }
    return false;
}

void proctree_free(struct proctree *tree)
{
    free(tree->entries);
    *tree = (struct proctree){NULL, 0, 0};
}

static int children_scan(pid_t *pids, int max)
{
    struct proctree tree = {NULL, 0, 0};
    int count = proctree_read(&tree);
    for (size_t i = 0; count >= 0 && i < tree.count; i++)
        if (tree.entries[i].parent == getpid() && count < max)
            pids[count++] = tree.entries[i].pid;
    proctree_free(&tree);
    return count;
}

int proctree_own_children(pid_t *pids, int max)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    char *text = NULL;
    size_t length = 0;
    if (file_read(path, 1 << 20, &text, &length) != 0)
        return children_scan(pids, max);
    const int count = children_parse(text, pids, max);
    free(text);
    return count;
}
