/* SPDX-License-Identifier: MIT */
/* Who descends from whom, read from /proc. A snapshot: processes come and go while it is taken. */
#ifndef BENCH_PROCESS_PROCTREE_H
#define BENCH_PROCESS_PROCTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCTREE_NAME_MAX 16 /* the kernel keeps 15 bytes of a program's name */

struct proctree_entry {
    pid_t pid, parent;
    char state;                   /* as in /proc/PID/stat; 'Z' has ended but is not reaped */
    char name[PROCTREE_NAME_MAX]; /* printable */
    int64_t ticks;                /* CPU time since its start; -1: unknown */
};

struct proctree {
    struct proctree_entry *entries; /* by pid */
    size_t count, size;             /* size: for how many there is place */
};

/* Reads /proc anew; the memory is kept for the next call. 0 or a negative errno: the supervisor outlives a want of memory. */
int proctree_read(struct proctree *tree);
/* Whether `pid` is `root` or descends from it. */
bool proctree_below(const struct proctree *tree, pid_t pid, pid_t root);
/* Pure: makes of `after` what its processes used since `before`, the busiest first; without those that used nothing and
 * the calling process. It is no tree from then on. */
void proctree_busiest(const struct proctree *before, struct proctree *after);
void proctree_free(struct proctree *tree);

/* Pure: everything from the text of a /proc/PID/stat; -EINVAL where it is none. The name in it may hold
 * blanks and brackets. */
int proctree_parse_stat(const char *text, struct proctree_entry *out);

/* Peak memory of a process tree: the proportional set size (PSS) of all its processes together, so that shared pages
 * are not counted twice. Read by polling, so a peak shorter than the interval can be missed: when it was read is kept.
 * The processes are read one after another: a sum in which one of them ended meanwhile is too high, as its part of what
 * they share is then counted in others once more, and is taken again. */
struct memory_span {
    int64_t begun_ns, ended_ns; /* when a sample was taken, CLOCK_MONOTONIC */
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
