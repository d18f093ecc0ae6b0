/* SPDX-License-Identifier: MIT */
/* A bare function of a library that has a thread from the start, which holds a lock for nearly all of the time. */
#define _GNU_SOURCE /* usleep */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

uint64_t guarded(uint64_t job);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic bool held; /* it has been, once */

static void *refresh(void *unused)
{
    (void)unused;
    for (;;) {
        pthread_mutex_lock(&lock);
        held = true;
        usleep(50000);
        pthread_mutex_unlock(&lock);
        usleep(500);
    }
    return NULL;
}

__attribute__((constructor)) static void start(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, refresh, NULL))
        return;
    pthread_detach(thread);
    while (!held)
        usleep(100);
}

uint64_t guarded(uint64_t job)
{
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    return job;
}
