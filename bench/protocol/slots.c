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

#include "bench/util/alloc.h"
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
    *out = (struct slots_view){
        .length = length, .slots = (const void *)((const char *)bytes + SLOTS_HEADER_BYTES), .jobs = jobs};
    return 0;
}

int slots_open(const char *path, uint64_t jobs, struct slots_view *out, struct error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, -errno, "no slots file: %s", strerror(errno));
    struct stat st = {.st_size = 0};
    void *bytes = MAP_FAILED;
    if (fstat(fd, &st) == 0 && st.st_size > 0)
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    int rc = bytes == MAP_FAILED ? -errno : 0;
    close(fd); /* it was only read */
    if (st.st_size == 0)
        return error_set(err, -EINVAL, "the slots file is empty");
    if (rc != 0)
        return error_set(err, rc, "the slots file: %s", strerror(-rc));
    rc = slots_parse(bytes, (size_t)st.st_size, jobs, out, err);
    if (rc != 0)
        munmap(bytes, (size_t)st.st_size);
    return rc;
}

void slots_close(struct slots_view *view)
{
    if (view->slots != NULL)
        munmap((char *)(uintptr_t)view->slots - SLOTS_HEADER_BYTES, view->length);
    *view = (struct slots_view){.slots = NULL};
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
        snprintf(said + at, sizeof said - at, "; %" PRIu64 " of %" PRIu64 " jobs were done once", view->jobs - off,
                 view->jobs);
    return off == 0 ? 0 : error_set(err, -EBADMSG, "%s", said);
}

uint64_t slots_count(const struct slots_view *view, enum slot_state state, uint64_t *first)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < view->jobs; i++)
        if (view->slots[i].state == state && count++ == 0)
            *first = i;
    return count;
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
    uint64_t *results = xmalloc(view->jobs * sizeof *results);
    for (uint64_t i = 0; i < view->jobs; i++)
        results[i] = view->slots[i].result;
    return results;
}

int slots_tell_difference(const struct slots_view *view, const uint64_t *expected, const char *where, struct error *out)
{
    uint64_t at[2] = {0, 0}, count = 0;
    for (uint64_t i = 0; i < view->jobs; i++)
        if (view->slots[i].result != expected[i] && count++ < 2)
            at[count - 1] = i;
    if (count == 0)
        return -ENOENT;
    const uint64_t first = at[0], second = at[1], result = view->slots[first].result;
    if (count == 2 && result == expected[second] && view->slots[second].result == expected[first])
        return error_set(out, 0, "jobs %" PRIu64 " and %" PRIu64 " gave each other's results", first, second);
    char others[64] = "";
    if (count > 1)
        snprintf(others, sizeof others, "; %" PRIu64 " more differ%s", count - 1, count == 2 ? "s" : "");
    return error_set(out, 0, "job %" PRIu64 " gave %" PRIu64 ", but %" PRIu64 " in %s%s", first, result,
                     expected[first], where, others);
}

bool slots_read_difference(const char *text, struct slots_difference *out)
{
    return sscanf(text, "job %llu gave %llu, but %llu in %31[^:]:", &out->job, &out->result, &out->expected,
                  out->where) == 4;
}

static int compare_ns(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void slots_quantiles(int64_t *values, uint64_t count, struct slots_latency *out)
{
    int64_t *const points[] = {&out->p50, &out->p90, &out->p99, &out->max};
    static const uint64_t percent[] = {50, 90, 99, 100};
    qsort(values, count, sizeof *values, compare_ns);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        *points[i] = count == 0 ? -1 : values[(count * percent[i] + 99) / 100 - 1];
}

int64_t slots_job_latency(const struct slot *slot)
{
    return slot->end_ns - (slot->due_ns != 0 ? slot->due_ns : slot->start_ns);
}

void slots_latency(const struct slots_view *view, struct slots_latency *out)
{
    int64_t *took = xmalloc(view->jobs * sizeof *took);
    for (uint64_t i = 0; i < view->jobs; i++)
        took[i] = slots_job_latency(&view->slots[i]);
    slots_quantiles(took, view->jobs, out);
    free(took);
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

int64_t slots_flight_start(const struct slot *slot, bool need_jobs)
{
    const bool waited = need_jobs && slot->replied_ns > slot->start_ns && slot->replied_ns <= slot->end_ns;
    return waited ? slot->replied_ns : slot->start_ns;
}

/* Of the worker whose jobs have waited for the largest share of their time: how long, and that time. */
static void find_waiting(const struct slots_view *view, struct slots_in_flight *out)
{
    int64_t *waited = xcalloc(2 * view->jobs, sizeof *waited), *const busy = waited + view->jobs;
    for (uint64_t i = 0; i < view->jobs; i++) {
        const struct slot *s = &view->slots[i];
        const uint64_t worker = (uint64_t)s->worker;
        if (s->worker < 0 || worker >= view->jobs || s->end_ns < s->start_ns)
            continue;
        waited[worker] += s->waited_us * NS_PER_US;
        busy[worker] += s->end_ns - s->start_ns;
    }
    for (uint64_t w = 0; w < view->jobs; w++)
        if (busy[w] > 0 && (out->most_waited_busy_ns == 0 || (double)waited[w] * (double)out->most_waited_busy_ns >
                                                                 (double)out->most_waited_ns * (double)busy[w])) {
            out->most_waited_ns = waited[w];
            out->most_waited_busy_ns = busy[w];
        }
    free(waited);
}

void slots_count_in_flight(const struct slots_view *view, bool need_jobs, struct slots_in_flight *out)
{
    *out = (struct slots_in_flight){-1, -1, -1, 0, 0};
    if (view->jobs == 0 || view->jobs > SLOTS_SORTED_MAX)
        return;
    int64_t *starts = xmalloc(2 * view->jobs * sizeof *starts), *const ends = starts + view->jobs, busy = 0,
            waited_ns = 0;
    for (uint64_t i = 0; i < view->jobs; i++) {
        const struct slot *s = &view->slots[i];
        starts[i] = slots_flight_start(s, need_jobs);
        ends[i] = s->end_ns;
        waited_ns += s->waited_us * NS_PER_US;
        if (busy >= 0 && __builtin_add_overflow(busy, ends[i] - starts[i], &busy))
            busy = -1; /* centuries: no stamps of this run */
    }
    qsort(starts, view->jobs, sizeof *starts, compare_ns);
    qsort(ends, view->jobs, sizeof *ends, compare_ns);
    *out = (struct slots_in_flight){
        .most = most_at_once(starts, ends, view->jobs), .busy_ns = busy, .waited_ns = waited_ns};
    if (waited_ns > 0 && busy > 0)
        find_waiting(view, out);
    free(starts);
}

void slots_by_host(const struct slots_view *view, const struct placement *placement, unsigned workers, int64_t ready_ns,
                   struct slots_share *out)
{
    memset(out, 0, placement->count * sizeof *out);
    for (size_t h = 0; h < placement->count; h++) {
        unsigned first;
        const unsigned count = placement_workers(placement, workers, h, &first);
        for (uint64_t i = 0; i < view->jobs; i++) {
            const struct slot *s = &view->slots[i];
            const int64_t took = s->end_ns - s->start_ns, after = s->end_ns - ready_ns;
            if (s->worker < 0 || (unsigned)s->worker - first >= count)
                continue;
            out[h].jobs++;
            out[h].busy_ns += took;
            out[h].last_ns = after > out[h].last_ns ? after : out[h].last_ns;
            out[h].longest_ns = took > out[h].longest_ns ? took : out[h].longest_ns;
        }
    }
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
    }
    return 0;
}
