/* SPDX-License-Identifier: MIT */
/*
 * process-pool: workers forked beforehand, all open and with their slots in memory before the gate, that draw or get jobs
 * until there are no more. They start by two pipes. `ready`: each worker writes a byte and closes its end, so that its end of
 * file comes when all are there or dead, and the bytes tell how many are there. `go`: each worker takes one byte; its
 * end of file, also that of a parent that died, means to give up. A third, `over`, of which each closes its end when it is through, ends
 * when all are: until then connections stay, as closing one takes a server time that it would not have for the others' jobs.
 */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/error.h"
#include "host/join.h"
#include "host/limits.h"
#include "host/models.h"
#include "host/process.h"
#include "host/remote_pool.h"
#include "host/run.h"
#include "host/shared_state.h"
#include "host/slots.h"
#include "host/worker.h"

#define REPLACED_MAX 1000u /* workers that die as soon as they start are not started for ever */

struct start_pipes {
    int ready[2], go[2], over[2]; /* -1: closed */
};

static void end_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void start_pipes_close(struct start_pipes *pipes)
{
    end_close(&pipes->ready[0]);
    end_close(&pipes->ready[1]);
    end_close(&pipes->go[0]);
    end_close(&pipes->go[1]);
    end_close(&pipes->over[0]);
    end_close(&pipes->over[1]);
}

static int start_pipes_open(struct start_pipes *pipes, struct cobench_error *err)
{
    *pipes = (struct start_pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (pipe2(pipes->ready, O_CLOEXEC) < 0 || pipe2(pipes->go, O_CLOEXEC) < 0 || pipe2(pipes->over, O_CLOEXEC) < 0) {
        const int rc = -errno;
        start_pipes_close(pipes);
        return error_fill(err, rc, "the pool's pipes cannot be opened: %s", strerror(-rc));
    }
    return 0;
}

/* Reads up to `size` bytes, 0 at the end of file, or a negative errno. */
static ssize_t pipe_read(int fd, void *buffer, size_t size)
{
    ssize_t n;
    do
        n = read(fd, buffer, size);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

static int pipe_write(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
        }
    }
    return 0;
}

static _Noreturn void child_main(struct run *run, struct start_pipes *pipes, int32_t id)
{
    struct worker worker;
    struct cobench_error err;
    char byte = 'r';

    end_close(&pipes->ready[0]);
    end_close(&pipes->go[1]);
    error_clear(&err);
    const int rc = process_enter(run, &worker, id, &err);
    if (rc) {
        run_failed(run, FAILURE_NO_JOB, id, rc, &err);
        process_leave(run, NULL);
    }
    slots_prefault(run->slots, run->jobs);
    const int told = pipe_write(pipes->ready[1], &byte, 1);
    end_close(&pipes->ready[1]);
    if (told == 0 && pipe_read(pipes->go[0], &byte, 1) == 1) {
        worker_drain(&worker);
        end_pause_all(&worker);
        end_close(&pipes->over[1]);
        if (run->transport)
            (void)pipe_read(pipes->over[0], &byte, 1);
    }
    process_leave(run, &worker);
}

static int pool_start(struct run *run, struct start_pipes *pipes, struct cobench_error *err)
{
    for (unsigned i = 0; i < run->workers; i++) {
        const int pid = process_fork(run, (int32_t)i);
        if (pid == 0)
            child_main(run, pipes, (int32_t)i);
        if (pid < 0)
            return limits_explain_start(pid, "a process", i, err);
    }
    return 0;
}

/* Waits until every worker is open or dead. 0 if all are open; else -ECHILD: why stands in the shared state, or will when the
 * workers have been waited for. */
static int pool_warm(struct run *run, struct start_pipes *pipes)
{
    char bytes[256];
    unsigned arrived = 0;
    ssize_t n;

    end_close(&pipes->ready[1]);
    end_close(&pipes->go[0]);
    end_close(&pipes->over[1]);
    while ((n = pipe_read(pipes->ready[0], bytes, sizeof bytes)) > 0)
        arrived += (unsigned)n;
    if (n < 0)
        return (int)n;
    return arrived == run->workers ? 0 : -ECHILD;
}

static int pool_release(struct run *run, struct start_pipes *pipes, struct cobench_error *err)
{
    char bytes[256];
    memset(bytes, 'g', sizeof bytes);
    for (unsigned left = run->workers; left > 0;) {
        const unsigned part = left < sizeof bytes ? left : (unsigned)sizeof bytes;
        const int rc = pipe_write(pipes->go[1], bytes, part);
        if (rc == -EPIPE) /* all have died meanwhile: that is in the shared state soon */
            return 0;
        if (rc)
            return error_fill(err, rc, "the workers cannot be released: %s", strerror(-rc));
        left -= part;
    }
    return 0;
}

/* A worker in the place of one that died, whose job is handed to another. */
static int pool_replace(struct run *run, int32_t id)
{
    struct worker worker;
    struct cobench_error err;
    const int pid = process_fork(run, id);
    if (pid != 0)
        return pid < 0 ? pid : 0;
    error_clear(&err);
    const int rc = process_enter(run, &worker, id, &err);
    if (rc) {
        run_failed(run, FAILURE_NO_JOB, id, rc, &err);
        process_leave(run, NULL);
    }
    worker_drain(&worker);
    end_pause_all(&worker);
    process_leave(run, &worker);
}

/* Where a worker cannot be replaced the others go on; it has been said that it died. */
static int pool_wait(struct run *run, struct cobench_error *err)
{
    unsigned replaced = 0;
    int32_t worker;
    int rc;
    do {
        rc = process_wait(run, &worker);
        if (rc == 0 && run->join)
            join_leave(run->join);
        if (rc == 1 && dispenser_feeds(run) && replaced++ < REPLACED_MAX)
            (void)pool_replace(run, worker);
    } while (rc >= 0);
    return rc == -ECHILD ? 0 : error_fill(err, rc, "waiting for a worker failed: %s", strerror(-rc));
}

static int process_pool_run(struct run *run, struct cobench_error *err)
{
    if (run->placement)
        return remote_pool_run(run, err);
    struct start_pipes pipes;
    struct cobench_error ignored;
    int rc = run_gate_cold(run, err);
    if (rc == 0)
        rc = start_pipes_open(&pipes, err);
    if (rc)
        return rc;
    rc = pool_start(run, &pipes, err);
    if (rc)
        goto out;
    const int warm = pool_warm(run, &pipes);
    rc = warm ? warm : dispenser_gate(run, err);
    if (rc == 0)
        rc = pool_release(run, &pipes, err);
out:
    start_pipes_close(&pipes); /* those still waiting give up */
    int waited = pool_wait(run, rc ? &ignored : err);
    const int fed = dispenser_finish(run, rc || waited ? &ignored : err);
    waited = waited ? waited : fed;
    if (rc == -ECHILD)
        rc = process_explain(run, err);
    else if (rc == 0)
        rc = waited;
    if (rc == 0)
        run_stamp_work(run);
    return rc;
}

const struct model model_process_pool = {
    .name = "process-pool",
    .about = "a fixed number of processes drawing jobs",
    .joins = true,
    .uses_processes = true,
    .feeds = true,
    .run = process_pool_run,
};
