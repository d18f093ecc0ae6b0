/* SPDX-License-Identifier: MIT */
/* What the stamps of a run's slots say beside its results. */
#include "bench/analysis/diagnosis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"

static int compare_ns(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Jobs are handed out in order, so that the stamps mostly are in order already. */
static void sort_ns(int64_t *x, uint64_t n)
{
    uint64_t i = 1;
    while (i < n && x[i - 1] <= x[i])
        i++;
    if (i < n)
        qsort(x, n, sizeof *x, compare_ns);
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

int symptoms_flight(const struct slots_view *view, struct symptoms_flight *out)
{
    *out = (struct symptoms_flight){-1, -1};
    if (view->jobs == 0 || view->jobs > SYMPTOMS_JOBS_MAX)
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
    sort_ns(starts, view->jobs);
    sort_ns(ends, view->jobs);
    *out = (struct symptoms_flight){.most = most_at_once(starts, ends, view->jobs), .busy_ns = busy};
    free(starts);
    return 0;
}

int symptoms_check_times(const struct slots_view *view, int64_t ready_ns, int64_t work_ns, struct error *err)
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
