/* SPDX-License-Identifier: MIT */
/* Which processes use the CPUs, from two looks at /proc. */
#ifndef BENCH_PROCESS_BUSY_H
#define BENCH_PROCESS_BUSY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BUSY_NAME_ROOM = 64 };

struct busy_process {
    pid_t pid;
    char name[BUSY_NAME_ROOM]; /* printable */
    int64_t ticks;             /* CPU time since its start */
};

struct busy_snapshot {
    struct busy_process *items; /* by pid */
    size_t count, room;
};

/* Pure: from the text of a /proc/PID/stat. 0 or -EINVAL. */
int busy_parse(const char *text, struct busy_process *out);
/* Looks at every process below ROOT/proc but this one. 0 or a negative errno; busy_free in both cases. */
int busy_read(const char *root, struct busy_snapshot *out);
/* What `after` used since `before`, the busiest first, at most `max` of them that used any; their `ticks` are of that time. */
size_t busy_between(const struct busy_snapshot *before, const struct busy_snapshot *after, struct busy_process *out,
                    size_t max);
void busy_free(struct busy_snapshot *look);

#endif
