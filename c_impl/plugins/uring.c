/* SPDX-License-Identifier: MIT */
/*
 * A loop that waits by io_uring, the only file that knows it. What is to be polled from now on, or no more, is written into the
 * ring and handed to the kernel together with the wait, so that a turn is one system call however many requests began and ended
 * in it; the wait's own timeout, in nanoseconds, is the first timer. A poll is for one event: it looks at what is ready when it
 * is submitted, as epoll's levels do, and is renewed where its descriptor is still watched after its event.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/clock.h"
#include "host/loop.h"

#define QUEUE    1024u      /* changes handed over at once; more in one turn take a system call for as many */
#define FINISHED 16384u     /* events the kernel can leave; what is beyond it keeps by itself */
#define UNTOLD   UINT64_MAX /* the tag of what is nobody's event: no descriptor is that large */

struct uring_loop {
    struct loop base;
    struct io_uring ring;
    bool opened;
    uint64_t firing; /* the tag whose poll is over, as its event is being told; 0: none */
};

static struct uring_loop *of(struct loop *base) { return (struct uring_loop *)base; }

/* -EBUSY and -EAGAIN: the kernel takes no more before its events are read, which the loop is about to do. */
static bool is_wait_over(int rc) { return rc >= 0 || rc == -ETIME || rc == -EINTR || rc == -EBUSY || rc == -EAGAIN; }

/* A free place in the ring; NULL: there is none. */
static struct io_uring_sqe *place(struct uring_loop *loop)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);
    if (!sqe && io_uring_submit(&loop->ring) >= 0)
        sqe = io_uring_get_sqe(&loop->ring);
    return sqe;
}

static int poll_begin(struct uring_loop *loop, uint64_t tag, unsigned events)
{
    struct io_uring_sqe *sqe = place(loop);
    if (!sqe)
        return -EBUSY;
    io_uring_prep_poll_add(sqe, loop_tag_fd(tag),
                           (events & LOOP_READ ? POLLIN : 0u) | (events & LOOP_WRITE ? POLLOUT : 0u));
    io_uring_sqe_set_data64(sqe, tag);
    return 0;
}

static int uring_watch(struct loop *base, uint64_t before, uint64_t tag, unsigned events)
{
    struct uring_loop *loop = of(base);
    if (before && before != loop->firing) {
        struct io_uring_sqe *sqe = place(loop);
        if (!sqe)
            return -EBUSY;
        io_uring_prep_poll_remove(sqe, before); /* by its tag, as its descriptor may be another file's by now */
        io_uring_sqe_set_data64(sqe, UNTOLD);
    }
    return events ? poll_begin(loop, tag, events) : 0;
}

/* Tells one event. A poll that failed, or was of a descriptor that is none, is an error of it. */
static int event_tell(struct uring_loop *loop, uint64_t tag, int is)
{
    struct loop *base = &loop->base;
    const unsigned events = is < 0 ? LOOP_ERROR
                                   : (is & POLLIN ? LOOP_READ : 0u) | (is & POLLOUT ? LOOP_WRITE : 0u) |
                                         (is & (POLLERR | POLLHUP) ? LOOP_ERROR : 0u);
    if (tag == UNTOLD)
        return 0;
    loop->firing = tag;
    const bool watched = base->event(base, tag, events);
    loop->firing = 0;
    return watched ? poll_begin(loop, tag, base->watches[loop_tag_fd(tag)].events) : 0;
}

static int uring_wait(struct loop *base, int64_t due_ns)
{
    struct uring_loop *loop = of(base);
    struct io_uring_cqe *cqe;
    const int64_t left = due_ns == LOOP_NEVER ? 0 : due_ns - clock_now_ns();
    struct __kernel_timespec timeout = {.tv_sec = left > 0 ? left / NS_PER_S : 0,
                                        .tv_nsec = left > 0 ? left % NS_PER_S : 0};
    int rc = io_uring_submit_and_wait_timeout(&loop->ring, &cqe, 1, due_ns == LOOP_NEVER ? NULL : &timeout, NULL);

    if (!is_wait_over(rc))
        return rc;
    rc = 0;
    /* No more than there are now: those of polls that are renewed meanwhile must not keep the timers waiting. */
    for (unsigned n = io_uring_cq_ready(&loop->ring); n > 0 && !rc && !base->stopped; n--) {
        if (io_uring_peek_cqe(&loop->ring, &cqe))
            break;
        const uint64_t tag = io_uring_cqe_get_data64(cqe);
        const int is = cqe->res;
        io_uring_cqe_seen(&loop->ring, cqe);
        rc = event_tell(loop, tag, is);
    }
    return rc;
}

static int refuse(struct cobench_error *err, const char *why)
{
    snprintf(err->message, sizeof err->message, "uring cannot run here: %s", why);
    return -ELIBACC;
}

static int uring_open(struct loop *base, struct cobench_error *err)
{
    struct uring_loop *loop = of(base);
    /* One thread uses the ring, and events are worked off when that asks for them and not whenever they come: from Linux 6.1. */
    struct io_uring_params params = {
        .flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, .cq_entries = FINISHED};
    const int rc = io_uring_queue_init_params(QUEUE, &loop->ring, &params);

    loop->opened = rc == 0;
    switch (-rc) {
    case EPERM:
    case EACCES:
        return refuse(err, "this kernel forbids io_uring (kernel.io_uring_disabled, or a filter of system calls)");
    case ENOSYS:
        return refuse(err, "this kernel has no io_uring");
    case EINVAL:
        return refuse(err, "it takes Linux 6.1 or newer");
    default:
        return rc;
    }
}

static void uring_close(struct loop *base)
{
    if (!of(base)->opened)
        return;
    (void)io_uring_submit(&of(base)->ring); /* polls that are no more wanted hold files open: best effort */
    io_uring_queue_exit(&of(base)->ring);
}

const struct loop_kind cobench_loop = {
    .version = LOOP_VERSION,
    .size = sizeof(struct uring_loop),
    .open = uring_open,
    .close = uring_close,
    .watch = uring_watch,
    .wait = uring_wait,
};
