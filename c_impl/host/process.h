/* SPDX-License-Identifier: MIT */
/* Worker processes, as every model that forks has to start and end them. */
#ifndef HOST_PROCESS_H
#define HOST_PROCESS_H

#include <stdint.h>

#include "host/worker.h"

/*
 * fork() with the task's hooks around it, for the process that will be `worker`. Returns the pid, 0 in the child, or a
 * negative errno. The child must end in process_leave(); it is killed when the thread that forked it ends. The parent reaps it with
 * process_wait().
 */
int process_fork(struct run *run, int32_t worker);

/* Waits for a worker process to end. One that did not end by itself is noted as a failure, with the job it was running.
 * 0 with *worker; 1: the same, and another may run that job (dispenser_kind.redelivers); -ECHILD: there is none left; or another
 * negative errno. */
int process_wait(struct run *run, int32_t *worker);

/* Notes how a worker process ended (a status of wait), as in "worker 1 was killed by signal 9 (SIGKILL) while running job 5".
 * Whether another may run that job. */
bool process_crashed(struct run *run, int32_t worker, int status);

/* Why a worker did not open, in its own words or in those of its end: its rc. */
int process_explain(const struct run *run, struct cobench_error *err);

/* A worker process's first and last steps: under START_SPAWN they open and close the task there. worker_open's and
 * worker_close's other rules hold. process_leave ends the process; `w` is NULL where process_enter failed. */
int process_enter(struct run *run, struct worker *w, int32_t id, struct cobench_error *err);
void process_close(struct run *run, struct worker *w);
_Noreturn void process_leave(struct run *run, struct worker *w);

#endif
