/* SPDX-License-Identifier: MIT */
/* Bare functions, as a user would write them: no task. */
#define _GNU_SOURCE /* usleep, pthread_getattr_np, sched_getaffinity */
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

uint64_t threefold(uint64_t job);
uint64_t nap(uint64_t job);
uint64_t mixed(uint64_t job);
uint64_t stack_size(uint64_t job);
uint64_t cpu_mask(uint64_t job);
uint64_t crossed(uint64_t job);
int parse(const char *line, size_t length, uint64_t *result);

uint64_t threefold(uint64_t job) { return 3 * job; }

uint64_t nap(uint64_t job)
{
    usleep(20000);
    return job;
}

/* Waits for a millisecond and computes for 50. */
uint64_t mixed(uint64_t job)
{
    usleep(1000);
    const clock_t until = clock() + CLOCKS_PER_SEC / 20;
    while (clock() < until)
        continue;
    return job;
}

/* Of the thread that it is called in: on which of the first 64 CPUs it may run. */
uint64_t cpu_mask(uint64_t job)
{
    cpu_set_t set;
    uint64_t mask = 0;
    (void)job;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 0;
    for (unsigned cpu = 0; cpu < 64; cpu++)
        mask |= (uint64_t)CPU_ISSET(cpu, &set) << cpu;
    return mask;
}

/* Likewise. */
uint64_t stack_size(uint64_t job)
{
    pthread_attr_t attributes;
    size_t size = 0;
    (void)job;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return 0;
    pthread_attr_getstacksize(&attributes, &size);
    pthread_attr_destroy(&attributes);
    return size;
}

/* The number in a line that is not empty, and how long that is. The line ends with a NUL. */
int parse(const char *line, size_t length, uint64_t *result)
{
    *result = strtoull(line, NULL, 10) * 10 + length;
    return length == 0 ? -1 : 0;
}

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;

/* Takes two locks, jobs of odd numbers in the other order. */
uint64_t crossed(uint64_t job)
{
    pthread_mutex_t *first = job % 2 ? &right : &left, *second = job % 2 ? &left : &right;
    pthread_mutex_lock(first);
    usleep(20000);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    return job;
}
