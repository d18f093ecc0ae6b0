/* SPDX-License-Identifier: MIT */
/* The slots file as the driver reads it. */
#include "bench/protocol/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"

#define JOBS_NAMED 3 /* of those that were not done exactly once */

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

/* Whether a job was not done exactly once, in a time that can be; then `text` says how. */
static bool job_is_off(uint64_t job, const struct slot *s, char *text, size_t size)
{
    const bool timely = s->due_ns >= 0 && s->start_ns >= 0 && s->start_ns >= s->due_ns && s->end_ns >= s->start_ns;
    char times[40];
    if (s->runs == 1 && s->state == SLOT_DONE && timely)
        return false;
    snprintf(times, sizeof times, "was done %" PRIu32 " times", s->runs);
    snprintf(text, size, "job %" PRIu64 " %s", job,
             s->runs == 0                               ? "was never done"
             : s->runs == 2                             ? "was done twice"
             : s->runs > 2                              ? times
             : s->state == SLOT_FAILED                  ? "failed"
             : s->state != SLOT_DONE                    ? "was begun and never done"
             : s->due_ns > 0 && s->start_ns < s->due_ns ? "began before it was due"
                                                        : "ended before it began");
    return true;
}

int slots_check(const struct slots_view *view, struct error *err)
{
    char said[400] = "", text[80];
    uint64_t off = 0;
    size_t at = 0;
    for (uint64_t i = 0; i < view->jobs; i++)
        if (job_is_off(i, &view->slots[i], text, sizeof text) && off++ < JOBS_NAMED)
            at += (size_t)snprintf(said + at, sizeof said - at, "%s%s", at > 0 ? "; " : "", text);
    if (off > JOBS_NAMED)
        snprintf(said + at, sizeof said - at, "; %" PRIu64 " more were not done once", off - JOBS_NAMED);
    return off == 0 ? 0 : error_set(err, -EBADMSG, "%s", said);
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

static uint64_t next_difference(const struct slots_view *view, const uint64_t *expected, uint64_t from)
{
    while (from < view->jobs && view->slots[from].result == expected[from])
        from++;
    return from;
}

int slots_tell_difference(const struct slots_view *view, const uint64_t *expected, const char *where, struct error *out)
{
    const uint64_t first = next_difference(view, expected, 0);
    if (first == view->jobs)
        return -ENOENT;
    const uint64_t second = next_difference(view, expected, first + 1);
    uint64_t more = 0;
    for (uint64_t i = second; i < view->jobs; i = next_difference(view, expected, i + 1))
        more++;
    if (more == 1 && view->slots[first].result == expected[second] && view->slots[second].result == expected[first])
        return error_set(out, 0, "jobs %" PRIu64 " and %" PRIu64 " gave each other's results", first, second);
    char others[64] = "";
    if (more > 0)
        snprintf(others, sizeof others, "; %" PRIu64 " more differ%s", more, more == 1 ? "s" : "");
    return error_set(out, 0, "job %" PRIu64 " gave %" PRIu64 ", but %" PRIu64 " in %s%s", first,
                     view->slots[first].result, expected[first], where, others);
}

static int compare_ns(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void slots_quantiles(int64_t *values, uint64_t count, struct slots_latency *out)
{
    *out = (struct slots_latency){-1, -1, -1, -1};
    if (count == 0)
        return;
    qsort(values, count, sizeof *values, compare_ns);
    *out = (struct slots_latency){.p50 = values[(count * 50 + 99) / 100 - 1],
                                  .p90 = values[(count * 90 + 99) / 100 - 1],
                                  .p99 = values[(count * 99 + 99) / 100 - 1],
                                  .max = values[count - 1]};
}

int64_t slots_job_latency(const struct slot *slot)
{
    return slot->end_ns - (slot->due_ns != 0 ? slot->due_ns : slot->start_ns);
}

int slots_latency(const struct slots_view *view, struct slots_latency *out)
{
    int64_t *took = malloc(view->jobs * sizeof *took);
    uint64_t n = 0;
    if (took == NULL)
        return -ENOMEM;
    for (uint64_t i = 0; i < view->jobs; i++)
        if (view->slots[i].state == SLOT_DONE)
            took[n++] = slots_job_latency(&view->slots[i]);
    slots_quantiles(took, n, out);
    free(took);
    return 0;
}

/* Goes through both kinds of stamps in the order of time. A job may start and end at the same instant. */
static int64_t most_at_once(const int64_t *starts, const int64_t *ends, uint64_t n)
{
    int64_t now = 0, most = 0;
    for (uint64_t s = 0, e = 0; s < n;) {
        if (now > 0 && ends[e] <= starts[s]) {
            now--;
            e++;
        } else {
            now++;
            s++;
            most = now > most ? now : most;
        }
    }
    return most;
}

int slots_count_in_flight(const struct slots_view *view, struct slots_in_flight *out)
{
    *out = (struct slots_in_flight){-1, -1};
    if (view->jobs == 0 || view->jobs > SLOTS_SORTED_MAX)
        return 0;
    int64_t *starts = malloc(2 * view->jobs * sizeof *starts), busy = 0;
    if (starts == NULL)
        return -ENOMEM;
    int64_t *const ends = starts + view->jobs;
    for (uint64_t i = 0; i < view->jobs; i++) {
        starts[i] = view->slots[i].start_ns;
        ends[i] = view->slots[i].end_ns;
        if (busy >= 0 && __builtin_add_overflow(busy, ends[i] - starts[i], &busy))
            busy = -1; /* centuries: no stamps of this run */
    }
    qsort(starts, view->jobs, sizeof *starts, compare_ns);
    qsort(ends, view->jobs, sizeof *ends, compare_ns);
    *out = (struct slots_in_flight){.most = most_at_once(starts, ends, view->jobs), .busy_ns = busy};
    free(starts);
    return 0;
}

int slots_check_times(const struct slots_view *view, int64_t ready_ns, int64_t work_ns, struct error *err)
{
    for (uint64_t i = 0; i < view->jobs; i++) {
        const struct slot *s = &view->slots[i];
        if (s->start_ns < ready_ns)
            return error_set(err, -EBADMSG, "job %" PRIu64 " began %.3f ms before the gate opened", i,
                             (double)(ready_ns - s->start_ns) / (double)NS_PER_MS);
        if (s->end_ns > work_ns)
            return error_set(err, -EBADMSG, "job %" PRIu64 " ended %.3f ms after the end of the work", i,
                             (double)(s->end_ns - work_ns) / (double)NS_PER_MS);
        if (s->end_ns < s->start_ns)
            return error_set(err, -EBADMSG, "job %" PRIu64 " ended before it began", i);
    }
    return 0;
}
