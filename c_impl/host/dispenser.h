/* SPDX-License-Identifier: MIT */
/*
 * Who hands out the next job, and when: the one seam between models and the order of the work.
 *
 * Workers either draw by themselves from an atomic counter in shared memory, in an open loop with a schedule beside it; or a
 * feeder, a thread of the host's first process, hands jobs to them by a queue, a pipe or a broker, as struct dispenser_kind says:
 *
 *     open                        before any worker exists (before any fork)
 *       worker_open               in the worker's thread or process
 *         feed                    once, on the feeder's thread, when all workers are open and the gate has opened
 *         take, done, take, ...   in the worker, until take says that there are no more
 *         lost                    for each worker that died, and for DISPENSER_EVERYONE when all have ended; on another thread
 *                                 while feed runs, and not before
 *       worker_close              in the worker, at its end
 *     close                       when all workers and the feeder have ended
 *
 * No side may wait for ever: a feeder that waits for answers has lost() to wake it, a worker that waits for a job is told the end by
 * the feeder in whatever way feed ends. What a worker had taken when it died is failed by the host (process.c, run_account).
 */
#ifndef HOST_DISPENSER_H
#define HOST_DISPENSER_H

#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "cobench/task.h"
#include "common/slots.h"

struct arrivals;
struct run;
struct shared_state;

#define DISPENSER_VERSION  1u
#define DISPENSER_SYMBOL   "cobench_dispenser"
#define DISPENSER_EVERYONE UINT_MAX

/* What a kind is opened with. It outlives `close`. */
struct dispenser_options {
    uint64_t jobs;
    unsigned workers;   /* who take jobs, 0..workers-1 */
    unsigned in_flight; /* jobs that one of them may have begun at once: 1, on a loop more */
    bool processes;     /* they are forked after open */
    bool loop; /* the one worker is on an event loop: take must not wait, and `descriptor` says when to try again */
    unsigned chunk;      /* at most so many jobs in a message; at least 1 */
    uint64_t payload;    /* bytes that each job carries in its message besides its number */
    int64_t timeout_ns;  /* of one request (--request-timeout) */
    const char *service; /* the URL of the service of this name (--service); NULL: none was given */
    struct slot *slots;  /* of all jobs, shared; with `queue` one that is used again for each */
    struct run *run;     /* for run_failed and its like */
    const char *queue; /* the worker serves the queue of this name, of a manager elsewhere; NULL: we are the manager */
    const _Atomic int64_t *gate_ns; /* when the gate opened; NULL: a closed loop */
};

/* When a job is to be handed out, an instant of CLOCK_MONOTONIC; 0: at once. Once for each job: the instant replaces the
 * arrival in the slot. */
static inline int64_t dispenser_due(const struct dispenser_options *how, uint64_t job)
{
    if (!how->gate_ns)
        return 0;
    how->slots[job].due_ns += atomic_load_explicit(how->gate_ns, memory_order_relaxed);
    return how->slots[job].due_ns;
}

/* One way to hand out jobs: a constant of the host's, or a plug-in's (plugin.h, DISPENSER_SYMBOL). Functions that return int give
 * 0 or a negative errno with the reason in err. */
struct dispenser_kind {
    uint32_t version; /* DISPENSER_VERSION */
    const char *name;
    /* A job that was with a worker that died is handed to another one. Else the host gives it up. */
    bool redelivers;

    int (*open)(const struct dispenser_options *how, void **state, struct cobench_error *err);
    void (*close)(void *state);
    /* The process is about to be ended by a signal or its time limit: removes what would stay behind elsewhere. On the watchdog's
     * thread, at any moment between open and close. NULL: there is nothing. */
    void (*abandon)(void *state);
    /* Workers on other hosts, which serve the queue of this name (`HOST worker --queue`). NULL: there can be none. */
    const char *(*queue)(void *state);
    /* Whether all of them are up, which it waits for a moment; before feed. 1, 0: not yet, or a negative errno with the reason in err,
     * which may be that of one of them. Goes with `queue`. */
    int (*gather)(void *state, struct cobench_error *err);

