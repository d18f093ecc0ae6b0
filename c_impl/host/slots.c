/* SPDX-License-Identifier: MIT */
/* The slots file. Its blocks are reserved (posix_fallocate), so that a full disk is an error here and not a SIGBUS in
 * the middle of a run, and its pages are touched before the gate, so that page faults are no part of the work. */
#define _GNU_SOURCE /* MADV_POPULATE_WRITE, madvise */
#include "host/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/error.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; older kernels answer EINVAL */
#endif

static int file_reserve(int fd, size_t bytes)
{
    int rc;
    do
        rc = posix_fallocate(fd, 0, (off_t)bytes);
    while (rc == EINTR);
    if (rc == 0)
        return 0;
    /* Gives back what was reserved; the error to report is the one above. */
    if (ftruncate(fd, 0) < 0)
        return -rc;
    return -rc;
}

static void header_fill(struct slots_header *header, uint64_t jobs)
{
    memcpy(header->magic, SLOTS_MAGIC, sizeof header->magic);
    header->version = SLOTS_VERSION;
    header->header_bytes = SLOTS_HEADER_BYTES;
    header->slot_bytes = sizeof(struct slot);
    header->jobs = jobs;
}

static int file_map(struct slots *slots, int fd, const char *path, uint64_t jobs, struct cobench_error *err)
{
    const size_t bytes = SLOTS_HEADER_BYTES + (size_t)jobs * sizeof(struct slot);
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return error_fill(err, -errno, "--slots: '%s' cannot be mapped: %s", path, strerror(errno));
    *slots = (struct slots){
        .map = map, .bytes = bytes, .jobs = jobs, .slot = (struct slot *)(void *)((char *)map + SLOTS_HEADER_BYTES)};
    return 0;
}

int slots_attach(struct slots *slots, const char *path, uint64_t jobs, struct cobench_error *err)
{
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return error_fill(err, -errno, "--slots: cannot open '%s': %s", path, strerror(errno));
    const int rc = file_map(slots, fd, path, jobs, err);
    close(fd);
    return rc;
}

int slots_open(struct slots *slots, const char *path, uint64_t jobs, struct cobench_error *err)
{
    const size_t bytes = SLOTS_HEADER_BYTES + (size_t)jobs * sizeof(struct slot);
    int fd, rc = 0;

    do
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return error_fill(err, -errno, "--slots: cannot create '%s': %s", path, strerror(errno));
    rc = file_reserve(fd, bytes);
    if (rc) {
        if (error_is_limit(rc))
            error_fill(err, rc, "no space for the slots file '%s' of %zu bytes: %s", path, bytes, strerror(-rc));
        else
            error_fill(err, rc, "--slots: '%s' is no file that can be mapped: %s", path, strerror(-rc));
        goto out;
    }
    rc = file_map(slots, fd, path, jobs, err);
    if (rc == 0)
        header_fill(slots->map, jobs);
out:
    if (close(fd) < 0 && rc == 0) {
        rc = -errno;
        error_fill(err, rc, "--slots: '%s' cannot be closed: %s", path, strerror(-rc));
        slots_close(slots);
    }
    return rc;
}

void slots_close(struct slots *slots)
{
    if (slots->map)
        munmap(slots->map, slots->bytes);
    *slots = (struct slots){0};
}

void slots_prefault(struct slot *slot, uint64_t jobs)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *from = (char *)((uintptr_t)slot / page * page);
    char *to = (char *)(slot + jobs);

    for (;;) {
        if (madvise(from, (size_t)(to - from), MADV_POPULATE_WRITE) == 0)
            return;
        if (errno != EINTR && errno != EAGAIN)
            break;
    }
    /* An older kernel: adding nothing is a write that races with nobody. */
    const uint64_t step = page / sizeof *slot;
    for (uint64_t i = 0; i < jobs; i += step)
        __atomic_fetch_add(&slot[i].runs, 0, __ATOMIC_RELAXED);
    __atomic_fetch_add(&slot[jobs - 1].runs, 0, __ATOMIC_RELAXED);
}

bool slot_kill_command(const struct slot *slot)
{
    const uint64_t process = __atomic_load_n(&slot->command, __ATOMIC_ACQUIRE);
    if (process != 0 && process != SLOT_COMMAND_OVER)
        kill(-(pid_t)process, SIGKILL);
    return process != 0;
}
