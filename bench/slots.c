/* SPDX-License-Identifier: MIT */
/* The slots file as the driver reads it. */
#include "bench/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int slots_parse(const void *bytes, size_t length, uint64_t jobs, struct slots_view *out, struct error *err)
{
    struct slots_header h;
    if (length < SLOTS_HEADER_BYTES)
        return error_set(err, -EINVAL, "the slots file is cut short (%zu bytes)", length);
    memcpy(&h, bytes, sizeof h);
    if (memcmp(h.magic, SLOTS_MAGIC, sizeof h.magic) != 0)
        return error_set(err, -EINVAL, "the slots file does not begin with '%s'", SLOTS_MAGIC);
    if (h.version != SLOTS_VERSION || h.header_bytes != SLOTS_HEADER_BYTES || h.slot_bytes != sizeof(struct slot))
        return error_set(err, -EINVAL, "the slots file is of version %" PRIu32 ", this program reads %u", h.version,
                         SLOTS_VERSION);
    if (h.jobs != jobs)
        return error_set(err, -EINVAL, "the slots file has %" PRIu64 " jobs, not %" PRIu64, h.jobs, jobs);
    if ((length - SLOTS_HEADER_BYTES) / sizeof(struct slot) < jobs)
        return error_set(err, -EINVAL, "the slots file is cut short (%zu bytes for %" PRIu64 " jobs)", length, jobs);
    *out = (struct slots_view){.bytes = bytes,
                               .length = length,
                               .slots = (const void *)((const char *)bytes + SLOTS_HEADER_BYTES),
                               .jobs = jobs};
    return 0;
}

int slots_open(const char *path, uint64_t jobs, struct slots_view *out, struct error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, -errno, "no slots file: %s", strerror(errno));
    struct stat st;
    void *bytes = MAP_FAILED;
    int rc = 0;
    if (fstat(fd, &st) != 0)
        rc = error_set(err, -errno, "the slots file: %s", strerror(errno));
    else if (st.st_size == 0)
        rc = error_set(err, -EINVAL, "the slots file is empty");
    else if ((bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED)
        rc = error_set(err, -errno, "the slots file: %s", strerror(errno));
    close(fd); /* it was only read */
    if (rc == 0 && (rc = slots_parse(bytes, (size_t)st.st_size, jobs, out, err)) != 0)
        munmap(bytes, (size_t)st.st_size);
    return rc;
}

void slots_close(struct slots_view *view)
{
    if (view->bytes != NULL)
        munmap((void *)(uintptr_t)view->bytes, view->length);
    *view = (struct slots_view){.bytes = NULL};
}

int slots_check(const struct slots_view *view, struct error *err)
{
    for (uint64_t i = 0; i < view->jobs; i++) {
        const struct slot *s = &view->slots[i];
        if (s->runs == 1 && s->state == SLOT_DONE)
            continue;
        if (s->runs == 0)
            return error_set(err, -EBADMSG, "job %" PRIu64 " was never done", i);
        if (s->runs == 2)
            return error_set(err, -EBADMSG, "job %" PRIu64 " was done twice", i);
        if (s->runs > 2)
            return error_set(err, -EBADMSG, "job %" PRIu64 " was done %" PRIu32 " times", i, s->runs);
        return error_set(err, -EBADMSG, "job %" PRIu64 " %s", i,
                         s->state == SLOT_FAILED ? "failed" : "was begun and never done");
    }
    return 0;
}

uint64_t slots_digest(const struct slots_view *view)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < view->jobs; i++)
        sum += splitmix64(i ^ splitmix64(view->slots[i].result));
    return sum;
}

uint64_t *slots_results(const struct slots_view *view)
{
    uint64_t *results = malloc(view->jobs * sizeof *results);
    for (uint64_t i = 0; results != NULL && i < view->jobs; i++)
        results[i] = view->slots[i].result;
    return results;
}

uint64_t slots_first_difference(const struct slots_view *view, const uint64_t *expected)
{
    uint64_t i = 0;
    while (i < view->jobs && view->slots[i].result == expected[i])
        i++;
    return i;
}

static int compare_ns(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int slots_latency(const struct slots_view *view, struct slots_latency *out)
{
    int64_t *took = malloc(view->jobs * sizeof *took);
    uint64_t n = 0;
    if (took == NULL)
        return -ENOMEM;
    for (uint64_t i = 0; i < view->jobs; i++)
        if (view->slots[i].state == SLOT_DONE)
            took[n++] = view->slots[i].end_ns - view->slots[i].start_ns;
    *out = (struct slots_latency){-1, -1, -1, -1};
    if (n > 0) {
        qsort(took, n, sizeof *took, compare_ns);
        *out = (struct slots_latency){.p50 = took[(n * 50 + 99) / 100 - 1],
                                      .p90 = took[(n * 90 + 99) / 100 - 1],
                                      .p99 = took[(n * 99 + 99) / 100 - 1],
                                      .max = took[n - 1]};
    }
    free(took);
    return 0;
}
