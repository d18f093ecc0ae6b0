/* SPDX-License-Identifier: MIT */
/*
 * The event loop: epoll for descriptors, one timerfd for all timers. The timers stand in a binary heap of pointers
 * whose nodes know their own place, so that setting and cancelling one costs O(log n) and no allocation a timer. A
 * timerfd rather than epoll_wait's own timeout, because that one counts whole milliseconds and is subject to the
 * thread's timer slack: either would be part of every measured delay. epoll's events carry the descriptor and the
 * generation of its watch, so that an event already fetched for a watch that a callback has dropped since, or for a
 * descriptor that has been closed and given out again, reaches nobody.
 */
#include "host/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"

#define BATCH         256        /* events fetched at once */
#define NEVER         INT64_MAX  /* the timerfd is not armed */
#define TIMER_TAG     UINT64_MAX /* the timerfd's own event; no descriptor is that large */
#define FIRST_WATCHES 64

struct watch {
    loop_ready_fn ready; /* NULL: not watched */
    void *arg;
    unsigned events;
    uint32_t generation; /* goes up when the descriptor changes hands */
};

struct loop {
    int epoll_fd, timer_fd;
    bool stopped;
    int64_t armed_ns;      /* when the timerfd goes off, NEVER: it does not */
    struct watch *watches; /* by descriptor */
    size_t watch_capacity, watched;
    struct loop_timer **heap; /* 1-based; heap[0] is unused */
    size_t heap_capacity, timers;
};

/* -- timers --------------------------------------------------------------------------------------------------------- */

static void heap_put(struct loop *loop, size_t place, struct loop_timer *timer)
{
    loop->heap[place] = timer;
    timer->place = place;
}

static void heap_up(struct loop *loop, size_t place)
{
    struct loop_timer *timer = loop->heap[place];

    while (place > 1 && timer->due_ns < loop->heap[place / 2]->due_ns) {
        heap_put(loop, place, loop->heap[place / 2]);
        place /= 2;
    }
    heap_put(loop, place, timer);
}

static void heap_down(struct loop *loop, size_t place)
{
    struct loop_timer *timer = loop->heap[place];

    for (;;) {
        size_t child = place * 2;
        if (child > loop->timers)
            break;
        if (child < loop->timers && loop->heap[child + 1]->due_ns < loop->heap[child]->due_ns)
            child++;
        if (timer->due_ns <= loop->heap[child]->due_ns)
            break;
        heap_put(loop, place, loop->heap[child]);
        place = child;
    }
    heap_put(loop, place, timer);
}

static int heap_grow(struct loop *loop)
{
    const size_t capacity = loop->heap_capacity * 2;
    struct loop_timer **heap = realloc(loop->heap, capacity * sizeof(struct loop_timer *));

    if (!heap)
        return -ENOMEM;
    loop->heap = heap;
    loop->heap_capacity = capacity;
    return 0;
}

static int timer_set(struct loop *loop, struct loop_timer *timer, int64_t due_ns)
{
    if (timer->place == 0) {
        int rc = loop->timers + 1 < loop->heap_capacity ? 0 : heap_grow(loop);
        if (rc)
            return rc;
        heap_put(loop, ++loop->timers, timer);
    }
    timer->due_ns = due_ns;
    heap_up(loop, timer->place);
    heap_down(loop, timer->place);
    return 0;
}

static void timer_cancel(struct loop *loop, struct loop_timer *timer)
{
    const size_t place = timer->place;

    if (place == 0)
        return;
    struct loop_timer *last = loop->heap[loop->timers--];
    timer->place = 0;
    if (last == timer)
        return;
    heap_put(loop, place, last);
    heap_up(loop, place);
    heap_down(loop, last->place);
}

/* Fires what was due at `now_ns`. At most as many as were set before, so that timers that set themselves again for a
 * moment already past cannot keep the descriptors waiting. */
static void timers_fire(struct loop *loop, int64_t now_ns)
{
    for (size_t left = loop->timers; left && loop->timers && !loop->stopped; left--) {
        struct loop_timer *timer = loop->heap[1];
        if (timer->due_ns > now_ns)
            return;
        timer_cancel(loop, timer);
        timer->fire(timer->arg);
    }
}

/*
 * Makes sure that the timerfd goes off no later than the first timer. One that goes off earlier is left alone: the
 * wake-up it causes finds nothing due and arms it again, which is cheaper than a system call for each change of the
 * first timer.
 */
static int timers_arm(struct loop *loop)
{
    if (loop->timers == 0 || loop->heap[1]->due_ns >= loop->armed_ns)
        return 0;
    const int64_t due_ns = loop->heap[1]->due_ns;
    /* Absolute; 0 would disarm it. */
    const struct itimerspec when = {.it_value = clock_timespec(due_ns > 0 ? due_ns : 1)};
    if (timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL))
        return -errno;
    loop->armed_ns = due_ns;
    return 0;
}

/* The timerfd has gone off: empties it, so that it is not reported for ever. */
static int timerfd_clear(struct loop *loop)
{
    uint64_t times;
    ssize_t got;

    do
        got = read(loop->timer_fd, &times, sizeof times);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno != EAGAIN)
        return -errno;
    loop->armed_ns = NEVER;
    return 0;
}

/* -- descriptors ---------------------------------------------------------------------------------------------------- */

static int watches_grow(struct loop *loop, size_t need)
{
    size_t capacity = loop->watch_capacity ? loop->watch_capacity : FIRST_WATCHES;

    while (capacity < need)
        capacity *= 2;
    struct watch *watches = realloc(loop->watches, capacity * sizeof *watches);
    if (!watches)
        return -ENOMEM;
    for (size_t i = loop->watch_capacity; i < capacity; i++)
        watches[i] = (struct watch){0};
    loop->watches = watches;
    loop->watch_capacity = capacity;
    return 0;
}

