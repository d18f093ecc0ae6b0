/* SPDX-License-Identifier: MIT */
/*
 * A loop that waits by epoll, the only file that knows it: one set for the descriptors, one timerfd for all timers. A timerfd
 * rather than epoll_wait's own timeout, because that one counts whole milliseconds and is subject to the thread's timer slack:
 * either would be part of every measured delay.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/error.h"
#include "host/loop.h"

#define BATCH     256        /* events fetched at once */
#define TIMER_TAG UINT64_MAX /* the timerfd's own event; no descriptor is that large */

struct epoll_loop {
    struct loop base;
    int epoll_fd, timer_fd;
    int64_t armed_ns; /* when the timerfd goes off, LOOP_NEVER: it does not */
};

static struct epoll_loop *of(struct loop *base) { return (struct epoll_loop *)base; }

/* Adds or changes, whichever the kernel's set needs: it forgets a descriptor by itself when that is closed. */
static int epoll_register(const struct epoll_loop *loop, int fd, bool known, struct epoll_event *event)
{
    if (epoll_ctl(loop->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, event) == 0)
        return 0;
    if (known && errno == ENOENT && epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, event) == 0)
        return 0;
    if (!known && errno == EEXIST && epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, event) == 0)
        return 0;
    return -errno;
}

static int epoll_watch(struct loop *base, uint64_t before, uint64_t tag, unsigned events)
{
    const int fd = loop_tag_fd(tag);
    struct epoll_event event = {.events = (events & LOOP_READ ? EPOLLIN : 0u) | (events & LOOP_WRITE ? EPOLLOUT : 0u),
                                .data.u64 = tag};
    if (events)
        return epoll_register(of(base), fd, before != 0, &event);
    /* A descriptor that was closed first is out of the set already; one given out again since was never in it. */
    if (epoll_ctl(of(base)->epoll_fd, EPOLL_CTL_DEL, fd, NULL) && errno != EBADF && errno != ENOENT && errno != EPERM)
        return -errno;
    return 0;
}

/*
 * Makes sure that the timerfd goes off no later than the first timer. One that goes off earlier is left alone: the
 * wake-up it causes finds nothing due and arms it again, which is cheaper than a system call for each change of the
 * first timer.
 */
static int timerfd_arm(struct epoll_loop *loop, int64_t due_ns)
{
    if (due_ns >= loop->armed_ns)
        return 0;
    /* Absolute; 0 would disarm it. */
    const struct itimerspec when = {.it_value = clock_timespec(due_ns > 0 ? due_ns : 1)};
    if (timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL))
        return -errno;
    loop->armed_ns = due_ns;
    return 0;
}

/* The timerfd has gone off: empties it, so that it is not reported for ever. */
static int timerfd_clear(struct epoll_loop *loop)
{
    uint64_t times;
    ssize_t got;

    do
        got = read(loop->timer_fd, &times, sizeof times);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno != EAGAIN)
        return -errno;
    loop->armed_ns = LOOP_NEVER;
    return 0;
}

static int epoll_turn(struct loop *base, int64_t due_ns)
{
    struct epoll_loop *loop = of(base);
    struct epoll_event events[BATCH];
    const bool due = due_ns != LOOP_NEVER && due_ns <= clock_now_ns();
    int rc = due ? 0 : timerfd_arm(loop, due_ns);

    if (rc)
        return rc;
    const int count = epoll_wait(loop->epoll_fd, events, BATCH, due ? 0 : -1);
    if (count < 0 && errno != EINTR)
        return -errno;
    for (int i = 0; i < count && !rc && !base->stopped; i++) {
        const uint32_t is = events[i].events;
        if (events[i].data.u64 == TIMER_TAG)
            rc = timerfd_clear(loop);
        else
            base->event(base, events[i].data.u64,
                        (is & EPOLLIN ? LOOP_READ : 0u) | (is & EPOLLOUT ? LOOP_WRITE : 0u) |
                            (is & (EPOLLERR | EPOLLHUP) ? LOOP_ERROR : 0u));
    }
    return rc;
}

static int epoll_open(struct loop *base, struct cobench_error *err)
{
    struct epoll_loop *loop = of(base);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = TIMER_TAG};

    loop->armed_ns = LOOP_NEVER;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int rc = loop->epoll_fd < 0 ? -errno : 0;
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (loop->timer_fd < 0 && !rc)
        rc = -errno;
    if (!rc)
        rc = epoll_register(loop, loop->timer_fd, false, &event);
    return rc ? error_fill(err, rc, "the event loop cannot be opened") : 0;
}

static void epoll_close(struct loop *base)
{
    if (of(base)->timer_fd >= 0)
        close(of(base)->timer_fd);
    if (of(base)->epoll_fd >= 0)
        close(of(base)->epoll_fd);
}

const struct loop_kind loop_epoll = {
    .version = LOOP_VERSION,
    .size = sizeof(struct epoll_loop),
    .open = epoll_open,
    .close = epoll_close,
    .watch = epoll_watch,
    .wait = epoll_turn,
};
