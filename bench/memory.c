/* SPDX-License-Identifier: MIT */
/* Peak memory of a process tree, from /proc/PID/smaps_rollup. */
#include "bench/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/files.h"

int64_t memory_parse_rollup(const char *text)
{
    const char *at = strstr(text, "\nPss:");
    long long kib;
    if (at == NULL || sscanf(at + 5, "%lld", &kib) != 1 || kib < 0 || kib > INT64_MAX / 1024)
        return -1;
    return kib * 1024;
}

static int64_t read_pss(pid_t pid)
{
    char path[64], *text = NULL;
    size_t length;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    if (file_read(path, 65536, &text, &length) != 0)
        return -1; /* it has ended, or is another user's */
    const int64_t bytes = memory_parse_rollup(text);
    free(text);
    return bytes;
}

void memory_look(struct memory *memory, pid_t root)
{
    if (proctree_read(&memory->tree) != 0)
        return;
    int64_t sum = -1;
    for (size_t i = 0; i < memory->tree.count; i++) {
        const pid_t pid = memory->tree.entries[i].pid;
        if (memory->tree.entries[i].state == 'Z' || !proctree_below(&memory->tree, pid, root))
            continue;
        const int64_t bytes = read_pss(pid);
        if (bytes >= 0)
            sum = (sum < 0 ? 0 : sum) + bytes;
    }
    if (sum > memory->peak)
        memory->peak = sum;
}

void memory_free(struct memory *memory)
{
    proctree_free(&memory->tree);
}
