/* SPDX-License-Identifier: MIT */
/* The clocks of cobench, in integer nanoseconds: CLOCK_MONOTONIC for all times, and a process's own CPU time. */
#ifndef COBENCH_CLOCK_H
#define COBENCH_CLOCK_H

#include <errno.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

/* Now. Cannot fail: the clock exists on every Linux and the pointer is good. */
static inline int64_t clock_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The CPU time of this process so far, of all its threads. */
static inline int64_t clock_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static inline struct timespec clock_timespec(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

/* Sleeps until an instant of the clock, or not at all where it is past; signals do not cut it short. 0 or a negative
 * errno, of which only a negative instant is one. */
static inline int clock_sleep_until(int64_t ns)
{
    const struct timespec until = clock_timespec(ns);
    int rc;
    do
        rc = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    while (rc == EINTR);
    return -rc;
}

#endif
