/* SPDX-License-Identifier: MIT */
/*
 * One run: what a model needs to know, and nothing about which task or transport it drives. Models, transports and the
 * host meet in this header, worker.h, process.h, dispenser.h, transport.h and loop.h.
 */
#ifndef HOST_RUN_H
#define HOST_RUN_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "cobench/task.h"
#include "common/slots.h"
#include "host/knobs.h"

struct children;
struct clients;
struct dispenser;
struct end_pause;
struct join;
struct message_part;
struct placement;
struct setting;
struct shared_state;
struct transport;

struct run {
    const struct cobench_task *task;
    const struct cobench_value *values;
    uint64_t jobs;
    unsigned workers;   /* the most jobs in flight at once, 1..jobs */
    struct knobs knobs; /* start_method: fork where the model has no processes */
    int64_t request_timeout_ns;
    void *state;          /* of task->open; NULL where each worker process opens for itself (START_SPAWN) */
    struct slot *slots;   /* `jobs` of them, mapped shared; in a rank (rank.h) as many as it may be handed at once */
    uint64_t slot_unused; /* run_slot: bits of a job's number that say nothing of where its slot is; 0 but in a
                             rank, and all of them where a queue of a manager elsewhere is served */
    int32_t serves_as;    /* the number of this worker there */
    bool serves;          /* a server's (servers/served.h): `state` is not the task's own */
    struct shared_state *shared;
    struct dispenser *dispenser;
    struct join *join;                 /* NULL unless the task asks for jobs */
    const struct transport *transport; /* NULL unless the task asks for what has one */
    void *transport_state;
    unsigned connections;           /* fewer than the workers, that they share; 0: each has its own */
    struct clients *clients;        /* then those of workers that block; NULL: they have their own */
    const struct setting *services; /* of --service; for run_service */
    size_t service_count;
    const struct placement *placement; /* of --hosts: where the workers are; NULL: all on this machine */
    const char *const *launcher;       /* then how to start them (host/remote.h) */
    struct children *children;         /* for `workers` of them; NULL unless the model uses processes */
    char folder[256];                  /* of run_folder_make; empty: none */
    int gate_read, gate_write;         /* descriptors of --gate; -1: none */
    const struct end_pause *end_pause; /* of --end-pause; NULL: none */
    const sigset_t *signals;           /* that worker processes get back; NULL: as they are */
    _Atomic int64_t ready_ns; /* set by run_gate(); 0: not yet. Atomic for the watchdog, as is no other field */
    int64_t ready_cpu_ns;     /* likewise: the process's CPU time at that moment */
    int64_t work_ns;          /* set by the model: when the last job ended */
};

/* The slot that a worker fills in for a job. */
static inline struct slot *run_slot(const struct run *run, uint64_t job)
{
    return &run->slots[job & ~run->slot_unused];
}

static inline uint64_t run_slot_count(const struct run *run)
{
    return run->slot_unused ? ~run->slot_unused + 1 : run->jobs;
}

/*
 * Opens the gate: called exactly once by every model when all is set up and warm, before the first job. Takes the
 * `ready` stamp, after waiting for the driver (--gate) if there is one. Models that keep workers waiting release them
 * right after it returns.
 */
int run_gate(struct run *run, struct cobench_error *err);

/* Called first of all by a model that has a pool: with the knob `cold` opens the gate now, so that setting up is work. */
int run_gate_cold(struct run *run, struct cobench_error *err);

/* The URL of a service that the driver started or somebody named (--service NAME=URL), argv's; NULL: there is none. */
const char *run_service(const struct run *run, const char *name);

/* pthread_create of a thread that runs jobs, as the knobs of the run (NULL: there is none) have it. 0 or a negative errno. */
int run_start_thread(const struct run *run, pthread_t *thread, void *(*function)(void *), void *arg);

/* Opens and closes the task (and the transport, if any) for this process: the parent's calls under START_FORK, each
 * worker process's own under START_SPAWN. */
int run_open_task(struct run *run, struct cobench_error *err);
void run_close_task(struct run *run);

/* Asks for what the task needs to be there (`prepare`), once a run, before any worker. The task is open, or is opened for that
 * alone (START_SPAWN). What connections it takes do not count. */
int run_prepare(struct run *run, struct cobench_error *err);

/* What the task, which has an audit, finds of what all jobs have changed in common. 0, or a negative errno with the reason in err. */
int run_audit(struct run *run, struct cobench_audit *audit, struct cobench_error *err);

/* How many bytes a job's message carries besides its number, or a negative errno with the reason in err. */
int64_t run_payload(const struct run *run, struct cobench_error *err);

/* A folder of the run's own, in COBENCH_SCRATCH or else where there is memory behind it, which is removed with all that is in it
 * when the run ends, also by the watchdog. 0 or a negative errno. */
int run_folder_make(struct run *run, struct cobench_error *err);
void run_folder_remove(struct run *run);

/* Sets run->work_ns to the end of the last job, as the workers that have closed left it in the shared state. */
void run_stamp_work(struct run *run);

/* Notes a failed job in the shared state (safe in any worker). `rc` is a negative errno; FAILURE_NO_JOB: a failure that
 * is none of a job's and counts as none. */
void run_failed(struct run *run, uint64_t job, int32_t worker, int rc, const struct cobench_error *error);
/* The same of a worker that says why in a message. */
void run_failed_there(struct run *run, uint64_t job, int32_t worker, int rc, const struct message_part *part);

/* Ends a job on behalf of a worker that cannot any more; noting why is the caller's. */
void run_bury(struct run *run, uint64_t job);

/* Ends a job that no worker can run, because its worker did not open, and notes why. */
void run_unstarted(struct run *run, uint64_t job, int32_t worker, int rc, const struct cobench_error *error);

/* After the model: every job that has not ended is noted as failed. */
void run_account(struct run *run);

#endif
