/* SPDX-License-Identifier: MIT */
/*
 * openmp: a parallel loop over the jobs, in which OpenMP hands out each iteration as a thread is free. Its threads are there and
 * their workers open before the gate, as those of the other pools. The loop is a plug-in, as OpenMP's start-up is no other model's.
 */
#include <errno.h>
#include <stdlib.h>

#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/error.h"
#include "host/models.h"
#include "host/plugin.h"
#include "host/pool.h"
#include "host/run.h"
#include "host/team.h"
#include "host/worker.h"

struct member {
    _Alignas(64) struct worker worker;
    bool opened;
};

struct crowd {
    struct pool pool;
    struct member *members;
    int rc; /* of thread 0, which opens the gate */
    struct cobench_error error;
};

static bool member_begin(void *arg, unsigned id, unsigned got)
{
    struct crowd *c = arg;
    struct cobench_error err;
    if (got != c->pool.members) {
        if (id == 0)
            c->rc = error_fill(&c->error, -EAGAIN,
                               "OpenMP has %u threads where %u are wanted (OMP_THREAD_LIMIT, OMP_DYNAMIC)", got,
                               c->pool.members);
        return false;
    }
    error_clear(&err);
    int rc = pool_pin(c->pool.run, id, &err);
    if (rc == 0)
        rc = worker_open(&c->members[id].worker, c->pool.run, (int32_t)id, 0, true, &err);
    c->members[id].opened = rc == 0;
    pool_arrive(&c->pool, rc, &err);
    if (id == 0)
        c->rc = pool_gate(&c->pool, &c->error);
    return pool_wait(&c->pool);
}

/* In an open loop the iteration is a turn, and the schedule says whose. */
static void member_job(void *arg, unsigned id, uint64_t job)
{
    struct crowd *c = arg;
    struct dispenser *dispenser = c->pool.run->dispenser;
    if (!dispenser->slots || dispenser_next(dispenser, id, &job))
        worker_job(&c->members[id].worker, job);
}

static void member_end(void *arg, unsigned id, bool begun)
{
    struct member *m = &((struct crowd *)arg)->members[id];
    if (begun)
        end_pause_all(&m->worker);
    if (m->opened)
        worker_close(&m->worker);
    m->opened = false;
}

/* A thread that cannot be started would end the process from within OpenMP. */
static int team_load(unsigned threads, const struct team **team, struct cobench_error *err)
{
    static const struct plugin plugin = {
        "plugins/openmp.so", TEAM_SYMBOL, TEAM_VERSION,
        "openmp cannot run here (it is built where the compiler has it, and needs its library)"};
    const void *found = NULL;
    void *handle = NULL; /* stays loaded: the library's threads live on in it */
    const int rc = plugin_load(&plugin, &found, &handle, err);
    *team = found;
    return rc || threads == 1 ? rc : pool_probe(threads - 1, err);
}

static int openmp_run(struct run *run, struct cobench_error *err)
{
    const struct team *team = NULL;
    struct crowd c = {.rc = 0};
    int rc = team_load(run->workers, &team, err);
    if (rc)
        return rc;
    c.members = aligned_alloc(64, run->workers * sizeof *c.members);
    if (!c.members)
        return error_fill(err, -ENOMEM, "out of memory for %u threads", run->workers);
    for (unsigned i = 0; i < run->workers; i++)
        c.members[i] = (struct member){.opened = false};
    pool_open(&c.pool, run, run->workers);
    team->run(&(struct team_loop){.threads = run->workers,
                                  .jobs = run->jobs,
                                  .begin = member_begin,
                                  .job = member_job,
                                  .end = member_end,
                                  .arg = &c});
    pool_close(&c.pool);
    free(c.members);
    rc = c.rc;
    if (rc)
        *err = c.error;
    else
        run_stamp_work(run);
    return rc;
}

const struct model model_openmp = {
    .name = "openmp",
    .about = "a parallel loop of OpenMP, schedule(dynamic, 1)",
    .joins = true,
    .extra = true,
    .run = openmp_run,
};
