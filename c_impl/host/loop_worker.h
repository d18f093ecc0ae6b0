/* SPDX-License-Identifier: MIT */
/*
 * A worker on an event loop: one thread, many jobs in flight. It draws jobs while it has a place free for them, and each waits on
 * the loop. All calls from the thread that opened it.
 */
#ifndef HOST_LOOP_WORKER_H
#define HOST_LOOP_WORKER_H

#include <stdbool.h>

#include "host/worker.h"

struct loop;
struct loop_kind;
struct request;
struct need;

struct loop_worker {
    struct run *run;
    struct worker worker;
    struct loop *loop;
    void *mux; /* NULL without a transport */
    struct request *requests;
    struct request *idle;
    unsigned most; /* requests */
    unsigned in_flight;
    bool shares;           /* there are fewer connections than places, */
    unsigned connections;  /* of which so many are free, */
    struct request *first; /* and these jobs wait for one, in the order in which they came */
    struct request **last;
    /* Jobs that wait for jobs: by the one that each waits for, the last to come. NULL: jobs ask for none. */
    struct need **needs;
    uint64_t waiting;               /* how many there are */
    struct need *able, **able_last; /* those that can go on, in the order in which they came to it */
    bool drawing;                   /* draw_jobs is at work further up the stack */
    bool dry;                       /* the dispenser has no more jobs */
};

struct loop_worker_options {
    struct run *run;
    const struct loop_kind *kind;
    unsigned id;          /* as it goes into the slots */
    unsigned in_flight;   /* at most at once; at least 1 */
    unsigned connections; /* for these, less than in_flight; 0: each has its own */
};

/* 0, or a negative errno with the reason in err: then there is nothing to close. */
int loop_worker_open(struct loop_worker *w, const struct loop_worker_options *how, struct cobench_error *err);
void loop_worker_close(struct loop_worker *w);

/* Runs jobs until the dispenser has none left and all have ended, then waits in the end pause. A failure is the loop's, not a
 * job's. */
int loop_worker_drain(struct loop_worker *w, struct cobench_error *err);

/* A model's whole run with one such worker on the calling thread. */
int loop_worker_alone(struct run *run, const struct loop_kind *kind, struct cobench_error *err);

#endif
