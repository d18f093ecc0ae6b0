/* SPDX-License-Identifier: MIT */
/* The shared state: a mapping, and lists and maxima without locks. */
#define _GNU_SOURCE /* memfd_create */
#include "host/shared_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int map(int fd, struct shared_state **out)
{
    void *memory = mmap(NULL, sizeof(struct shared_state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return -errno;
    *out = memory;
    return 0;
}

int shared_state_open(struct shared_state **out)
{
    const int fd = memfd_create("cobench-shared-state", MFD_CLOEXEC);
    int rc = fd < 0 || ftruncate(fd, sizeof(struct shared_state)) < 0 ? -errno : map(fd, out);
    if (rc == 0)
        (*out)->fd = fd;
    else if (fd >= 0)
        close(fd);
    return rc;
}

int shared_state_attach(pid_t home, int home_fd, struct shared_state **out)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)home, home_fd);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    const int rc = map(fd, out);
    close(fd);
    return rc;
}

void shared_state_close(struct shared_state *shared)
{
    if (!shared)
        return;
    close(shared->fd);
    munmap(shared, sizeof *shared);
}

void shared_state_note(struct shared_state *shared, const struct failure *failure)
{
    const uint32_t place = atomic_fetch_add_explicit(&shared->failure_claimed, 1, memory_order_relaxed);
    if (place >= FAILURES_MAX)
        return;
    shared->failures[place] = *failure;
    atomic_store_explicit(&shared->failure_written[place], 1, memory_order_release);
}

unsigned shared_state_failures(const struct shared_state *shared, struct failure out[static FAILURES_MAX])
{
    unsigned count = 0;
    for (unsigned i = 0; i < FAILURES_MAX; i++)
        if (atomic_load_explicit(&shared->failure_written[i], memory_order_acquire))
            out[count++] = shared->failures[i];
    return count;
}

void shared_state_take_failure(struct shared_state *shared, struct cobench_error *out)
{
    *out = shared->failures[0].error;
    shared->failed = 0;
    shared->failure_claimed = 0;
    shared->failure_written[0] = 0;
}

void shared_state_locked(struct shared_state *shared, const char *by)
{
    if (atomic_exchange_explicit(&shared->lock_claimed, 1, memory_order_relaxed))
        return;
    snprintf(shared->lock_by, sizeof shared->lock_by, "%s", by);
    atomic_store_explicit(&shared->lock_on, 1, memory_order_release);
}

void shared_state_ended(struct shared_state *shared, uint64_t jobs, int64_t last_end_ns)
{
    atomic_fetch_add_explicit(&shared->ended, jobs, memory_order_relaxed);
    int64_t known = atomic_load_explicit(&shared->last_end_ns, memory_order_relaxed);
    while (known < last_end_ns && !atomic_compare_exchange_weak_explicit(&shared->last_end_ns, &known, last_end_ns,
                                                                         memory_order_relaxed, memory_order_relaxed))
        ;
}
