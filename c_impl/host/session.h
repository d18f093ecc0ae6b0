/* SPDX-License-Identifier: MIT */
/*
 * One run from checked arguments to its record: gets the task, its parameters, the shared memory and the transport
 * together, runs the model, and says in the record how it went. Prints nothing and ends nothing.
 */
#ifndef HOST_SESSION_H
#define HOST_SESSION_H

#include "host/args.h"
#include "host/children.h"
#include "host/dispenser.h"
#include "host/hang.h"
#include "host/params.h"
#include "host/record.h"
#include "host/run.h"
#include "host/runtime.h"
#include "host/slots.h"
#include "host/tasks.h"

struct session {
    const struct args *args;
    struct record record; /* always complete enough to be written */
    struct tasks_entry task;
    struct params params;
    struct slots slots;
    struct slot own_slot; /* of a worker that serves another manager's queue */
    struct children children;
    struct dispenser dispenser;
    struct join join;      /* of run.join */
    struct join_look look; /* the watchdog's */
    bool stuck;            /* what it found: the jobs wait for each other for ever */
    struct hang hang;      /* likewise: of a user's function; else empty */
    void *transport_handle;
    struct run run;
    /* How session_run went: the record is not its to write, as the watchdog may be writing it. */
    int rc;
    struct cobench_error error;
    struct runtime_python python_open, python_ended;
    const struct runtime_python *_Atomic python; /* the later of the two that is complete; NULL: neither */
    bool audited;                                /* it was asked for what `audit` has, and knew */
    struct cobench_audit audit;
    bool opened; /* the task was; until then a failure is one of usage */
};

/* An empty session whose record says what is known before anything was looked at. */
void session_init(struct session *s, const struct args *args, int64_t start_ns);

/* Everything but the task's own code: after it the memory is there and a watchdog may call session_expire. True, or
 * false with the reason in the record. */
bool session_open(struct session *s);

/* The same in a rank of an engine's (rank.h), without the memory: the record is not its to write. 0, or a negative errno with the
 * reason in err. */
int session_open_rank(struct session *s, struct cobench_error *err);

/* Opens the task, runs the model, closes the task. */
void session_run(struct session *s);

/* Says in the record how the run went. After session_run and when session_expire can come no more. */
void session_conclude(struct session *s);

/* Says in the record that something went wrong before or beside the run. */
void session_fail(struct session *s, enum record_status status, const char *reason);

/* Whether the jobs wait for each other for ever, or a process of a user's function hangs, which session_expire then says. By the watchdog, again and again while the run
 * may be under way. */
bool session_look(struct session *s);

/* Kills the worker processes and says in the record that the time is up and what was still running. From another thread
 * than session_run's, which still runs: the caller is about to end the process. */
void session_expire(struct session *s);

/* Kills the worker processes and the commands, on the same terms. */
void session_kill(struct session *s);

/* Gives the memory of the slots back, to be called before the record's `end` is taken. */
void session_release(struct session *s);
void session_close(struct session *s);

#endif
