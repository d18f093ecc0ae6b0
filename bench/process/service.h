/* SPDX-License-Identifier: MIT */
/* A program that runs beside the commands of a run, as the driver starts and watches it: the origin, a broker. The
 * supervisor ends it. */
#ifndef BENCH_PROCESS_SERVICE_H
#define BENCH_PROCESS_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/process/supervisor.h"
#include "bench/util/error.h"

struct service_process {
    pid_t pid;
    int in;     /* the other end of its standard input, at which its end shows; -1: it was not started */
    bool forks; /* it has processes that come and go; set behind service_start */
};

/*
 * What all its threads together have had so far, in ns, and its memory; -1: cannot be read. Of one that forks its processes
 * count, those that have ended too: of them the kernel says user and system time in ticks (10 ms) rounded down, and no waits.
 */
struct service_use {
    int64_t cpu_ns;
    int64_t wait_ns;    /* ready to run, but no CPU was free */
    int64_t peak_bytes; /* the most resident memory since service_mark; of one that forks its PSS now */
};

/* Starts a command as a service: its `in` and `service` are filled in. The process has to be closed in every case. */
int service_start(struct supervisor *supervisor, struct supervisor_command command, struct service_process *out,
                  struct error *err);
/* The next line that is read from it (`fd`: of the other end of its output), without its newline, in `limit_ns`: to be freed. -EAGAIN: none came, -EPIPE: the
 * output ended before, -EINTR: the driver was told to stop; err says which, without a name. */
int service_line(int fd, int64_t limit_ns, char **line, struct error *err);
bool service_has_ended(const struct service_process *process);
struct service_use service_use(const struct service_process *process);
/* The CPU time of the threads that a process has; -1: cannot be read. */
int64_t service_threads_ns(pid_t pid);
/* From here on its peak is counted anew. */
void service_mark(const struct service_process *process);
/* Lets go of it, which is the end of its standard input; the supervisor ends it. */
void service_close(struct service_process *process);

#endif
