/* SPDX-License-Identifier: MIT */
/*
 * Locks that threads and forked processes share, for tasks whose jobs change something in common. They are pthread mutexes that
 * know which job holds them and which job waits for which: so a job can say how long it has waited for locks, and a circle of
 * jobs each of which waits for what the next one holds, in which a run would hang, is the failure of one of them ("Deadlock").
 * The counterpart in Python is py_impl/tasks/lib/locks.py.
 *
 * A lock that is free costs a trylock and a store; no clock is read. Any thread; a struct locks_user is its worker's own.
 */
#ifndef TASKS_LIB_LOCKS_H
#define TASKS_LIB_LOCKS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "cobench/task.h"

/* On a cache line of its own. */
struct lock {
    _Alignas(64) pthread_mutex_t mutex;
    _Atomic uint64_t holder; /* the job that has it, and 1; 0: none has */
};

struct locks {
    const char *noun; /* what a message calls one of them: "account" */
    uint32_t count;
    uint64_t jobs;
    int64_t look_ns; /* a job that has waited that long looks for a circle, and again each time; 100 ms of locks_open */
    struct lock *lock;        /* `count` of them, shared */
    _Atomic uint32_t *awaits; /* shared: of each job the lock that it waits for, and 1; 0: it waits for none */
};

/* Who takes them: what a task's worker is, or begins with. */
struct locks_user {
    uint64_t job;       /* the task's `run` fills it in, */
    uint64_t waited_ns; /* and empties this: how long the job has waited for locks */
};

/* In the task's `open`: `count` locks, all free, and room for who waits of so many jobs. 0 or a negative errno. */
int locks_open(struct locks *locks, const char *noun, uint32_t count, uint64_t jobs, struct cobench_error *err);
void locks_close(struct locks *locks);

/* Takes lock `number`, waiting for it where another job has it. -EDEADLK: it waits for one of this job's locks, by way of others
 * or not; `err` says who waits for whom, and this lock is not taken. What the job holds it has to give back then. */
int locks_take(struct locks *locks, uint32_t number, struct locks_user *user, struct cobench_error *err);
void locks_give(struct locks *locks, uint32_t number);

/* A task's functions of these names, where its worker is a struct locks_user. */
int locks_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err);
void locks_worker_close(void *state, void *worker);
uint64_t locks_waited(void *state, void *worker);

#endif
