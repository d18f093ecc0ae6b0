/* SPDX-License-Identifier: MIT */
/* Peak memory of a process tree, from /proc/PID/smaps_rollup. */
#include "bench/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/files.h"
#include "common/clock.h"

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

/* Where there is no memory for it, the look is not counted: too few are said to be, never too many. */
static void note_look(struct memory *memory, struct memory_span span)
{
    if (memory->count == memory->room) {
        const size_t room = memory->room == 0 ? 256 : memory->room * 2;
        struct memory_span *bigger = realloc(memory->looks, room * sizeof *bigger);
        if (bigger == NULL)
            return;
        memory->looks = bigger;
        memory->room = room;
    }
    memory->looks[memory->count++] = span;
}

int64_t memory_look(struct memory *memory, pid_t root)
{
    const int64_t begun_ns = clock_now_ns();
    if (proctree_read(&memory->tree) != 0)
        return -1;
    int64_t sum = -1;
    for (size_t i = 0; i < memory->tree.count; i++) {
        const pid_t pid = memory->tree.entries[i].pid;
        if (memory->tree.entries[i].state == 'Z' || !proctree_below(&memory->tree, pid, root))
            continue;
        const int64_t bytes = read_pss(pid);
        if (bytes >= 0)
            sum = (sum < 0 ? 0 : sum) + bytes;
    }
    if (sum >= 0)
        note_look(memory, (struct memory_span){begun_ns, clock_now_ns()});
    if (sum > memory->peak)
        memory->peak = sum;
    return sum;
}

size_t memory_looks_within(const struct memory *memory, int64_t from_ns, int64_t to_ns)
{
    size_t count = 0;
    for (size_t i = 0; i < memory->count; i++)
        count += memory->looks[i].begun_ns >= from_ns && memory->looks[i].ended_ns <= to_ns;
    return count;
}

void memory_free(struct memory *memory)
{
    proctree_free(&memory->tree);
    free(memory->looks);
    memory->looks = NULL;
    memory->count = memory->room = 0;
}
