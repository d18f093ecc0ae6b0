/* SPDX-License-Identifier: MIT */
#include "tasks/lib/locks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tasks/lib/shared.h"

#define CIRCLE_MAX 64 /* jobs; one of more is not found */

/* Job jobs[i] waits for locks[i], which jobs[i + 1] holds; the last one's the first does. */
struct circle {
    unsigned length; /* 0: there is none */
    uint64_t jobs[CIRCLE_MAX];
    uint32_t locks[CIRCLE_MAX];
};

static int lock_open(struct lock *lock)
{
    pthread_mutexattr_t how;
    int rc = pthread_mutexattr_init(&how);
    if (rc)
        return -rc;
    rc = pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
    if (rc == 0)
        rc = pthread_mutex_init(&lock->mutex, &how);
    pthread_mutexattr_destroy(&how);
    return -rc;
}

int locks_open(struct locks *locks, const char *noun, uint32_t count, uint64_t jobs, struct cobench_error *err)
{
    void *lock = NULL, *awaits = NULL;
    int rc = shared_open(count * sizeof *locks->lock, &lock, err);
    if (rc == 0)
        rc = shared_open(jobs * sizeof *locks->awaits, &awaits, err);
    *locks = (struct locks){.noun = noun, .jobs = jobs, .look_ns = 100 * NS_PER_MS, .lock = lock, .awaits = awaits};
    for (; rc == 0 && locks->count < count; locks->count += rc == 0)
        rc = lock_open(&locks->lock[locks->count]);
    if (rc)
        locks_close(locks);
    return rc;
}

void locks_close(struct locks *locks)
{
    const uint32_t count = locks->count;
    while (locks->count > 0)
        pthread_mutex_destroy(&locks->lock[--locks->count].mutex);
    shared_close(locks->lock, count * sizeof *locks->lock);
    shared_close(locks->awaits, locks->jobs * sizeof *locks->awaits);
}

/* -- a circle of jobs that wait ----------------------------------------------------------------------------------------- */

/* From a job that waits for lock `number` along those that hold what is waited for, until it is that job again. */
static void circle_walk(const struct locks *locks, uint64_t job, uint32_t number, struct circle *found)
{
    uint64_t at = job;
    memset(found, 0, sizeof *found); /* to be compared */
    for (unsigned i = 0; i < CIRCLE_MAX; i++) {
        found->jobs[i] = at;
        found->locks[i] = number;
        const uint64_t holder = atomic_load_explicit(&locks->lock[number].holder, memory_order_acquire);
        if (holder == 0)
            return;
        at = holder - 1;
        if (at == job) {
            found->length = i + 1;
            return;
        }
        const uint32_t awaits = atomic_load_explicit(&locks->awaits[at], memory_order_acquire);
        if (awaits == 0)
            return;
        number = awaits - 1;
    }
}

/*
 * Whether there is one. What a single walk sees need not have been so at one moment: a job may have given a lock back before it
 * began to wait for another. As many walks as the circle has jobs, all alike, are proof. This job waits throughout. So the last
 * one, which waits for what this one holds, has been stuck since the first walk; what it is seen to hold in the second it will
 * keep, so that the one before it has been stuck since then; and so on, to the front.
 */
static bool circle_find(const struct locks *locks, uint64_t job, uint32_t number, struct circle *found)
{
    struct circle again;
    circle_walk(locks, job, number, found);
    for (unsigned walks = 1; walks < found->length; walks++) {
        circle_walk(locks, job, number, &again);
        if (memcmp(found, &again, sizeof again) != 0)
            return false;
    }
    return found->length > 0;
}

static int circle_tell(const struct locks *locks, const struct circle *c, struct cobench_error *err)
{
    char *text = err->message;
    size_t used = 0;
    snprintf(err->type, sizeof err->type, "Deadlock");
    used += (size_t)snprintf(text, sizeof err->message, "job %" PRIu64 " holds %s %u and waits for %s %u", c->jobs[0],
                             locks->noun, c->locks[c->length - 1], locks->noun, c->locks[0]);
    for (unsigned i = 1; i < c->length && used < sizeof err->message; i++)
        used += (size_t)snprintf(text + used, sizeof err->message - used,
                                 ", which job %" PRIu64 " holds, which waits for %s %u", c->jobs[i], locks->noun,
                                 c->locks[i]);
    return -EDEADLK;
}

/* -- taking and giving -------------------------------------------------------------------------------------------------- */

/* Waits until it has the lock or `ns` have passed: ETIMEDOUT. By the clock of the day, as the one that no one sets is not
 * POSIX's here: where that is set meanwhile, a look comes early or late. */
static int mutex_wait(pthread_mutex_t *mutex, int64_t ns)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const struct timespec until = clock_timespec((int64_t)now.tv_sec * NS_PER_S + now.tv_nsec + ns);
    return pthread_mutex_timedlock(mutex, &until);
}

/* For a lock that another job holds. */
static int lock_wait(struct locks *locks, uint32_t number, struct locks_user *user, struct cobench_error *err)
{
    const int64_t begun = clock_now_ns();
    struct circle circle;
    int rc;
    atomic_store_explicit(&locks->awaits[user->job], number + 1, memory_order_release);
    do
        rc = mutex_wait(&locks->lock[number].mutex, locks->look_ns);
    while (rc == ETIMEDOUT && !circle_find(locks, user->job, number, &circle));
    atomic_store_explicit(&locks->awaits[user->job], 0, memory_order_release);
    user->waited_ns += (uint64_t)(clock_now_ns() - begun);
    return rc == ETIMEDOUT ? circle_tell(locks, &circle, err) : -rc;
}

int locks_take(struct locks *locks, uint32_t number, struct locks_user *user, struct cobench_error *err)
{
    struct lock *lock = &locks->lock[number];
    int rc = -pthread_mutex_trylock(&lock->mutex);
    if (rc == -EBUSY)
        rc = lock_wait(locks, number, user, err);
    if (rc == 0)
        atomic_store_explicit(&lock->holder, user->job + 1, memory_order_release);
    return rc;
}

void locks_give(struct locks *locks, uint32_t number)
{
    struct lock *lock = &locks->lock[number];
    atomic_store_explicit(&lock->holder, 0, memory_order_release);
    pthread_mutex_unlock(&lock->mutex);
}

/* -- a task's own ------------------------------------------------------------------------------------------------------- */

int locks_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    (void)state, (void)flags, (void)err;
    struct locks_user *user = aligned_alloc(64, 64); /* a cache line: a neighbour's writing is none of its business */
    if (!user)
        return -ENOMEM;
    *user = (struct locks_user){0};
    *worker = user;
    return 0;
}

void locks_worker_close(void *state, void *worker)
{
    (void)state;
    free(worker);
}

uint64_t locks_waited(void *state, void *worker)
{
    (void)state;
    return ((const struct locks_user *)worker)->waited_ns;
}
