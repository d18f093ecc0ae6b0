/* SPDX-License-Identifier: MIT */
/* The models of this host: how the jobs are run at the same time. Each is written once and knows no task by name. */
#ifndef HOST_MODELS_H
#define HOST_MODELS_H

#include <stdbool.h>

#include "host/run.h"
#include "host/runtime.h"

struct model {
    const char *name;
    const char *about;    /* one line */
    bool uses_processes;  /* start methods apply */
    bool uses_loop;       /* waits on an event loop */
    bool loop_a_cpu;      /* on several: limits_loops */
    bool one_at_a_time;   /* ignores workers: a baseline */
    bool extra;           /* the driver runs it only where it is named */
    bool engine;          /* the ranks of a job run all jobs (rank.h): the task is not opened in this process */
    bool isolates;        /* each worker has an interpreter of its own, so that only some runtimes have it */
    bool remote;          /* its workers can be on other hosts (run->placement) */
    const char *services; /* that it needs (run_service), "a|b"; NULL: none */
    bool joins;           /* a job can wait for others */
    bool feeds;           /* its workers can be handed jobs by any dispenser; else they draw from the counter */
    /*
     * Sets up, calls run_gate(), runs every job the dispenser hands out, stamps run->work_ns, tears down. Returns 0
     * also when jobs failed (they are in the shared state); a negative errno when the model itself could not go on,
     * with the reason in err. -EAGAIN, -ENOMEM, -EMFILE at set-up mean: not possible here.
     */
    int (*run)(struct run *run, struct cobench_error *err);
};

/* One row per model, in the order of the list: a new one is a row here and a file in c_impl/models/ that defines
 * `const struct model model_NAME`. */
#define MODELS(row)                                                                                                   \
    row(sync) row(threads) row(thread_pool) row(processes) row(process_pool) row(async) row(async_threads) row(uring) \
        row(openmp) row(mpi) row(interpreters)

#define MODEL_DECLARE(name) extern const struct model model_##name;
MODELS(MODEL_DECLARE)

/* The rows as a table that ends with NULL. */
extern const struct model *const models[];

/* Whether this runtime has it. */
static inline bool model_is_here(const struct model *model) { return !model->isolates || runtime.isolates; }

/* Whether one that it has can run here: 0, or a limit as a negative errno with the reason in err. */
static inline int model_check(const struct model *model, struct cobench_error *err)
{
    return model->isolates ? runtime.isolates(err) : 0;
}

#endif