    int (*worker_open)(void *state, unsigned worker, void **taker, struct cobench_error *err);
    void (*worker_close)(void *taker);
    /* Waits for the next job: 1 with *job; 0: there are no more; on a loop -EAGAIN: none at the moment; or another negative errno,
     * after which the worker takes no more. */
    int (*take)(void *taker, uint64_t *job, struct cobench_error *err);
    /* A job that was taken has ended, and its slot says how. What is to be answered may be sent together with the next take.
     * NULL: the feeder need not know. Jobs end in the order in which they were taken, but on a loop. What goes wrong the next
     * take says. */
    void (*done)(void *taker, uint64_t job);
    /* What the loop watches for reading (level-triggered). NULL: cannot be waited for on a loop. */
    int (*descriptor)(void *taker);

    /* Hands out jobs 0..jobs-1, each when it is due, and returns when all have been answered for, as far as somebody is left to do so,
     * and every worker is told the end. */
    int (*feed)(void *state, struct cobench_error *err);
    void (*lost)(void *state, unsigned worker);
};

/* In shared memory, and by a message each way; c_impl/dispensers. */
extern const struct dispenser_kind dispenser_queue, dispenser_pipe;

struct dispenser {
    /* Hands the next job to `worker` at once, with the instant before which it must not start (0: there is none); false
     * when there is no job left. Any thread or process of the run may call it. Models that may block use dispenser_next. */
    bool (*draw)(struct dispenser *self, unsigned worker, uint64_t *job, int64_t *due_ns);
    struct shared_state *shared;
    struct slot *slots; /* NULL: a closed loop */
    uint64_t jobs;

    const struct dispenser_kind *kind; /* NULL: workers draw; else they take, and `draw` is not for them */
    pthread_mutex_t closing;           /* held by dispenser_close, and by dispenser_abandon for ever */
    struct dispenser_options options;
    void *state; /* of kind->open */
    pthread_t feeder;
    sem_t opened; /* what the feeder waits for: the gate, or that it does not open */
    bool feeding; /* it did, and dispenser_finish is still to come */
    int rc;       /* of feed, and why */
    struct cobench_error error;
};

/* The same, but returns only when the job is due. */
bool dispenser_next(struct dispenser *self, unsigned worker, uint64_t *job);

/* Fills in a dispenser that draws 0..jobs-1 from shared->next_job. */
void dispenser_counter(struct dispenser *self, struct shared_state *shared, uint64_t jobs);

/* The same in an open loop: job i is due slots[i].due_ns after shared->gate_ns, and from then on the instant itself stands
 * there. */
void dispenser_schedule(struct dispenser *self, struct shared_state *shared, struct slot *slots, uint64_t jobs);

/* Writes the schedule into the slots, for dispenser_schedule. Before any worker exists. */
void dispenser_fill(struct slot *slots, uint64_t jobs, const struct arrivals *arrivals);

/* Makes a dispenser, of either of the two above, one that is fed. 0, or a negative errno with the reason in err. */
int dispenser_open(struct dispenser *self, const struct dispenser_kind *kind, const struct dispenser_options *how,
                   struct cobench_error *err);
void dispenser_close(struct dispenser *self);
/* Instead of dispenser_close, on another thread, in a process that is about to end. */
void dispenser_abandon(struct dispenser *self);

/* The three calls of a model that feeds. dispenser_gate is run_gate with the feeder waiting beside it. dispenser_lost: a worker died.
 * dispenser_finish: all workers have ended; waits for the feeder, 0 or what went wrong there. Where workers draw, the other two do
 * nothing. */
int dispenser_gate(struct run *run, struct cobench_error *err);
void dispenser_lost(struct run *run, unsigned worker);
int dispenser_finish(struct run *run, struct cobench_error *err);
/* Whether the feeder may still have jobs to hand out. */
bool dispenser_feeds(const struct run *run);

#endif
