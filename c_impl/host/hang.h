/* SPDX-License-Identifier: MIT */
/*
 * Hangs of a user's own work: a process of the run all of whose threads wait for a lock of their own process, without a limit. As
 * nobody else can let such a lock go, none of them can ever go on; that is no guess. A forked worker has the thread that forked and
 * the locks of all of them as they were at that moment: where another one held a lock, it stays held. py_impl/hangs.py does the same.
 *
 * What a thread waits for is told by the kernel: its system call with the arguments. It sleeps all the time between two looks where
 * the number of its context switches is the same. A process that catches a signal, which could wake it, is left alone, and where the
 * kernel tells nothing nobody is ever said to hang.
 */
#ifndef HOST_HANG_H
#define HOST_HANG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct children;

#define HANG_FORKED "ForkWithLock" /* types of failures */
#define HANG_HERE   "Hang"

struct hang_asleep {
    pid_t pid;
    uint64_t signs; /* of its threads; the same as long as none of them goes on */
};

/* Of the thread that looks. */
struct hang {
    struct hang_asleep *before; /* at the last look */
    size_t count, capacity;
    int64_t due_ns; /* the next look */
    /* What was found: */
    const char *type; /* HANG_FORKED or HANG_HERE; NULL: nothing yet */
    int32_t worker;   /* the process of this worker; -1: the host's own */
};

/* For a host with up to `workers` worker processes. 0 or a negative errno. */
int hang_open(struct hang *hang, unsigned workers);
void hang_close(struct hang *hang);

/* Called again and again by a thread that waits for nobody: looks where it is time to, and says whether a process was found to
 * hang, the host itself (all but the calling thread) or a worker. */
bool hang_look(struct hang *hang, struct children *children);

/* What the record calls it. */
const char *hang_kind(const struct hang *hang);
/* What was found, in one line. `jobs`: those that run, of the host or of that worker: "job 0 (worker 0), ..."; or empty. */
void hang_explain(const struct hang *hang, const char *jobs, char *line, size_t size);

/* Pure: whether a thread waits so, of the text of its /proc/PID/task/TID/syscall; *address: of what it waits for, where it does
 * not say that this is its own process's; else 0. */
bool hang_waits(const char *syscall, uint64_t *address);

#endif
