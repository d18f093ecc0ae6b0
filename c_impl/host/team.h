/* SPDX-License-Identifier: MIT */
/* A parallel loop of OpenMP's behind pointers (c_impl/plugins/openmp.c), so that only the model that has one loads the library. */
#ifndef HOST_TEAM_H
#define HOST_TEAM_H

#include <stdbool.h>
#include <stdint.h>

#define TEAM_VERSION 1u
#define TEAM_SYMBOL  "cobench_team"

struct team_loop {
    unsigned threads; /* wanted, the calling one among them */
    uint64_t jobs;
    /* On each thread 0..got-1 at first, with how many there are; what it returns is the same on all. */
    bool (*begin)(void *arg, unsigned id, unsigned got);
    void (*job)(void *arg, unsigned id, uint64_t job); /* each job once, on any thread; none where begin was false */
    void (*end)(void *arg, unsigned id, bool begun);   /* on each thread when there are no more jobs */
    void *arg;
};

struct team {
    uint32_t version; /* TEAM_VERSION */
    void (*run)(const struct team_loop *loop);
};

#endif
