/* SPDX-License-Identifier: MIT */
/* `distance`: floating point. Summed in order, without fused multiply-adds, so that both languages round alike. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "cobench/task.h"

struct distance {
    uint64_t size, jobs;
};

static uint64_t distance_sum(uint64_t first, uint64_t last)
{
    double total = 0.0;
    for (uint64_t p = first; p < last; p++) {
        const double d = (double)p - 1e6;
        total += sqrt(d * d);
    }
    return (uint64_t)total;
}

static int distance_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    struct distance *distance = malloc(sizeof *distance);
    if (!distance)
        return -ENOMEM;
    *distance = (struct distance){.size = (uint64_t)how->values[0].number, .jobs = how->jobs};
    *state = distance;
    return 0;
}

static void distance_close(void *state) { free(state); }

static int distance_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                        struct cobench_error *err)
{
    (void)worker, (void)reply, (void)err;
    const struct distance *distance = state;
    uint64_t first, last;
    cobench_slice(distance->size, job, distance->jobs, &first, &last);
    *result = distance_sum(first, last);
    return 0;
}

static const struct cobench_param distance_params[] = {
    {.key = "size",
     .type = COBENCH_PARAM_INT,
     .fallback = "10000000",
     .min = 0,
     .max = 1000000000,
     .about = "points in all, shared by the jobs"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "distance",
    .about = "sum of square roots over the job's slice of a range",
    .default_jobs = 8,
    .splits = 1,
    .params = distance_params,
    .open = distance_open,
    .close = distance_close,
    .run = distance_run,
};
