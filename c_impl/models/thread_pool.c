/* SPDX-License-Identifier: MIT */
/* thread-pool: a fixed number of threads, all open and waiting before the gate, that draw jobs until none is left.
 * interpreters: the same with an interpreter of its own for each thread's worker, which is the runtime's business. */
#include "host/end_pause.h"
#include "host/models.h"
#include "host/pool.h"
#include "host/run.h"
#include "host/worker.h"

static int member_open(void *own, struct run *run, unsigned id, unsigned members, struct cobench_error *err)
{
    (void)members;
    return worker_open(own, run, (int32_t)id, 0, true, err);
}

static int member_open_isolated(void *own, struct run *run, unsigned id, unsigned members, struct cobench_error *err)
{
    (void)members;
    return worker_open(own, run, (int32_t)id, COBENCH_WORKER_ISOLATED, true, err);
}

static int member_work(void *own, struct cobench_error *err)
{
    (void)err;
    worker_drain(own);
    end_pause_all(own);
    return 0;
}

static void member_close(void *own) { worker_close(own); }

static int thread_pool_run(struct run *run, struct cobench_error *err)
{
    static const struct pool_work work = {
        .size = sizeof(struct worker), .open = member_open, .work = member_work, .close = member_close};
    return pool_run(run, run->workers, &work, err);
}

static int interpreters_run(struct run *run, struct cobench_error *err)
{
    static const struct pool_work work = {
        .size = sizeof(struct worker), .open = member_open_isolated, .work = member_work, .close = member_close};
    return pool_run(run, run->workers, &work, err);
}

const struct model model_thread_pool = {
    .name = "thread-pool",
    .about = "a fixed number of threads drawing jobs",
    .joins = true,
    .feeds = true,
    .run = thread_pool_run,
};

const struct model model_interpreters = {
    .name = "interpreters",
    .about = "a fixed number of threads, each with an interpreter and a lock of its own",
    .joins = true,
    .isolates = true,
    .run = interpreters_run,
};
