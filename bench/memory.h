/* SPDX-License-Identifier: MIT */
/* Peak memory of a process tree: the proportional set size (PSS) of all its processes together, so that shared pages
 * are not counted twice. Read by polling, so a peak shorter than the interval can be missed. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

#include "bench/proctree.h"

struct memory {
    struct proctree tree;
    int64_t peak; /* bytes; -1: nothing could be read */
};

/* Looks once at `root` and all below it. */
void memory_look(struct memory *memory, pid_t root);
void memory_free(struct memory *memory);
/* Pure: the bytes after "Pss:" in the text of a smaps_rollup; -1 where there are none. */
int64_t memory_parse_rollup(const char *text);

#endif
