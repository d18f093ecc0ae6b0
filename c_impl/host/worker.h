/* SPDX-License-Identifier: MIT */
/*
 * A worker: one thread, process or event loop that runs jobs. Opens the task's worker and, where the task asks for
 * what has a transport, a blocking client of the transport; stamps the slots; turns every failure into an entry in the shared state.
 * One thread at a time uses a worker.
 */
#ifndef HOST_WORKER_H
#define HOST_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "host/join.h"
#include "host/run.h"

struct worker {
    struct run *run;
    int32_t id; /* as it goes into the slots */
    void *task; /* of task->worker_open */
    void *
        client; /* of transport->client_open; NULL under a loop, without a transport, and without run->clients between jobs */
    void *taker;             /* of the dispenser's worker_open; NULL where workers draw */
    uint64_t ended;          /* jobs that ended here, for the shared state */
    int64_t last_end_ns;     /* and when the last of them did */
    struct join_stack stack; /* jobs that it has begun and that wait for jobs */
};

/* `flags` are those of cobench_task.worker_open. `blocking`: open a blocking client if there is a transport. */
int worker_open(struct worker *w, struct run *run, int32_t id, unsigned flags, bool blocking,
                struct cobench_error *err);
void worker_close(struct worker *w);

/* Runs one job from start to end, waiting for what it asks for by blocking. Failures go to the shared state. Where jobs ask for jobs
 * it may be that another worker has the job, and nothing is done, or that others are run before it. */
void worker_job(struct worker *w, uint64_t job);

/* Gets jobs from the dispenser until there are none left, and runs each by worker_job. */
void worker_drain(struct worker *w);

/* Its two steps where jobs are fed, as take and done of struct dispenser_kind. What keeps a worker from its next job is noted as a
 * failure that is no job's. worker_done does nothing where workers draw. */
int worker_take(struct worker *w, uint64_t *job);
void worker_done(struct worker *w, uint64_t job);

/* The parts of worker_job for hosts that wait on an event loop. worker_start stamps the start, worker_waited that the job has a
 * connection for which it had to wait. worker_ask returns 0 with *ask filled in (ask->ask may be NOTHING), or a negative
 * errno after it has noted the failure: then the job is over. worker_more does the same with a reply, NULL for that of a DELAY, to the step of that number.
 * worker_finish computes and stamps the end; `reply` is NULL for NOTHING and DELAY. worker_abandon ends a job whose reply
 * never came. */
void worker_start(struct worker *w, uint64_t job);
void worker_waited(struct worker *w, uint64_t job);
int worker_ask(struct worker *w, uint64_t job, struct cobench_request *ask);
int worker_more(struct worker *w, uint64_t job, unsigned step, const struct cobench_reply *reply,
                struct cobench_request *ask);
void worker_finish(struct worker *w, uint64_t job, const struct cobench_reply *reply);
void worker_abandon(struct worker *w, uint64_t job, int rc, const struct cobench_error *error);

#endif
