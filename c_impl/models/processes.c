/* SPDX-License-Identifier: MIT */
/* processes: a fork for each job, at most `workers` alive. */
#include <errno.h>
#include <unistd.h>

#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/error.h"
#include "host/join.h"
#include "host/limits.h"
#include "host/models.h"
#include "host/process.h"
#include "host/run.h"
#include "host/worker.h"

static _Noreturn void child_main(struct run *run, uint64_t job)
{
    struct worker worker;
    struct cobench_error err;

    error_clear(&err);
    const int rc = process_enter(run, &worker, (int32_t)job, &err);
    if (rc) {
        run_unstarted(run, job, (int32_t)job, rc, &err);
        process_leave(run, NULL);
    }
    worker_job(&worker, job);
    end_pause_last(&worker);
    process_leave(run, &worker);
}

static int processes_run(struct run *run, struct cobench_error *err)
{
    struct dispenser *dispenser = run->dispenser;
    unsigned alive = 0;
    int32_t worker;
    uint64_t job;
    int rc = run_gate(run, err);
    if (rc)
        return rc;
    while (rc == 0 && dispenser_next(dispenser, 0, &job)) {
        if (alive == run->workers) {
            rc = process_wait(run, &worker);
            if (rc)
                break;
            alive--;
        }
        if (run->join && join_state(run->join, job) != SLOT_EMPTY) /* by another, whose job needed it */
            continue;
        const int pid = process_fork(run, (int32_t)job);
        if (pid == 0)
            child_main(run, job);
        if (pid < 0)
            rc = limits_explain_start(pid, "a process", alive, err);
        else
            alive++;
    }
    if (rc && run->join)
        join_abandon(run->join);
    int waited;
    do
        waited = process_wait(run, &worker);
    while (waited == 0);
    if (rc == 0 && waited != -ECHILD)
        rc = error_fill(err, waited, "waiting for a worker failed");
    if (rc == 0)
        run_stamp_work(run);
    return rc;
}

const struct model model_processes = {
    .name = "processes",
    .about = "a process for each job",
    .joins = true,
    .uses_processes = true,
    .run = processes_run,
};