static int watch_drop(struct loop *loop, int fd)
{
    if ((size_t)fd >= loop->watch_capacity || !loop->watches[fd].ready)
        return 0;
    struct watch *watch = &loop->watches[fd];
    watch->ready = NULL;
    watch->events = 0;
    watch->generation++;
    loop->watched--;
    /* A descriptor that was closed first is out of the set already; one given out again since was never in it. */
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL) && errno != EBADF && errno != ENOENT && errno != EPERM)
        return -errno;
    return 0;
}

/* Adds or changes, whichever the kernel's set needs: it forgets a descriptor by itself when that is closed. */
static int epoll_register(struct loop *loop, int fd, bool known, struct epoll_event *event)
{
    if (epoll_ctl(loop->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, event) == 0)
        return 0;
    if (known && errno == ENOENT && epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, event) == 0)
        return 0;
    if (!known && errno == EEXIST && epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, event) == 0)
        return 0;
    return -errno;
}

static int fd_watch(struct loop *loop, int fd, unsigned events, loop_ready_fn ready, void *arg)
{
    if (fd < 0)
        return -EBADF;
    events &= LOOP_READ | LOOP_WRITE;
    if (!events)
        return watch_drop(loop, fd);
    if (!ready)
        return -EINVAL;

    int rc = (size_t)fd < loop->watch_capacity ? 0 : watches_grow(loop, (size_t)fd + 1);
    if (rc)
        return rc;
    struct watch *watch = &loop->watches[fd];
    const bool known = watch->ready != NULL;
    const uint32_t generation = watch->generation + (!known || watch->ready != ready || watch->arg != arg);
    struct epoll_event event = {.events = (events & LOOP_READ ? EPOLLIN : 0u) | (events & LOOP_WRITE ? EPOLLOUT : 0u),
                                .data.u64 = (uint64_t)generation << 32 | (uint32_t)fd};
    rc = epoll_register(loop, fd, known, &event);
    if (rc)
        return rc;
    loop->watched += !known;
    *watch = (struct watch){.ready = ready, .arg = arg, .events = events, .generation = generation};
    return 0;
}

static int event_dispatch(struct loop *loop, const struct epoll_event *event)
{
    if (event->data.u64 == TIMER_TAG)
        return timerfd_clear(loop);

    const int fd = (int)(uint32_t)event->data.u64;
    const struct watch *watch = &loop->watches[fd];
    if (!watch->ready || watch->generation != (uint32_t)(event->data.u64 >> 32))
        return 0;
    unsigned events = (event->events & EPOLLIN ? LOOP_READ : 0u) | (event->events & EPOLLOUT ? LOOP_WRITE : 0u);
    events &= watch->events;
    /* An error is reported together with whatever is watched, for those who look only at that. */
    if (event->events & (EPOLLERR | EPOLLHUP))
        events |= LOOP_ERROR | watch->events;
    if (events)
        watch->ready(watch->arg, fd, events); /* may move loop->watches */
    return 0;
}

/* -- the loop ------------------------------------------------------------------------------------------------------- */

const struct loop_ops loop_ops = {.watch = fd_watch, .timer_set = timer_set, .timer_cancel = timer_cancel};

int loop_open(struct loop **out)
{
    int rc;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = TIMER_TAG};
    struct loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return -ENOMEM;
    loop->epoll_fd = loop->timer_fd = -1;
    loop->armed_ns = NEVER;
    loop->heap_capacity = FIRST_WATCHES;
    loop->heap = malloc(loop->heap_capacity * sizeof(struct loop_timer *));
    if (!loop->heap) {
        rc = -ENOMEM;
        goto out;
    }
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        rc = -errno;
        goto out;
    }
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (loop->timer_fd < 0) {
        rc = -errno;
        goto out;
    }
    rc = epoll_register(loop, loop->timer_fd, false, &event);
    if (rc)
        goto out;
    *out = loop;
    return 0;
out:
    loop_close(loop);
    return rc;
}

void loop_close(struct loop *loop)
{
    if (!loop)
        return;
    if (loop->timer_fd >= 0)
        close(loop->timer_fd);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    free(loop->watches);
    free(loop->heap);
    free(loop);
}

/* Waits for events (not at all when a timer is due) and dispatches one batch of them and the timers due by then. */
static int loop_turn(struct loop *loop)
{
    struct epoll_event events[BATCH];
    int timeout_ms = -1;

    if (loop->timers && loop->heap[1]->due_ns <= clock_now_ns()) {
        timeout_ms = 0;
    } else {
        int rc = timers_arm(loop);
        if (rc)
            return rc;
    }
    int count = epoll_wait(loop->epoll_fd, events, BATCH, timeout_ms);
    if (count < 0 && errno != EINTR)
        return -errno;
    for (int i = 0; i < count && !loop->stopped; i++) {
        int rc = event_dispatch(loop, &events[i]);
        if (rc)
            return rc;
    }
    if (loop->timers && !loop->stopped)
        timers_fire(loop, clock_now_ns());
    return 0;
}

/* A loop_stop() before the run counts too: the run then ends at once. */
int loop_run(struct loop *loop)
{
    int rc = 0;

    while (!rc && !loop->stopped && (loop->watched || loop->timers))
        rc = loop_turn(loop);
    loop->stopped = false;
    return rc;
}

void loop_stop(struct loop *loop) { loop->stopped = true; }
