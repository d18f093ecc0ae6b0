/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: one process, forked at the start of a run, that starts every command for the driver and outlives it just
 * long enough to end them all. It adopts orphans (PR_SET_CHILD_SUBREAPER), so whatever a command leaves behind is its
 * child. When the driver's end of the socket closes, however the driver died, it kills all its descendants, removes
 * the scratch folder and ends. It makes that folder itself: there is no instant at which nobody would remove it.
 * Every command is in a session of its own: a terminal's Ctrl-C reaches the driver only.
 *
 * Used by one thread. One command runs at a time, and services (bench/process/service.h) beside it.
 */
#ifndef BENCH_PROCESS_SUPERVISOR_H
#define BENCH_PROCESS_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/util/error.h"

#define SUPERVISOR_TALK_READ  3
#define SUPERVISOR_TALK_WRITE 4

struct supervisor;

struct supervisor_command {
    char *const *argv;   /* argv[0] is looked up on PATH */
    const char *cwd;     /* NULL: the driver's */
    char *const *env;    /* "KEY=VALUE" to add, ends with NULL; may be NULL */
    int in, out, err;    /* descriptors, borrowed; -1: /dev/null */
    bool talks;          /* it has two more, which it knows as SUPERVISOR_TALK_READ and SUPERVISOR_TALK_WRITE: */
    int talk[2];         /* borrowed */
    int64_t deadline_ns; /* from its start; then it is killed with all it started. 0: none */
    bool service; /* runs until supervisor_close; what it starts is not swept away after commands, and its cwd, which is
                     not there yet, is made before it and removed after it */
};

/* How a command ended. */
struct supervisor_end {
    int status;     /* as from waitpid */
    bool timed_out; /* the deadline came */
    int leftover;   /* processes it left running, killed; -1: /proc could not be read, nobody knows */
    int64_t cpu_ns; /* user and system time of all it started, as far as that has ended */
};

/* Forks the supervisor. */
int supervisor_open(struct supervisor **out, struct error *err);
/* The folder (dir_make_scratch) that it has made and removes at its end, borrowed; or why it could not make one. */
int supervisor_scratch(const struct supervisor *g, const char **path, struct error *err);

/* Starts a command. -ENOENT and the like where it cannot be executed, with err->text naming it. */
int supervisor_start(struct supervisor *g, const struct supervisor_command *command, pid_t *pid, struct error *err);
/*
 * Waits at most `wait_ns` (negative: for ever) for the running command. 0: it has ended; -EAGAIN: not yet; -EINTR: the
 * driver was told to stop (bench/process/signals.h); -EPIPE: the supervisor itself has died. err is filled in but for -EAGAIN, -EINTR.
 */
int supervisor_wait(struct supervisor *g, int64_t wait_ns, struct supervisor_end *end, struct error *err);
/* Kills the running command with all it started and waits for its end. */
int supervisor_stop(struct supervisor *g, struct supervisor_end *end, struct error *err);
/* supervisor_start and supervisor_wait. When the driver is told to stop the command is killed and -EINTR returned. */
int supervisor_run(struct supervisor *g, const struct supervisor_command *command, struct supervisor_end *end,
                   struct error *err);
/* Ends the services and the supervisor. NULL is all right. */
void supervisor_close(struct supervisor *g);

/* -- what the two say to each other over a socket pair: structs as they are, for both are one program ------------------ */

#define SUPERVISOR_PAYLOAD_MAX (4u << 20) /* bytes of strings in one request */
#define SUPERVISOR_SERVICES    8
#define SUPERVISOR_FDS         5 /* in, out, err, and the two of a command that talks */

/* Strings follow: argc arguments, envc of the environment, the folder ("": the driver's). SUPERVISOR_FDS descriptors travel with it,
 * unless it asks to stop the command that runs: then there is nothing but the struct. */
struct supervisor_request {
    uint32_t stop, bytes, argc, envc, service, talks;
    int64_t deadline_ns;
};

/* That it is there, with its scratch folder; to each start; at each command's end. */
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
