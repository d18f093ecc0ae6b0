/* SPDX-License-Identifier: MIT */
/*
 * queue: a bounded ring in shared memory under a mutex and two condition variables. Between processes the mutex is robust: a worker
 * that was killed while it held it leaves a ring that is sound, as its last store is what takes a job. The conditions stand on
 * futexes, as those of glibc wait for ever for a waiter that was killed. On a loop the worker waits for an eventfd instead.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, syscall */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/dispenser.h"
#include "host/error.h"

#define CAPACITY 1024u

struct condition {
    _Atomic uint32_t turn; /* the futex: another number at each signal */
    uint32_t
        waiting; /* under the lock: those not signalled yet; too many where some were killed, which costs a system call */
};

struct ring {
    pthread_mutex_t lock;
    /* under lock */
    struct condition jobs_came, room_came;
    bool ended; /* no more jobs will come */
    bool gone;  /* no worker is left */
    bool told;  /* the loop's eventfd is readable */
    uint64_t head, tail;
    uint64_t jobs[CAPACITY];
};

struct queue {
    const struct dispenser_options *how;
    struct ring *ring;
    int futex_flags;
    int wake; /* the loop's eventfd, readable only while its worker waits; else -1 */
};

/* -- the lock and the conditions -------------------------------------------------------------------------------------- */

static void ring_lock(struct ring *ring)
{
    if (pthread_mutex_lock(&ring->lock) == EOWNERDEAD)
        (void)pthread_mutex_consistent(&ring->lock); /* which this thread owns now: it cannot fail */
}

static void ring_unlock(struct ring *ring) { pthread_mutex_unlock(&ring->lock); }

static void futex_wake(const struct queue *q, struct condition *c, int most)
{
    (void)syscall(SYS_futex, &c->turn, FUTEX_WAKE | q->futex_flags, most, NULL, NULL, 0);
}

/* Under the lock, which it gives back meanwhile. Until a signal, until_ns (0: no limit), or for no reason. */
static void condition_wait(const struct queue *q, struct condition *c, int64_t until_ns)
{
    const struct timespec until = clock_timespec(until_ns);
    const uint32_t turn = atomic_load(&c->turn);
    c->waiting++;
    ring_unlock(q->ring);
    (void)syscall(SYS_futex, &c->turn, FUTEX_WAIT_BITSET | q->futex_flags, turn, until_ns ? &until : NULL, NULL,
                  FUTEX_BITSET_MATCH_ANY);
    ring_lock(q->ring);
    if (atomic_load(&c->turn) == turn) /* else who signalled has taken it off */
        c->waiting--;
}

/* Under the lock, which it gives back first, so that who is woken finds it free. */
static void unlock_and_signal(const struct queue *q, struct condition *c, bool signal, int most)
{
    if (signal) {
        atomic_fetch_add(&c->turn, 1);
        c->waiting -= c->waiting < (unsigned)most ? c->waiting : (unsigned)most;
    }
    ring_unlock(q->ring);
    if (signal)
        futex_wake(q, c, most);
}

/* Tells workers that there is something to take or to know: one of them, or all. */
static void unlock_and_tell(const struct queue *q, int most)
{
    struct condition *c = &q->ring->jobs_came;
    const bool tell = c->waiting > 0;
    if (tell && q->how->loop) {
        (void)eventfd_write(q->wake, 1);
        q->ring->told = true;
        c->waiting = 0;
    }
    unlock_and_signal(q, c, tell && !q->how->loop, most);
}

/* -- the feeder ------------------------------------------------------------------------------------------------------- */

/* Waits until a job is due and there is room for it. False: nobody is left to take it. */
static bool room_wait(const struct queue *q, int64_t due_ns)
{
    struct ring *ring = q->ring;
    ring_lock(ring);
    while (!ring->gone && (ring->tail - ring->head == CAPACITY || (due_ns && due_ns > clock_now_ns())))
        condition_wait(q, &ring->room_came, ring->tail - ring->head == CAPACITY ? 0 : due_ns);
    return !ring->gone;
}

static int queue_feed(void *state, struct cobench_error *err)
{
    const struct queue *q = state;
    struct ring *ring = q->ring;
    uint64_t job = 0;
    (void)err;
    for (; job < q->how->jobs && room_wait(q, dispenser_due(q->how, job)); job++) {
        ring->jobs[ring->tail % CAPACITY] = job;
        ring->tail++;
        unlock_and_tell(q, 1);
    }
    if (job == q->how->jobs)
        ring_lock(ring);
    ring->ended = true;
    unlock_and_tell(q, INT_MAX);
    return 0;
}

