/* SPDX-License-Identifier: MIT */
/*
 * Starts `HOST worker` on the hosts, with the words of this host's own `run`, waits until all have said that they are up, and then for
 * their ends. One that dies is not replaced: what it had goes to the others.
 */
#include "host/remote_pool.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/args.h"
#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/error.h"
#include "host/remote.h"
#include "host/shared_state.h"

#define UP_NS    (60 * NS_PER_S) /* until all have to be up */
#define POLL_NS  (10 * NS_PER_MS)
#define GRACE_NS (5 * NS_PER_S) /* for those that are left when the last job has ended, or the run has failed */

/* Starts them; they are up when gather says so. */
static int workers_start(struct run *run, struct remote *remote, struct cobench_error *err)
{
    const struct dispenser *d = run->dispenser;
    char host[PATH_MAX] = "", here[PATH_MAX], *text = NULL, **own = NULL;
    const char **words = NULL;
    size_t count = 0;
    int rc = args_own_words(&text, &own, &count, err);
    if (rc == 0 && (readlink("/proc/self/exe", host, sizeof host - 1) < 0 || !getcwd(here, sizeof here)))
        rc = error_fill(err, -errno, "this program or its folder cannot be named: %s", strerror(errno));
    if (rc == 0 && !(words = calloc(count + 7, sizeof *words)))
        rc = error_fill(err, -ENOMEM, "out of memory");
    if (rc == 0) {
        memcpy(words, (const char *[]){host, "worker", "--queue", d->kind->queue(d->state), "--worker", "{worker}"},
               6 * sizeof *words);
        memcpy(words + 6, own, count * sizeof *words);
        const struct remote_plan plan = {.placement = run->placement,
                                         .launcher = run->launcher,
                                         .workers = run->workers,
                                         .directory = here,
                                         .words = words};
        rc = remote_start(&plan, clock_now_ns() + UP_NS, remote, err);
    }
    free(words);
    free(own);
    free(text);
    return rc;
}

static const char *how(int status, char *text, size_t size)
{
    if (status < 0)
        return "was lost with its host, or the way to it";
    snprintf(text, size, status > 128 ? "was killed by signal %d" : "ended with status %d", status & 127);
    return text;
}

static int workers_gather(struct run *run, struct remote *remote, struct cobench_error *err)
{
    const struct dispenser *d = run->dispenser;
    const int64_t until = clock_now_ns() + UP_NS;
    struct remote_ended ended;
    char text[48];
    for (;;) {
        const int rc = d->kind->gather(d->state, err);
        if (rc != 0)
            return rc < 0 ? rc : 0;
        if (remote_next_ended(remote, &ended))
            return error_fill(err, -ECHILD, "worker %u on host %.64s %s before it was up", ended.worker, ended.host,
                              how(ended.status, text, sizeof text));
        if (clock_now_ns() > until)
            return error_fill(err, -ETIMEDOUT, "not all workers on the hosts came up within %d s",
                              (int)(UP_NS / NS_PER_S));
    }
}

struct pool {
    struct run *run;
    struct remote remote;
    bool *ended; /* of each worker */
    unsigned left;
};

/* A worker has ended: notes it where that was no end of its own, and lets its jobs go to others. */
static void worker_ended(struct pool *pool, unsigned worker, const struct remote_ended *ended)
{
    struct cobench_error error = {.type = "Crash"};
    char text[48];
    if (pool->ended[worker])
        return;
    pool->ended[worker] = true;
    pool->left--;
    if (ended->status == 0)
        return;
    error_fill(&error, 0, "worker %u on host %.64s %s", worker, ended->host, how(ended->status, text, sizeof text));
    run_failed(pool->run, FAILURE_NO_JOB, (int32_t)worker, -ECHILD, &error);
    dispenser_lost(pool->run, worker);
}

/* An agent that has gone takes along all that had not ended. */
static void ended_take(struct pool *pool, const struct remote_ended *ended)
{
    for (size_t h = 0; ended->status < 0 && h < pool->remote.count; h++) {
        const struct remote_host *host = &pool->remote.hosts[h];
        for (unsigned i = 0; host->first == ended->worker && i < host->count; i++)
            worker_ended(pool, host->first + i, ended);
    }
    if (ended->status >= 0 && ended->worker < pool->run->workers)
        worker_ended(pool, ended->worker, ended);
}

/* Until all have ended, or those that have not are cut off: the last job has ended, and they do not take the end. */
static void workers_wait(struct pool *pool)
{
    struct run *run = pool->run;
    struct cobench_error error = {.type = "Stalled"};
    struct remote_ended ended;
    int64_t until = INT64_MAX;
    while (pool->left > 0 && clock_now_ns() < until) {
        if (remote_next_ended(&pool->remote, &ended)) {
            ended_take(pool, &ended);
            continue;
        }
        if (until == INT64_MAX && run->shared->ended >= run->jobs)
            until = clock_now_ns() + GRACE_NS;
        (void)clock_sleep_until(clock_now_ns() + POLL_NS); /* cannot fail */
    }
    if (pool->left == 0)
        return;
    error_fill(&error, 0, "%u workers on other hosts did not end within %d s of the last job", pool->left,
               (int)(GRACE_NS / NS_PER_S));
    run_failed(run, FAILURE_NO_JOB, -1, -ECHILD, &error);
}

int remote_pool_run(struct run *run, struct cobench_error *err)
{
    struct pool pool = {.run = run, .left = run->workers, .ended = calloc(run->workers, sizeof *pool.ended)};
    int rc = pool.ended ? run_gate_cold(run, err) : error_fill(err, -ENOMEM, "out of memory");
    if (rc == 0)
        rc = workers_start(run, &pool.remote, err);
    if (rc)
        goto out;
    rc = workers_gather(run, &pool.remote, err);
    if (rc == 0)
        rc = dispenser_gate(run, err);
    if (rc == 0) {
        workers_wait(&pool);
        rc = dispenser_finish(run, err);
        end_pause_host(run);
    }
    remote_end(&pool.remote, GRACE_NS);
    if (rc == 0)
        run_stamp_work(run);
out:
    free(pool.ended);
    return rc;
}
