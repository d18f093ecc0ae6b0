/* SPDX-License-Identifier: MIT */
/* Worker processes: fork with its hooks, and what is said of one that crashed. */
#define _GNU_SOURCE /* sigabbrev_np: a crash is named as people know it */
#include "host/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/children.h"
#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/error.h"
#include "host/runtime.h"
#include "host/shared_state.h"

/* How a worker process ends that came to its own end. Not 0: a task that calls exit(0) ends its worker, too. */
#define STATUS_LEFT 113

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

int process_fork(struct run *run, int32_t worker)
{
    struct children *children = run->children;
    const struct cobench_task *task = run->task;
    const bool hooks = run->knobs.start_method == START_FORK; /* else the task is not open here */
    const pid_t parent = getpid();

    if (children->count == children->capacity)
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

/* The first job, from `job` on, that a worker was running when it ended; FAILURE_NO_JOB if none. */
static uint64_t slots_left_by(const struct run *run, int32_t worker, uint64_t job)
{
    for (; job < run->jobs; job++)
        if (__atomic_load_n(&run->slots[job].state, __ATOMIC_ACQUIRE) == SLOT_RUNNING &&
            run->slots[job].worker == worker)
            return job;
    return FAILURE_NO_JOB;
}

bool process_crashed(struct run *run, int32_t worker, int status)
{
    const uint64_t job = slots_left_by(run, worker, 0);
    const struct dispenser_kind *kind = run->dispenser->kind;
    const bool again = kind && kind->redelivers; /* by another worker */
    struct cobench_error error = {.type = "Crash"};
    char how[64], during[48] = "";

    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        snprintf(how, sizeof how, "was killed by signal %d (%s%s)", WTERMSIG(status), name ? "SIG" : "",
                 name ? name : "unknown");
    } else {
        snprintf(how, sizeof how, "exited with status %d", WEXITSTATUS(status));
    }
    if (job != FAILURE_NO_JOB)
        snprintf(during, sizeof during, " while running job %llu", (unsigned long long)job);
    error_fill(&error, 0, "worker %d %s%s", worker, how, during);
    if (job != FAILURE_NO_JOB && !again)
        run_bury(run, job);
    run_failed(run, again ? FAILURE_NO_JOB : job, worker, -ECHILD, &error);
    for (uint64_t other = job; run->join && other != FAILURE_NO_JOB; other = slots_left_by(run, worker, other + 1))
        if (other != job) { /* which it had begun, too, and that waited */
            run_bury(run, other);
            run_failed(run, other, worker, -ECHILD, &error);
        }
    dispenser_lost(run, (unsigned)worker);
    end_pause_announce(run);
    return again;
}

int process_wait(struct run *run, int32_t *worker)
{
    int status = 0;
    const int rc = children_wait(run->children, worker, &status);
    if (rc || (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_LEFT))
        return rc;
    return process_crashed(run, *worker, status);
}

int process_explain(const struct run *run, struct cobench_error *err)
{
    struct failure failures[FAILURES_MAX];
    if (shared_state_failures(run->shared, failures) == 0)
        return error_fill(err, -ECHILD, "a worker ended before it was open");
    *err = failures[0].error;
    if (failures[0].rc == -ECHILD) /* a crash: the message says all of it */
        err->type[0] = '\0';
    return failures[0].rc;
}

int process_enter(struct run *run, struct worker *w, int32_t id, struct cobench_error *err)
{
    int rc = 0;
    if (run->knobs.start_method == START_SPAWN)
        rc = run_open_task(run, err);
    if (rc) {
        run->shared->unopened++;
        return rc;
    }
    rc = worker_open(w, run, id, COBENCH_WORKER_PROCESS, true, err);
    if (rc && run->knobs.start_method == START_SPAWN)
        run_close_task(run);
    return rc;
}

/* Whether Python's lock is on in a free-threaded build, while the task is open. */
static void lock_note(struct run *run)
{
    struct runtime_python python;
    runtime.python(NULL, &python);
    if (!python.free_threaded || run->serves) /* whose record nobody reads */
        return;
    runtime.python(run->state, &python);
    if (python.gil)
        shared_state_locked(run->shared, python.gil_by);
}

void process_close(struct run *run, struct worker *w)
{
    lock_note(run);
    worker_close(w);
    if (run->knobs.start_method == START_SPAWN)
        run_close_task(run);
}

_Noreturn void process_leave(struct run *run, struct worker *w)
{
    if (w)
        process_close(run, w);
    _exit(STATUS_LEFT);
}
