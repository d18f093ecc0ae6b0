/* SPDX-License-Identifier: MIT */
/* sync: one loop on the calling thread, one job after the other: what the other models are compared with. And how a worker runs
 * that serves the queue of a manager elsewhere. */
#include "host/end_pause.h"
#include "host/models.h"
#include "host/run.h"
#include "host/worker.h"

static int sync_run(struct run *run, struct cobench_error *err)
{
    struct worker worker;
    int rc = worker_open(&worker, run, run->serves_as, 0, true, err);
    if (rc)
        return rc;
    rc = run_gate(run, err);
    if (rc == 0) {
        worker_drain(&worker);
        end_pause_all(&worker);
    }
    worker_close(&worker);
    if (rc == 0)
        run_stamp_work(run);
    return rc;
}

const struct model model_sync = {
    .name = "sync",
    .about = "one loop, one job after the other",
    .joins = true,
    .one_at_a_time = true,
    .run = sync_run,
};
