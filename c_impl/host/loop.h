/* SPDX-License-Identifier: MIT */
/*
 * The event loop: file descriptors and timers of one thread, on epoll. The only file that includes <sys/epoll.h> is
 * loop.c. All calls from the loop's own thread; callbacks may call anything here, also drop their own watch or timer.
 */
#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include <stddef.h>
#include <stdint.h>

#define LOOP_READ  1u
#define LOOP_WRITE 2u
#define LOOP_ERROR 4u /* reported only */

struct loop;

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
 * watch: events 0 stops watching; an fd that was closed may be forgotten that way too. Returns 0 or a negative errno.
 */
struct loop_ops {
    int (*watch)(struct loop *loop, int fd, unsigned events, loop_ready_fn ready, void *arg);
    int (*timer_set)(struct loop *loop, struct loop_timer *timer, int64_t due_ns);
    void (*timer_cancel)(struct loop *loop, struct loop_timer *timer);
};
extern const struct loop_ops loop_ops;

int loop_open(struct loop **out);
void loop_close(struct loop *loop);
/* Runs until loop_stop() was called or nothing is watched and no timer is set. 0 or a negative errno. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
