/* SPDX-License-Identifier: MIT */
/* What the driver and its supervisor say to each other. Both are the same program, so structs travel as they are. */
#ifndef BENCH_PROCESS_SUPERVISOR_WIRE_H
#define BENCH_PROCESS_SUPERVISOR_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define SUPERVISOR_PAYLOAD_MAX (4u << 20) /* bytes of strings in one request */

enum supervisor_request_kind { SUPERVISOR_START = 1, SUPERVISOR_STOP, SUPERVISOR_SCRATCH };
enum supervisor_answer_kind {
    SUPERVISOR_STARTED = 1,
    SUPERVISOR_ENDED,
    SUPERVISOR_SERVICE_ENDED,
    SUPERVISOR_SCRATCH_MADE
};

#define SUPERVISOR_FDS 5 /* in, out, err, and the two of a command that talks */

/* SUPERVISOR_FDS descriptors travel with it; `bytes` of strings follow: argc arguments, envc settings, the folder. */
struct supervisor_request {
    int32_t kind;
    uint32_t bytes, argc, envc, has_cwd, service, talks;
    int64_t deadline_ns;
};

struct supervisor_answer {
    int32_t kind;
    int32_t pid;
    int32_t error;  /* STARTED: why it could not be executed, SCRATCH_MADE: why there is none; an errno, or 0 */
    int32_t status; /* ENDED: as from waitpid */
    uint32_t timed_out;
    int32_t leftover; /* ENDED: -1: unknown */
    uint32_t bytes;   /* SCRATCH_MADE: of the path that follows */
    int64_t cpu_ns;   /* ENDED: as in struct supervisor_end */
};

/* 0, -EPIPE at the end of file, or another negative errno. */
int supervisor_read_all(int fd, void *out, size_t length);
/* The supervisor's whole life. Does not return. */
_Noreturn void supervisor_process(int socket);

#endif
