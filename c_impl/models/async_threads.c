/* SPDX-License-Identifier: MIT */
/* async-threads: an event loop a CPU, each on a thread of its own with its own connections. The `workers` jobs in flight are spread
 * over the loops evenly; which loop runs a job is settled when it is drawn. */
#include <errno.h>

#include "host/limits.h"
#include "host/loop.h"
#include "host/error.h"
#include "host/loop_worker.h"
#include "host/models.h"
#include "host/pool.h"

static int member_open(void *own, struct run *run, unsigned id, unsigned members, struct cobench_error *err)
{
    const struct loop_worker_options how = {.run = run,
                                            .kind = &loop_epoll,
                                            .id = id,
                                            .in_flight = run->workers / members + (id < run->workers % members),
                                            .connections = run->connections / members +
                                                           (id < run->connections % members)};
    return loop_worker_open(own, &how, err);
}

static int member_work(void *own, struct cobench_error *err) { return loop_worker_drain(own, err); }

static void member_close(void *own) { loop_worker_close(own); }

static int async_threads_run(struct run *run, struct cobench_error *err)
{
    static const struct pool_work work = {
        .size = sizeof(struct loop_worker), .open = member_open, .work = member_work, .close = member_close};
    const unsigned loops = limits_loops(&model_async_threads, run->workers);
    if (run->connections > 0 && run->connections < loops)
        return error_fill(err, -ENOSYS, "--connections %u: there are %u event loops, each with its own",
                          run->connections, loops);
    return pool_run(run, loops, &work, err);
}

const struct model model_async_threads = {
    .name = "async-threads",
    .about = "an event loop a CPU, each on a thread",
    .uses_loop = true,
    .loop_a_cpu = true,
    .extra = true,
    .run = async_threads_run,
};
