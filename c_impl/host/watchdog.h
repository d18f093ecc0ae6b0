/* SPDX-License-Identifier: MIT */
/*
 * The watchdog: a thread that sleeps until the run's time is up or SIGINT, SIGTERM or SIGHUP comes, because the thread
 * that runs the model may be inside a task and deaf to both. It does nothing itself but call `bark`, which must end the
 * process.
 */
#ifndef HOST_WATCHDOG_H
#define HOST_WATCHDOG_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

#define WATCHDOG_LOOK_NS (100 * NS_PER_MS)

struct watchdog {
    int64_t deadline_ns;                 /* CLOCK_MONOTONIC */
    void (*bark)(void *arg, int signal); /* signal 0: the time is up. On the watchdog's thread; does not return */
    /* Every WATCHDOG_LOOK_NS: whether to bark as if the time were up. On its thread, too; NULL: none. */
    bool (*look)(void *arg);
    void *arg;
    sigset_t before; /* signals blocked before watchdog_start: what children get back */
    /* its own */
    sigset_t watched;
    atomic_flag decided;
    pthread_t thread;
};

/* Blocks the signals in this thread, hence in those it starts later, and starts to watch. The fields down to `arg` are
 * filled in. 0 or a negative errno. */
int watchdog_start(struct watchdog *watchdog);

/* Ends the watch: after it returns there will be no bark for the time. Where the dog was faster, it does not return. */
void watchdog_stop(struct watchdog *watchdog);

#endif
