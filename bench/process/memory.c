/* SPDX-License-Identifier: MIT */
/* Peak memory of a process tree, from /proc/PID/smaps_rollup. */
#include "bench/process/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/util/alloc.h"
#include "bench/process/proc_text.h"
#include "common/clock.h"
#include "common/procfs.h"

/* A tree in which one process after another ends is added up so often; then the least sum counts. */
#define ATTEMPTS 4

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
