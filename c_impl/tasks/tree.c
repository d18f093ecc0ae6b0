/* SPDX-License-Identifier: MIT */
/* tree: fork and join over a binary tree: each job waits for its two children, the leaves for nobody. `steps` is the grain, what each of
 * them computes besides. */
#include <stdlib.h>

#include "cobench/task.h"
#include "tasks/lib/needs.h"
#include "tasks/lib/steps.h"

static int tree_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    return needs_open(how, sizeof(struct needs), 2, (uint64_t)how->values[0].number, state);
}

static int tree_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    const struct needs *needs = state;
    uint64_t *children = worker;
    size_t count = 0;
    (void)err;
    for (uint64_t child = 2 * job + 1; child <= 2 * job + 2 && child < needs->jobs; child++)
        children[count++] = child;
    needs_ask(children, count, ask);
    return 0;
}

static const struct cobench_param params[] = {STEPS_PARAM("25000"), {.key = NULL}};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_JOBS,
    .name = "tree",
    .about = "fork and join: each job waits for its two children in a binary tree",
    .default_jobs = 1023,
    .params = params,
    .open = tree_open,
    .close = free,
    .worker_open = needs_worker_open,
    .worker_close = needs_worker_close,
    .request = tree_request,
    .run = needs_run,
};
