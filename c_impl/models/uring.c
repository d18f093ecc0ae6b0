/* SPDX-License-Identifier: MIT */
/* uring: async on a loop that waits by io_uring. The loop is a plug-in, as liburing is no other model's. */
#include "host/loop.h"
#include "host/loop_worker.h"
#include "host/models.h"
#include "host/plugin.h"

static int uring_run(struct run *run, struct cobench_error *err)
{
    static const struct plugin plugin = {"plugins/uring.so", LOOP_SYMBOL, LOOP_VERSION,
                                         "uring cannot run here (it is built where liburing-dev is installed)"};
    const void *kind = NULL;
    void *handle = NULL; /* stays loaded: the process is about to end */
    const int rc = plugin_load(&plugin, &kind, &handle, err);
    return rc ? rc : loop_worker_alone(run, kind, err);
}

const struct model model_uring = {
    .name = "uring",
    .about = "async by io_uring in the place of epoll",
    .uses_loop = true,
    .extra = true,
    .run = uring_run,
};
