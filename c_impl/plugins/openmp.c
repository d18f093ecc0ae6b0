/* SPDX-License-Identifier: MIT */
/* The parallel loop, as people write it: one region, schedule(dynamic, 1). The only file that is compiled with -fopenmp. */
#include <omp.h>

#include "host/team.h"

static void team_run(const struct team_loop *loop)
{
#pragma omp parallel num_threads((int)loop->threads)
    {
        const unsigned id = (unsigned)omp_get_thread_num();
        const bool begun = loop->begin(loop->arg, id, (unsigned)omp_get_num_threads());
        if (begun) { /* on all threads or on none */
#pragma omp for schedule(dynamic, 1) nowait
            for (uint64_t job = 0; job < loop->jobs; job++)
                loop->job(loop->arg, id, job);
        }
        loop->end(loop->arg, id, begun);
    }
}

const struct team cobench_team = {.version = TEAM_VERSION, .run = team_run};
