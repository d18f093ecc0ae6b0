/* SPDX-License-Identifier: MIT */
/* async: one worker, one event loop, up to `workers` jobs in flight. */
#include "host/loop.h"
#include "host/loop_worker.h"
#include "host/models.h"

static int async_run(struct run *run, struct cobench_error *err) { return loop_worker_alone(run, &loop_epoll, err); }

const struct model model_async = {
    .name = "async",
    .about = "one event loop: timers and requests as callbacks",
    .joins = true,
    .uses_loop = true,
    .feeds = true,
    .run = async_run,
};
