/* SPDX-License-Identifier: MIT */
/*
 * The event loop, but for how it waits. The timers stand in a binary heap of pointers whose nodes know their own
 * place, so that setting and cancelling one costs O(log n) and no allocation a timer. What is watched goes by tags, a descriptor
 * and a number that is another one each time, so that an event already fetched for a watch that a callback has dropped since,
 * or for a descriptor that has been closed and given out again, reaches nobody.
 */
#include "host/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/clock.h"

#define FIRST_TIMERS  64
#define FIRST_WATCHES 64

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

static int fd_watch(struct loop *loop, int fd, unsigned events, loop_ready_fn ready, void *arg)
{
    if (fd < 0)
        return -EBADF;
    events &= LOOP_READ | LOOP_WRITE;
    const bool known = (size_t)fd < loop->watch_capacity && loop->watches[fd].events;
    if (!events && !known)
        return 0;
    if (events && !ready)
        return -EINVAL;
    int rc = (size_t)fd < loop->watch_capacity ? 0 : watches_grow(loop, (size_t)fd + 1);
    if (rc)
        return rc;
    struct watch *watch = &loop->watches[fd];
    const struct watch next = {
        .ready = ready, .arg = arg, .events = events, .tag = (uint64_t)++loop->generation << 32 | (uint32_t)fd};
    const uint64_t before = known ? watch->tag : 0;
    rc = loop->kind->watch(loop, before, next.tag, events);
    if (rc && events)
        return rc;
    *watch = next; /* dropped in any case: what it may still report is for nobody */
    loop->watched += (events != 0) - (size_t)known;
    return rc;
}

static bool watch_event(struct loop *loop, uint64_t tag, unsigned events)
{
    const int fd = loop_tag_fd(tag);
    const struct watch *watch = &loop->watches[fd];

    if (!watch->events || watch->tag != tag)
        return false;
    /* An error is reported together with whatever is watched, for those who look only at that. */
    events = events & LOOP_ERROR ? LOOP_ERROR | watch->events : events & watch->events;
    if (events)
        watch->ready(watch->arg, fd, events); /* may move loop->watches */
    return loop->watches[fd].events && loop->watches[fd].tag == tag;
}

/* -- the loop ------------------------------------------------------------------------------------------------------- */

const struct loop_ops loop_ops = {.watch = fd_watch, .timer_set = timer_set, .timer_cancel = timer_cancel};

int loop_open(const struct loop_kind *kind, struct loop **out, struct cobench_error *err)
{
    struct loop *loop = calloc(1, kind->size);
    struct loop_timer **heap = malloc(FIRST_TIMERS * sizeof(struct loop_timer *));
    if (!loop || !heap) {
        free(loop);
        free(heap);
        return -ENOMEM;
    }
    *loop = (struct loop){.kind = kind, .event = watch_event, .heap = heap, .heap_capacity = FIRST_TIMERS};
    const int rc = kind->open(loop, err);
    if (rc)
        loop_close(loop);
    else
        *out = loop;
    return rc;
}

void loop_close(struct loop *loop)
{
    if (!loop)
        return;
    loop->kind->close(loop);
    free(loop->watches);
    free(loop->heap);
    free(loop);
}

/* A loop_stop() before the run counts too: the run then ends at once. */
int loop_run(struct loop *loop)
{
    int rc = 0;

    while (!rc && !loop->stopped && (loop->watched || loop->timers)) {
        rc = loop->kind->wait(loop, loop->timers ? loop->heap[1]->due_ns : LOOP_NEVER);
        if (!rc && loop->timers && !loop->stopped)
            timers_fire(loop, clock_now_ns());
    }
    loop->stopped = false;
    return rc;
}

void loop_stop(struct loop *loop) { loop->stopped = true; }
