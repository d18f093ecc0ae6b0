/* SPDX-License-Identifier: MIT */
/* an-example: `workers` threads, started when the gate is open, that draw jobs until none is left. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "host/end_pause.h"
#include "host/error.h"
#include "host/limits.h"
#include "host/models.h"
#include "host/run.h"
#include "host/shared_state.h"
#include "host/worker.h"

struct member {
    struct run *run;
    pthread_t thread;
    int32_t id;
};

static void *member_main(void *arg)
{
    struct member *member = arg;
    struct worker worker;
    struct cobench_error err;

    error_clear(&err);
    const int rc = worker_open(&worker, member->run, member->id, 0, true, &err);
    if (rc) {
        run_failed(member->run, FAILURE_NO_JOB, member->id, rc, &err);
        return NULL;
    }
    worker_drain(&worker);
    end_pause_all(&worker);
    worker_close(&worker);
    return NULL;
}

static int an_example_run(struct run *run, struct cobench_error *err)
{
    struct member *members = calloc(run->workers, sizeof *members);
    unsigned started = 0;

    if (!members)
        return error_fill(err, -ENOMEM, "out of memory for %u threads", run->workers);
    /* What is before the gate is set-up, what is after it is work. */
    int rc = run_gate(run, err);
    for (; rc == 0 && started < run->workers; started++) {
        members[started] = (struct member){.run = run, .id = (int32_t)started};
        rc = -pthread_create(&members[started].thread, NULL, member_main, &members[started]);
        if (rc) {
            rc = limits_explain_start(rc, "a thread", started, err);
            break;
        }
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(members[i].thread, NULL);
    if (rc == 0)
        run_stamp_work(run);
    free(members);
    return rc;
}

const struct model model_an_example = {
    .name = "an-example",
    .about = "threads that start with the work and draw jobs",
    .run = an_example_run,
};
