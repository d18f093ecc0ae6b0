/* SPDX-License-Identifier: MIT */
/* What every model needs of a run: the gate, the task in this process, worker processes, and the account of jobs that
 * went wrong. */
#define _GNU_SOURCE /* sigabbrev_np: a crash is named as people know it */
#include "host/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/board.h"
#include "host/children.h"
#include "host/error.h"
#include "host/hold.h"
#include "host/transport.h"
#include "host/worker.h"

/* -- the gate and the task -------------------------------------------------------------------------------------------- */

static int gate_hold(struct run *run, struct cobench_error *err)
{
    char byte = 'r';
    ssize_t n;

    do
        n = write(run->gate_write, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_fill(err, -EIO, "the gate broke: %s", strerror(errno));
    do
        n = read(run->gate_read, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_fill(err, -EIO, "the gate broke: %s", strerror(errno));
    if (n == 0)
        return error_fill(err, -ECANCELED, "the gate was closed before it opened");
    return 0;
}

int run_gate(struct run *run, struct cobench_error *err)
{
    if (run->gate_read >= 0) {
        const int rc = gate_hold(run, err);
        if (rc)
            return rc;
    }
    run->ready_ns = clock_now_ns();
    run->board->gate_ns = run->ready_ns;
    return 0;
}

int run_open_task(struct run *run, struct cobench_error *err)
{
    const struct cobench_task *task = run->task;
    const struct cobench_open how = {.task = task, .values = run->values, .jobs = run->jobs};
    int rc = 0;

    if (task->open) {
        error_clear(err);
        rc = task->open(&how, &run->state, err);
        if (rc) {
            char why[sizeof err->message];
            error_complete(err, rc);
            error_tell(err, rc, why, sizeof why);
            return error_fill(err, rc, "task '%.64s' does not open: %.230s", task->name, why);
        }
    }
    if (run->transport) {
        const struct transport_options options = {.timeout_ns = run->request_timeout_ns,
                                                  .connections = &run->board->connections};
        error_clear(err);
        rc = run->transport->open(&options, &run->transport_state, err);
        if (rc && task->close)
            task->close(run->state);
    }
    return rc;
}

void run_close_task(struct run *run)
{
    if (run->transport)
        run->transport->close(run->transport_state);
    if (run->task->close)
        run->task->close(run->state);
    run->state = run->transport_state = NULL;
}

/* -- worker processes ------------------------------------------------------------------------------------------------- */

/* The child's own beginnings: it must not outlive its parent, nor hold its gate open, nor be deaf to signals. */
static void child_begin(struct run *run, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    if (run->signals && sigprocmask(SIG_SETMASK, run->signals, NULL) < 0)
        _exit(1);
    if (run->gate_read >= 0) {
        close(run->gate_read);
        if (run->gate_write != run->gate_read)
            close(run->gate_write);
        run->gate_read = run->gate_write = -1;
    }
}

int run_fork(struct run *run, int32_t worker)
{
    struct children *children = run->children;
    const struct cobench_task *task = run->task;
    const bool hooks = run->start_method == START_FORK; /* else the task is not open here */
    const pid_t parent = getpid();

    if (children->count == children->room)
        return -ENOBUFS;
    if (hooks && task->before_fork)
        task->before_fork(run->state);
    pthread_mutex_lock(&children->lock);
    const pid_t pid = fork();
    if (pid == 0) {
        child_begin(run, parent);
        if (hooks && task->after_fork_child)
            task->after_fork_child(run->state);
        return 0;
    }
    const int rc = pid < 0 ? -errno : 0;
    if (pid > 0)
        children->list[children->count++] = (struct child){.pid = pid, .worker = worker};
    pthread_mutex_unlock(&children->lock);
    if (hooks && task->after_fork_parent)
        task->after_fork_parent(run->state);
    return rc ? rc : pid;
}

/* The job that a worker was running when it ended; FAILURE_NO_JOB if none. */
static uint64_t slots_left_by(const struct run *run, int32_t worker)
{
    for (uint64_t job = 0; job < run->jobs; job++)
        if (__atomic_load_n(&run->slots[job].state, __ATOMIC_ACQUIRE) == SLOT_RUNNING &&
            run->slots[job].worker == worker)
            return job;
    return FAILURE_NO_JOB;
}

/* Ends a job on behalf of a worker that cannot any more. */
static void job_bury(struct run *run, uint64_t job)
{
    struct slot *slot = &run->slots[job];
    slot->end_ns = clock_now_ns();
    __atomic_store_n(&slot->state, SLOT_FAILED, __ATOMIC_RELEASE);
    board_ended(run->board, 1, slot->end_ns);
}

/* How a process ended, as in "worker 1 was killed by signal 9 (SIGKILL) while running job 5". */
static void worker_crashed(struct run *run, int32_t worker, int status)
{
    const uint64_t job = slots_left_by(run, worker);
    struct cobench_error error = {.type = "Crash"};
    char how[64], during[48] = "";

    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        snprintf(how, sizeof how, "was killed by signal %d (%s%s)", WTERMSIG(status), name ? "SIG" : "",
                 name ? name : "unknown");
    } else {
        snprintf(how, sizeof how, "exited with status %d", WEXITSTATUS(status));
    }
    if (job != FAILURE_NO_JOB) {
        snprintf(during, sizeof during, " while running job %llu", (unsigned long long)job);
        job_bury(run, job);
    }
    error_fill(&error, 0, "worker %d %s%s", worker, how, during);
    run_failed(run, job, worker, -ECHILD, &error);
    hold_announce(run);
}

int run_wait(struct run *run, int32_t *worker)
{
    int status = 0;
    const int rc = children_wait(run->children, worker, &status);
    if (rc == 0 && status != 0)
        worker_crashed(run, *worker, status);
    return rc;
}

int run_enter_process(struct run *run, struct worker *w, int32_t id, struct cobench_error *err)
{
    int rc = 0;
    if (run->start_method == START_SPAWN)
        rc = run_open_task(run, err);
    if (rc) {
        run->board->unopened++;
        return rc;
    }
    rc = worker_open(w, run, id, COBENCH_WORKER_PROCESS, true, err);
    if (rc && run->start_method == START_SPAWN)
        run_close_task(run);
    return rc;
}

void run_leave_process(struct run *run, struct worker *w)
{
    worker_close(w);
    if (run->start_method == START_SPAWN)
        run_close_task(run);
}

/* -- the account ------------------------------------------------------------------------------------------------------ */

void run_stamp_work(struct run *run)
{
    const int64_t last = run->board->last_end_ns;
    run->work_ns = last > run->ready_ns ? last : run->ready_ns;
}

void run_failed(struct run *run, uint64_t job, int32_t worker, int rc, const struct cobench_error *error)
{
    struct failure failure = {.job = job, .worker = worker, .rc = rc, .error = *error};
    error_complete(&failure.error, rc);
    if (job != FAILURE_NO_JOB)
        run->board->failed++;
    board_note(run->board, &failure);
}

void run_unstarted(struct run *run, uint64_t job, int32_t worker, int rc, const struct cobench_error *error)
{
    struct slot *slot = &run->slots[job];
    slot->worker = worker;
    slot->start_ns = clock_now_ns();
    job_bury(run, job);
    run_failed(run, job, worker, rc, error);
}

void run_account(struct run *run)
{
    if (run->board->ended == run->jobs)
        return;
    for (uint64_t job = 0; job < run->jobs; job++) {
        const uint32_t state = __atomic_load_n(&run->slots[job].state, __ATOMIC_ACQUIRE);
        struct cobench_error error = {.type = "NotRun"};
        if (state == SLOT_RUNNING) {
            memcpy(error.type, "Crash", sizeof "Crash");
            error_fill(&error, 0, "worker %d ended while running job %llu", run->slots[job].worker,
                       (unsigned long long)job);
            run_failed(run, job, run->slots[job].worker, -ECHILD, &error);
        } else if (state == SLOT_EMPTY) {
            error_fill(&error, 0, "job %llu was never run", (unsigned long long)job);
            run_failed(run, job, -1, -ECHILD, &error);
        }
    }
}
