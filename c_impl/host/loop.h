/* SPDX-License-Identifier: MIT */
/*
 * The event loop: file descriptors and timers of one thread. How it waits is its kind's: epoll, or a plug-in's.
 * All calls from the thread that opened it; callbacks may call anything here, also drop their own watch or timer.
 */
#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cobench/task.h"

#define LOOP_READ  1u
#define LOOP_WRITE 2u
#define LOOP_ERROR 4u /* reported only */

struct loop;
struct loop_kind;

typedef void (*loop_ready_fn)(void *arg, int fd, unsigned events);
typedef void (*loop_timer_fn)(void *arg);

/* A timer belongs to whoever embeds it, zeroed; set and cancelled any number of times. */
struct loop_timer {
    int64_t due_ns; /* CLOCK_MONOTONIC */
    size_t place;   /* in the heap, 1-based; 0: not set */
    loop_timer_fn fire;
    void *arg;
};

/*
 * The loop as transports see it (they are shared objects of their own): the same functions behind pointers.
 * watch: events 0 stops watching; an fd that was closed may be forgotten that way too. Returns 0 or a negative errno; of a
 * descriptor that cannot be watched a kind may tell by LOOP_ERROR instead.
 */
struct loop_ops {
    int (*watch)(struct loop *loop, int fd, unsigned events, loop_ready_fn ready, void *arg);
    int (*timer_set)(struct loop *loop, struct loop_timer *timer, int64_t due_ns);
    void (*timer_cancel)(struct loop *loop, struct loop_timer *timer);
};
extern const struct loop_ops loop_ops;

extern const struct loop_kind loop_epoll;

/* 0, or a negative errno with the reason in err: -ELIBACC where this kind cannot be had here. */
int loop_open(const struct loop_kind *kind, struct loop **out, struct cobench_error *err);
void loop_close(struct loop *loop);
/* Runs until loop_stop() was called or nothing is watched and no timer is set. 0 or a negative errno. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* -- how it waits ------------------------------------------------------------------------------------------------------
 *
 * The seam between loop.c, which has the timers and knows who watches what, and the kinds: epoll.c, and plug-ins (c_impl/plugins)
 * that export one constant `const struct loop_kind cobench_loop`. For nobody else.
 */

#define LOOP_VERSION 1u
#define LOOP_SYMBOL  "cobench_loop"
#define LOOP_NEVER   INT64_MAX /* due_ns: no timer is set */

/* Of one descriptor. */
struct watch {
    loop_ready_fn ready;
    void *arg;
    unsigned events; /* 0: not watched */
    uint64_t tag;    /* another one for each change: an event that was fetched before it reaches nobody */
};

/* What the loops of all kinds begin with; a kind only calls `event`. */
struct loop {
    const struct loop_kind *kind;
    /* Tells the watch of that tag that its descriptor is ready. Whether it is watched with that tag afterwards. */
    bool (*event)(struct loop *loop, uint64_t tag, unsigned events);
    bool stopped;
    uint32_t generation;   /* of the next tag */
    struct watch *watches; /* by descriptor */
    size_t watch_capacity, watched;
    struct loop_timer **heap; /* 1-based; heap[0] is unused */
    size_t heap_capacity, timers;
};

/* A tag's descriptor. */
static inline int loop_tag_fd(uint64_t tag) { return (int)(uint32_t)tag; }

struct loop_kind {
    uint32_t version; /* LOOP_VERSION */
    size_t size;      /* bytes of its loop, which begins with a struct loop */
    /* Fills in what is its own, zeroed before; close is called also where open failed half-way. */
    int (*open)(struct loop *loop, struct cobench_error *err);
    void (*close)(struct loop *loop);
    /* Watches the descriptor of `tag` for `events` from now on, reported as `tag`; 0: no more. `before`: the tag by which it
     * is watched now, 0: it is not. A descriptor that is closed already is no error where it is dropped. */
    int (*watch)(struct loop *loop, uint64_t before, uint64_t tag, unsigned events);
    /* Waits until a descriptor is ready or `due_ns` is there, then calls loop->event for each that is, until the loop is
     * stopped. EINTR is no error. */
    int (*wait)(struct loop *loop, int64_t due_ns);
};

#endif
