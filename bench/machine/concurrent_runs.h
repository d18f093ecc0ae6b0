/* SPDX-License-Identifier: MIT */
/*
 * Two runs at once disturb each other, and neither can tell it from its own numbers. So each says that it is measuring:
 * a file in a folder that all users of the machine share, locked (flock) for as long as the run measures. A lock ends
 * with its process, however that ends, so a killed run is seen to be one. A run that met others leaves its file with
 * the time of its end: a longer one that polls later finds it, and a later one takes it away.
 *
 * Seen are runs with the same /tmp: not those in another container. Nothing here ever fails a run.
 */
#ifndef BENCH_MACHINE_CONCURRENT_RUNS_H
#define BENCH_MACHINE_CONCURRENT_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/util/error.h"

/* Another run, and when both were measuring; microseconds since the epoch. */
struct concurrent_run {
    pid_t pid;
    uid_t user;
    int64_t began_us; /* with the pid it tells one run from another */
    int64_t from_us, until_us;
    bool alive; /* the last time */
    bool over;
};

/* Told of a run when it is first seen (`over` false) and when it or this one has ended. 0, or a negative errno that ends
 * the search. */
typedef int concurrent_runs_tell(void *arg, const struct concurrent_run *other, bool over, struct error *err);

struct concurrent_runs {
    char *folder, *path; /* of all runs' files; of this run's */
    int fd;              /* of this run's, locked; -1: it cannot say that it is there, and searches for nobody */
    int64_t began_us;
    struct concurrent_run *items;
    size_t count;
    concurrent_runs_tell *tell;
    void *arg; /* of tell */
};

/* Says that this run measures from now on, and searches for others. The folder is /tmp/cobench-runs, or what COBENCH_RUNS
 * says. concurrent_runs_close is needed in every case. All three return 0 or what `tell` did. */
int concurrent_runs_open(struct concurrent_runs *n, concurrent_runs_tell *tell, void *arg, struct error *err);
/* Searches again. */
int concurrent_runs_poll(struct concurrent_runs *n, struct error *err);
/* Searches for the last time and takes this run's file away, or leaves it for those who were there at the same time. */
int concurrent_runs_close(struct concurrent_runs *n, struct error *err);

#endif
