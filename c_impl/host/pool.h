/* SPDX-License-Identifier: MIT */
/*
 * A pool: members on threads of their own that open, wait together for the gate, and work until there are no more jobs. What a
 * member is the model says. Whoever starts threads of another kind (OpenMP's) has the same gate from pool_arrive and pool_gate.
 */
#ifndef HOST_POOL_H
#define HOST_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cobench/task.h"

struct run;

enum pool_state { POOL_WAITING, POOL_RUNNING, POOL_GIVEN_UP };

struct pool {
    struct run *run;
    unsigned members;
    pthread_mutex_t lock;
    pthread_cond_t ready, opened;
    /* under lock */
    unsigned arrived; /* members that are open, or have failed to; in the end those that are not through */
    enum pool_state state;
    int rc; /* of the first member that failed */
    struct cobench_error error;
};

/* What a member does, on its own thread. */
struct pool_work {
    size_t size; /* bytes of `own`, zeroed before open */
    /* 0 or a negative errno with the reason; `id` is 0..members-1. What does not open is not closed. */
    int (*open)(void *own, struct run *run, unsigned id, unsigned members, struct cobench_error *err);
    int (*work)(void *own, struct cobench_error *err);
    void (*close)(void *own);
};

/* A model's run with so many members. */
int pool_run(struct run *run, unsigned members, const struct pool_work *work, struct cobench_error *err);

/* Whether so many threads can be alive beside this one: 0, or a negative errno with the limits in err. */
int pool_probe(unsigned members, struct cobench_error *err);

void pool_open(struct pool *pool, struct run *run, unsigned members);
void pool_close(struct pool *pool);
/* Keeps the calling thread, the member `id`, on its CPU where the knob `pin` says so. 0 or a negative errno. */
int pool_pin(const struct run *run, unsigned id, struct cobench_error *err);
/* A member says that it is there, with the rc of its open. */
void pool_arrive(struct pool *pool, int rc, const struct cobench_error *err);
/* Waits for the gate. False: the run does not take place. */
bool pool_wait(struct pool *pool);
/* One thread of all: waits until every member has arrived, has the gate opened and lets them go. 0 or what went wrong. */
int pool_gate(struct pool *pool, struct cobench_error *err);

#endif