/* Whoever was woken for a job, or was to wake the feeder, may be the one that died: all look again. */
static void queue_lost(void *state, unsigned worker)
{
    const struct queue *q = state;
    struct ring *ring = q->ring;
    ring_lock(ring);
    ring->gone = ring->gone || worker == DISPENSER_EVERYONE;
    unlock_and_tell(q, INT_MAX);
    ring_lock(ring);
    unlock_and_signal(q, &ring->room_came, true, INT_MAX);
}

/* -- the workers ------------------------------------------------------------------------------------------------------ */

static int queue_worker_open(void *state, unsigned worker, void **taker, struct cobench_error *err)
{
    (void)worker, (void)err;
    *taker = state;
    return 0;
}

static void queue_worker_close(void *taker) { (void)taker; }

static int queue_descriptor(void *taker) { return ((const struct queue *)taker)->wake; }

/* Under the lock, on a loop: there is no job. What the eventfd says from here on is of jobs to come. */
static int loop_wait(const struct queue *q)
{
    q->ring->jobs_came.waiting = 1;
    ring_unlock(q->ring);
    return -EAGAIN;
}

/* Under the lock, on a loop: it does not wait any more. */
static void loop_wake(const struct queue *q)
{
    eventfd_t times;
    if (q->ring->told)
        (void)eventfd_read(q->wake, &times);
    q->ring->told = false;
    q->ring->jobs_came.waiting = 0;
}

static int queue_take(void *taker, uint64_t *job, struct cobench_error *err)
{
    const struct queue *q = taker;
    struct ring *ring = q->ring;
    (void)err;
    ring_lock(ring);
    if (q->how->loop)
        loop_wake(q);
    while (ring->head == ring->tail && !ring->ended) {
        if (q->how->loop)
            return loop_wait(q);
        condition_wait(q, &ring->jobs_came, 0);
    }
    const bool any = ring->head != ring->tail;
    if (any) {
        *job = ring->jobs[ring->head % CAPACITY];
        ring->head++;
    }
    /* The feeder is woken when it can work for a while. */
    unlock_and_signal(q, &ring->room_came, ring->room_came.waiting && ring->tail - ring->head == CAPACITY / 2, 1);
    return any;
}

/* -- open and close --------------------------------------------------------------------------------------------------- */

static void queue_close(void *state)
{
    struct queue *q = state;
    if (q->wake >= 0)
        close(q->wake);
    if (q->ring)
        munmap(q->ring, sizeof *q->ring); /* the mutex needs no destroying, and a worker may have died with it */
    free(q);
}

static int lock_open(pthread_mutex_t *lock, bool processes)
{
    pthread_mutexattr_t attributes;
    int rc = pthread_mutexattr_init(&attributes);
    if (rc == 0 && processes)
        rc = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (rc == 0 && processes)
        rc = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (rc == 0)
        rc = pthread_mutex_init(lock, &attributes);
    return -rc;
}

static int queue_open(const struct dispenser_options *how, void **state, struct cobench_error *err)
{
    struct queue *q = malloc(sizeof *q);
    if (!q)
        return error_fill(err, -ENOMEM, "out of memory for a queue");
    *q = (struct queue){.how = how, .futex_flags = how->processes ? 0 : FUTEX_PRIVATE_FLAG, .wake = -1};
    void *memory = mmap(NULL, sizeof *q->ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int rc = memory == MAP_FAILED ? -errno : 0;
    if (rc == 0) {
        q->ring = memory;
        rc = lock_open(&q->ring->lock, how->processes);
    }
    if (rc == 0 && how->loop) {
        q->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        rc = q->wake < 0 ? -errno : 0;
    }
    if (rc) {
        queue_close(q);
        return error_fill(err, rc, "the queue cannot be made: %s", strerror(-rc));
    }
    *state = q;
    return 0;
}

const struct dispenser_kind dispenser_queue = {
    .version = DISPENSER_VERSION,
    .name = "queue",
    .open = queue_open,
    .close = queue_close,
    .worker_open = queue_worker_open,
    .worker_close = queue_worker_close,
    .take = queue_take,
    .descriptor = queue_descriptor,
    .feed = queue_feed,
    .lost = queue_lost,
};
