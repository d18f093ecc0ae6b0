/* SPDX-License-Identifier: MIT */
/* What the samples of a run are taken with. */
#ifndef BENCH_RUN_BENCH_H
#define BENCH_RUN_BENCH_H

#include "bench/machine/interference.h"
#include "bench/plan/plan.h"
#include "bench/process/supervisor.h"
#include "bench/protocol/catalog.h"
#include "bench/protocol/paths.h"
#include "bench/run/origin_process.h"

/* All borrowed. */
struct bench {
    const struct paths *paths;
    const struct catalog *catalog;
    const struct plan *plan;
    struct supervisor *supervisor;
    const char *scratch;
    const char *tasks_dir;       /* NULL: none */
    const struct origin *origin; /* NULL: not started */
    const struct interference_watch *watch;
};

#endif
