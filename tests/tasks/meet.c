/* SPDX-License-Identifier: MIT */
/* Jobs that wait for one another: none ends before all have begun. Done only where they really run side by side, in
 * threads of one process; where one lock kept them apart, they fail when their patience is over. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "cobench/task.h"

struct meet {
    uint64_t jobs;
    int64_t patience_ms;
    _Atomic uint64_t here;
};

static int meet_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    struct meet *meet = malloc(sizeof *meet);
    if (!meet)
        return -ENOMEM;
    meet->jobs = how->jobs;
    meet->patience_ms = how->values[0].number;
    atomic_init(&meet->here, 0);
    *state = meet;
    return 0;
}

static void meet_close(void *state) { free(state); }

static int meet_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                    struct cobench_error *err)
{
    (void)worker, (void)reply, (void)err;
    struct meet *meet = state;
    const struct timespec pause = {.tv_nsec = 1000000};
    atomic_fetch_add(&meet->here, 1);
    for (int64_t waited = 0; atomic_load(&meet->here) < meet->jobs; waited++) {
        if (waited == meet->patience_ms)
            return -ETIMEDOUT;
        nanosleep(&pause, NULL);
    }
    *result = job;
    return 0;
}

static const struct cobench_param meet_params[] = {
    {.key = "patience",
     .type = COBENCH_PARAM_INT,
     .fallback = "20000",
     .min = 0,
     .max = 60000,
     .about = "in milliseconds"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "meet",
    .about = "jobs that wait for one another, for tests",
    .default_jobs = 2,
    .params = meet_params,
    .open = meet_open,
    .close = meet_close,
    .run = meet_run,
};
