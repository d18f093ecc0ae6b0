/* SPDX-License-Identifier: MIT */
/*
 * One run: what a model needs to know, and nothing about which task or transport it drives. Models, transports and the
 * host meet in this header, worker.h, dispenser.h, transport.h and loop.h.
 */
#ifndef HOST_RUN_H
#define HOST_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "cobench/task.h"
#include "common/slots.h"

struct children;
struct dispenser;
struct hold;
struct transport;
struct worker;

enum start_method { START_FORK, START_SPAWN };

#define BOARD_FAILURES 8

#define FAILURE_NO_JOB UINT64_MAX

/* A failure, as it goes into the record. */
struct failure {
    uint64_t job; /* FAILURE_NO_JOB: not of one job, such as a worker that did not open */
    int32_t worker;
    int32_t rc; /* negative errno */
    struct cobench_error error;
};

/*
 * The board: anonymous shared memory that every worker of a run sees, thread or process. Only lock-free atomics, so
 * that a worker killed at any instant leaves nothing locked.
 */
struct board {
    _Alignas(64) _Atomic uint64_t ticket;      /* the next job of the atomic dispenser */
    _Alignas(64) _Atomic uint64_t connections; /* opened by all transports of the run */
    _Atomic uint64_t failed;                   /* failed jobs, also those not listed below */
    _Atomic uint64_t ended;                    /* jobs that ended, well or not; added by each worker as it closes */
    _Atomic int64_t last_end_ns;               /* when the last of them did */
    _Atomic uint32_t held;                     /* not 0: the driver has been told to look (hold.h) */
    _Atomic int64_t gate_ns;                   /* when the gate opened: run->ready_ns for processes forked before */
    _Atomic uint32_t unopened;                 /* worker processes in which the task did not open (START_SPAWN) */
    _Atomic uint32_t failure_claimed;          /* slots of `failures` handed out */
    _Atomic uint32_t failure_written[BOARD_FAILURES];
    struct failure failures[BOARD_FAILURES];
};

struct run {
    const struct cobench_task *task;
    const struct cobench_value *values;
    uint64_t jobs;
    unsigned workers; /* the most jobs in flight at once, 1..jobs */
    enum start_method start_method;
    int64_t request_timeout_ns;
    void *state;        /* of task->open; NULL where each worker process opens for itself (START_SPAWN) */
    struct slot *slots; /* `jobs` of them, mapped shared */
    struct board *board;
    struct dispenser *dispenser;
    const struct transport *transport; /* NULL unless the task asks for a URL */
    void *transport_state;
    struct children *children; /* room for `workers` of them; NULL unless the model uses processes */
    int gate_read, gate_write; /* descriptors of --gate; -1: none */
    const struct hold *hold;   /* of --end-pause; NULL: none */
    const sigset_t *signals;   /* that worker processes get back; NULL: as they are */
    _Atomic int64_t ready_ns;  /* set by run_gate(); 0: not yet. Atomic for the watchdog, as is no other field */
    int64_t work_ns;           /* set by the model: when the last job ended */
};

/*
 * Opens the gate: called exactly once by every model when all is set up and warm, before the first job. Takes the
 * `ready` stamp, after the host's own hold (--gate) if there is one. Models that keep workers waiting release them
 * right after it returns.
 */
int run_gate(struct run *run, struct cobench_error *err);

/* Opens and closes the task (and the transport, if any) for this process: the parent's calls under START_FORK, each
 * worker process's own under START_SPAWN. */
int run_open_task(struct run *run, struct cobench_error *err);
void run_close_task(struct run *run);

/*
 * fork() with the task's hooks around it, as every model that forks has to do it, for the process that will be
 * `worker`. Returns the pid, 0 in the child, or a negative errno. The child must end in _exit; it is killed when the
 * thread that forked it ends. The parent reaps it with run_wait().
 */
int run_fork(struct run *run, int32_t worker);

/* Waits for a worker process to end. One that did not end by itself goes onto the board, with the job it was running.
 * 0 with *worker; -ECHILD: there is none left; or another negative errno. */
int run_wait(struct run *run, int32_t *worker);

/* A worker process's first and last steps: under START_SPAWN they open and close the task there. worker_open's and
 * worker_close's other rules hold. */
int run_enter_process(struct run *run, struct worker *w, int32_t id, struct cobench_error *err);
void run_leave_process(struct run *run, struct worker *w);

/* Sets run->work_ns to the end of the last job, as the workers that have closed left it on the board. */
void run_stamp_work(struct run *run);

/* Notes a failed job on the board (safe in any worker). `code` is a negative errno; FAILURE_NO_JOB: a failure that is
 * none of a job's and counts as none. */
void run_failed(struct run *run, uint64_t job, int32_t worker, int rc, const struct cobench_error *error);

/* Ends a job that no worker can run: its worker did not open. */
void run_unstarted(struct run *run, uint64_t job, int32_t worker, int rc, const struct cobench_error *error);

/* After the model: every job that has not ended goes onto the board. */
void run_account(struct run *run);

/* A model: how the jobs are run at the same time. Written once, knows no task by name. */
struct model {
    const char *name;
    const char *about;   /* one line */
    bool uses_processes; /* start methods apply */
    bool uses_loop;      /* waits on the event loop */
    bool one_at_a_time;  /* ignores workers: a baseline */
    /*
     * Sets up, calls run_gate(), runs every job the dispenser hands out, stamps run->work_ns, tears down. Returns 0
     * also when jobs failed (they are on the board); a negative errno when the model itself could not go on, with
     * the reason in err. -EAGAIN, -ENOMEM, -EMFILE at set-up mean: not possible here.
     */
    int (*run)(struct run *run, struct cobench_error *err);
};

/* The table of models (c_impl/host/registry.c), ending with NULL. */
extern const struct model *const models[];

extern const struct model model_sync, model_threads, model_thread_pool, model_processes, model_process_pool,
    model_async;

#endif
