/* SPDX-License-Identifier: MIT */
/* Peak memory of a process tree: the proportional set size (PSS) of all its processes together, so that shared pages
 * are not counted twice. Read by polling, so a peak shorter than the interval can be missed: when it was read is kept.
 * The processes are read one after another: a sum in which one of them ended meanwhile is too high, as its part of what
 * they share is then counted in others once more, and is taken again.
 */
#ifndef BENCH_PROCESS_MEMORY_H
#define BENCH_PROCESS_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/process/proctree.h"

/* When a sample was taken, CLOCK_MONOTONIC. */
struct memory_span {
    int64_t begun_ns, ended_ns;
};

struct memory {
    struct proctree tree;
    int64_t peak;                /* bytes; -1: nothing could be read */
    struct memory_span *samples; /* that read something */
    size_t count;
};

/* Reads `root` and all below it once. The bytes, or -1 where nothing could be read. */
int64_t memory_sample(struct memory *memory, pid_t root);
/* How many samples lie wholly between the two instants. */
size_t memory_samples_within(const struct memory *memory, int64_t from_ns, int64_t to_ns);
void memory_free(struct memory *memory);

#endif
