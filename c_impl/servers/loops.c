/* SPDX-License-Identifier: MIT */
/* Servers on event loops: one a worker, each on a thread of its own. */
#include "host/loop.h"
#include "host/loop_worker.h"
#include "host/pool.h"
#include "servers/servers.h"

static int member_open(void *own, struct run *run, unsigned id, unsigned members, struct cobench_error *err)
{
    const struct loop_worker_options how = {.run = run,
                                            .kind = &loop_epoll,
                                            .id = id,
                                            .in_flight = (unsigned)(run->jobs / members),
                                            .connections = run->connections / members +
                                                           (id < run->connections % members)};
    return loop_worker_open(own, &how, err);
}

static int member_work(void *own, struct cobench_error *err) { return loop_worker_drain(own, err); }

static void member_close(void *own) { loop_worker_close(own); }

static int loops_run(struct run *run, struct cobench_error *err)
{
    static const struct pool_work work = {
        .size = sizeof(struct loop_worker), .open = member_open, .work = member_work, .close = member_close};
    return pool_run(run, run->workers, &work, err);
}

const struct model model_server_loops = {
    .name = "async-threads",
    .about = "an event loop a worker, each on a thread",
    .uses_loop = true,
    .run = loops_run,
};
