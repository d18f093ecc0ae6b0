/* SPDX-License-Identifier: MIT */
/*
 * What the driver and its supervisor say to each other over a socket pair. Both are the same program, so structs travel as
 * they are. The supervisor answers three things: that it is there, with its scratch folder; each start; each command's end.
 */
#ifndef BENCH_PROCESS_SUPERVISOR_WIRE_H
#define BENCH_PROCESS_SUPERVISOR_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUPERVISOR_PAYLOAD_MAX (4u << 20) /* bytes of strings in one request */
#define SUPERVISOR_FDS         5          /* in, out, err, and the two of a command that talks */

/* Strings follow: argc arguments, envc of the environment, the folder ("": the driver's). SUPERVISOR_FDS descriptors travel with it,
 * unless it asks to stop the command that runs: then there is nothing but the struct. */
struct supervisor_request {
    uint32_t stop, bytes, argc, envc, service, talks;
    int64_t deadline_ns;
};

/* How a command ended. */
struct supervisor_end {
    int status;        /* as from waitpid */
    bool timed_out;    /* the deadline came */
    int leftover;      /* processes it left running, killed; -1: /proc could not be read, nobody knows */
    bool service_died; /* the service has ended by itself meanwhile */
    int64_t cpu_ns;    /* user and system time of all it started, as far as that has ended */
};

struct supervisor_answer {
    int32_t error;             /* why there is no folder or the command could not be executed, an errno; or 0 */
    int32_t pid;               /* of what was started */
    uint32_t bytes;            /* of the folder's path, which follows the first answer */
    struct supervisor_end end; /* of the command that has ended */
};

/* 0, -EPIPE at the end of file, or another negative errno. */
int supervisor_read_all(int fd, void *out, size_t length);
/* The supervisor's whole life. */
_Noreturn void supervisor_process(int socket);

#endif
