/* SPDX-License-Identifier: MIT */
/*
 * The worker processes that are alive: who they are, waiting for them, and ending them all. The thread that forks and
 * waits is one; children_kill may be called by another one (the watchdog).
 */
#ifndef HOST_CHILDREN_H
#define HOST_CHILDREN_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    int32_t worker;
};

struct children {
    pthread_mutex_t lock; /* around fork and reaping: a pid in the list is alive or a zombie, never another's */
    struct child *list;   /* in no order */
    unsigned count, capacity;
};

/* For up to `capacity` children at once. 0 or a negative errno. */
int children_open(struct children *children, unsigned capacity);
void children_close(struct children *children);

/* Waits until a child has ended and reaps it. 0, or -ECHILD when there is none left, or another negative errno. */
int children_wait(struct children *children, int32_t *worker, int *status);

/* Kills all that are alive, for children_wait to reap. By any thread. */
void children_terminate(struct children *children);

/* Kills and reaps all. No child can be started any more: the caller is about to end the process. */
void children_kill(struct children *children);

#endif
