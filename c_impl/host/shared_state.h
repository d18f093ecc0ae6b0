/* SPDX-License-Identifier: MIT */
/*
 * The shared state: anonymous memory in which the workers of a run, threads or processes, leave what goes into the record
 * besides their slots. Only lock-free atomics, so that a worker killed at any instant leaves nothing locked.
 */
#ifndef HOST_SHARED_STATE_H
#define HOST_SHARED_STATE_H

#include <stdint.h>
#include <sys/types.h>

#include "cobench/task.h"

#define FAILURES_MAX 8

#define FAILURE_NO_JOB UINT64_MAX

#define JOIN_WAITERS 256u

/* A failure, as it goes into the record. */
struct failure {
    uint64_t job; /* FAILURE_NO_JOB: not of one job, such as a worker that did not open */
    int32_t worker;
    int32_t rc; /* negative errno */
    struct cobench_error error;
};

struct shared_state {
    _Alignas(64) _Atomic uint64_t next_job;      /* of the dispenser */
    _Alignas(64) _Atomic uint64_t connections;   /* opened by all transports of the run */
    _Atomic uint64_t failed;                     /* failed jobs, also those not listed below */
    _Atomic uint64_t ended;                      /* jobs that ended, well or not; added by each worker as it closes */
    _Atomic int64_t last_end_ns;                 /* when the last of them did */
    _Atomic uint32_t ending;                     /* not 0: the run is being ended, no command is started any more */
    _Atomic uint32_t paused;                     /* not 0: the driver has been told (end_pause.h) */
    _Atomic int64_t gate_ns;                     /* when the gate opened: run->ready_ns for processes forked before */
    _Atomic uint32_t unopened;                   /* worker processes in which the task did not open (START_SPAWN) */
    _Atomic uint32_t lock_claimed, lock_on;      /* a worker process found Python's lock on in a free-threaded build */
    char lock_by[64];                            /* the module that it named, before lock_on is set; or empty */
    _Alignas(64) _Atomic uint32_t join_waiting;  /* workers that are blocked until a job ends (join.h), */
    _Atomic uint32_t join_waiters[JOIN_WAITERS]; /* and by that job, modulo their number */
    _Atomic uint32_t failure_claimed;            /* entries of `failures` handed out */
    _Atomic uint32_t failure_written[FAILURES_MAX];
    struct failure failures[FAILURES_MAX];
    int fd; /* of the process that opened it */
};

/* Memory shared with every child forked later, all zero. 0 or a negative errno. */
int shared_state_open(struct shared_state **out);
/* The same memory in a process that was not forked from its home; until that process ends. 0 or a negative errno. */
int shared_state_attach(pid_t home, int home_fd, struct shared_state **out);
void shared_state_close(struct shared_state *shared);

/* Adds a failure to the list; those beyond FAILURES_MAX are dropped. Does not count it as a failed job. */
void shared_state_note(struct shared_state *shared, const struct failure *failure);

/* Copies the failures that are completely written, in the order of their entry. Returns how many. */
unsigned shared_state_failures(const struct shared_state *shared, struct failure out[static FAILURES_MAX]);

/* Takes the last failure of a job back, which is another manager's to note. Where only one worker uses this state. */
void shared_state_take_failure(struct shared_state *shared, struct cobench_error *out);

/* A worker process found Python's lock on; the first that did so names the module whose import it was, or none (""). */
void shared_state_locked(struct shared_state *shared, const char *by);

/* What one worker adds when it has run its last job: how many it ended and when the last one did. */
void shared_state_ended(struct shared_state *shared, uint64_t jobs, int64_t last_end_ns);

#endif
