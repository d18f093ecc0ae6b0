/* SPDX-License-Identifier: MIT */
/* Who descends from whom, read from /proc/PID/stat: the one place that every kernel has (task/TID/children needs a
 * build option, and a process with many threads has as many of those files). */
#include "bench/process/proctree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/process/proc_text.h"
#include "bench/util/alloc.h"
#include "common/clock.h"
#include "common/procfs.h"

#define DEPTH_MAX 1000 /* a chain of parents longer than this is a snapshot that bit its own tail */
/* A tree in which one process after another ends is added up so often; then the least sum counts. */
#define ATTEMPTS 4

/* "PID (NAME) STATE PARENT ..."; user and system time are the 14th and 15th field. */
int proctree_parse_stat(const char *text, struct proctree_entry *out)
{
    const char *name = strchr(text, '('), *after_name = strrchr(text, ')');
    long long user, system;
    int pid = 0, parent = 0;
    char state = '\0';
    if (name == NULL || after_name == NULL || after_name < name || sscanf(text, "%d", &pid) != 1 ||
        sscanf(after_name + 1, " %c %d", &state, &parent) != 2)
        return -EINVAL;
    *out = (struct proctree_entry){.pid = pid, .parent = parent, .state = state, .ticks = -1};
    if (sscanf(after_name + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld %lld", &user, &system) == 2 &&
        user >= 0 && system >= 0 && user < INT64_MAX / 2 && system < INT64_MAX / 2)
        out->ticks = user + system;
    const size_t length = (size_t)(after_name - name - 1);
    for (size_t i = 0; i < length && i + 1 < sizeof out->name; i++)
        out->name[i] = isprint((unsigned char)name[1 + i]) ? name[1 + i] : '?';
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
    if (tree->count == tree->size) {
        const size_t size = tree->size == 0 ? 256 : 2 * tree->size;
        struct proctree_entry *more = realloc(tree->entries, size * sizeof *more);
        if (more == NULL)
            return -ENOMEM;
        tree->entries = more;
        tree->size = size;
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

static int compare_ticks(const void *a, const void *b)
{
    const int64_t x = ((const struct proctree_entry *)a)->ticks, y = ((const struct proctree_entry *)b)->ticks;
    return (x < y) - (x > y);
}

void proctree_busiest(const struct proctree *before, struct proctree *after)
{
    size_t count = 0;
    for (size_t i = 0; i < after->count; i++) {
        struct proctree_entry now = after->entries[i];
        const struct proctree_entry *was = tree_find(before, now.pid);
        now.ticks -= was == NULL || was->ticks > now.ticks ? 0 : was->ticks;
        if (now.ticks > 0 && now.pid != getpid())
            after->entries[count++] = now;
    }
    after->count = count;
    if (count > 0)
        qsort(after->entries, count, sizeof *after->entries, compare_ticks);
}

void proctree_free(struct proctree *tree)
{
    free(tree->entries);
    *tree = (struct proctree){.entries = NULL};
}

/* -- its memory, from /proc/PID/smaps_rollup --------------------------------------------------------------------------- */

/* A file of a process, to be freed; NULL: it has ended, or is another user's. */
static char *process_file(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return procfs_read("", path);
}

static int64_t read_pss(pid_t pid)
{
    char *text = process_file(pid, "smaps_rollup");
    const int64_t bytes = text == NULL ? -1 : proc_bytes(text, "Pss");
    free(text);
    return bytes;
}

/* Whether the process still has its memory. It gives it up at the very beginning of its end: from then on /proc says 0. */
static bool has_memory(pid_t pid)
{
    char *text = process_file(pid, "statm");
    const bool has = text != NULL && *text != '\0' && *text != '0';
    free(text);
    return has;
}

static bool counts(const struct proctree *tree, size_t i, pid_t root)
{
    return tree->entries[i].state != 'Z' && proctree_below(tree, tree->entries[i].pid, root);
}

/* Adds up the tree. *torn: one that was added up ended meanwhile, so that the part of the others in what they shared grew. */
static int64_t add_up(const struct proctree *tree, pid_t root, bool *torn)
{
    int64_t sum = -1;
    *torn = false;
    for (size_t i = 0; i < tree->count; i++) {
        const int64_t bytes = counts(tree, i, root) ? read_pss(tree->entries[i].pid) : -1;
        if (bytes >= 0)
            sum = (sum < 0 ? 0 : sum) + bytes;
    }
    for (size_t i = 0; i < tree->count && !*torn; i++)
        *torn = counts(tree, i, root) && !has_memory(tree->entries[i].pid);
    return sum;
}

int64_t memory_sample(struct memory *memory, pid_t root)
{
    int64_t least = -1;
    bool torn = true;
    for (int attempt = 0; torn && attempt < ATTEMPTS; attempt++) {
        const int64_t begun_ns = clock_now_ns();
        if (proctree_read(&memory->tree) != 0)
            break;
        const int64_t sum = add_up(&memory->tree, root, &torn);
        if (sum < 0)
            continue;
        memory->samples = array_grow(memory->samples, memory->count, sizeof *memory->samples);
        memory->samples[memory->count++] = (struct memory_span){begun_ns, clock_now_ns()};
        if (least < 0 || !torn || sum < least)
            least = sum;
    }
    if (least > memory->peak)
        memory->peak = least;
    return least;
}

size_t memory_samples_within(const struct memory *memory, int64_t from_ns, int64_t to_ns)
{
    size_t count = 0;
    for (size_t i = 0; i < memory->count; i++)
        count += memory->samples[i].begun_ns >= from_ns && memory->samples[i].ended_ns <= to_ns;
    return count;
}

void memory_free(struct memory *memory)
{
    proctree_free(&memory->tree);
    free(memory->samples);
    memory->samples = NULL;
    memory->count = 0;
}
