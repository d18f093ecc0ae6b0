/* SPDX-License-Identifier: MIT */
/* A run in an open loop, from its slots. */
#include "bench/protocol/open_loop.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "bench/util/alloc.h"
#include "bench/util/json.h"
#include "common/clock.h"

int open_loop_check(const struct slots_view *view, const struct arrivals *arrivals, int64_t gate_ns, struct error *err)
{
    struct arrivals_walk walk = {.arrivals = *arrivals};
    for (uint64_t i = 0; i < view->jobs; i++) {
        const struct slot *s = &view->slots[i];
        const int64_t due_ns = gate_ns + arrivals_next(&walk);
        if (s->due_ns != due_ns)
            return error_set(err, -EBADMSG, "job %" PRIu64 " was due %" PRId64 " ns off the schedule", i,
                             s->due_ns - due_ns);
    }
    return 0;
}

double open_loop_rate(int64_t jobs, int64_t ns)
{
    return jobs < 2 || ns <= 0 ? NAN : (double)(jobs - 1) * (double)NS_PER_S / (double)ns;
}

/* The median latency of `count` jobs from `first` on; `values` holds as many. */
static int64_t part_median(const struct slots_view *view, uint64_t first, uint64_t count, int64_t *values)
{
    struct slots_latency part;
    for (uint64_t i = 0; i < count; i++)
        values[i] = slots_job_latency(&view->slots[first + i]);
    slots_quantiles(values, count, &part);
    return part.p50;
}

void open_loop_measure(const struct slots_view *view, struct open_loop *out)
{
    const uint64_t n = view->jobs, tenth = n < 10 ? 1 : n / 10;
    const struct slot *slots = view->slots;
    int64_t *values = xmalloc(n * sizeof *values), first_end = slots[0].end_ns, last_end = first_end;
    *out = (struct open_loop){.jobs = n, .span_ns = slots[n - 1].due_ns - slots[0].due_ns};
    out->drift_ns = part_median(view, n - tenth, tenth, values) - part_median(view, 0, tenth, values);
    for (uint64_t i = 0; i < n; i++) {
        values[i] = slots[i].start_ns - slots[i].due_ns;
        first_end = slots[i].end_ns < first_end ? slots[i].end_ns : first_end;
        last_end = slots[i].end_ns > last_end ? slots[i].end_ns : last_end;
    }
    out->ends_ns = last_end - first_end;
    slots_quantiles(values, n, &out->late);
    const int64_t bound = (int64_t)(OPEN_LOOP_DRIFT_MAX * (double)out->span_ns);
    out->kept = out->drift_ns <= (bound > OPEN_LOOP_DRIFT_FLOOR_NS ? bound : OPEN_LOOP_DRIFT_FLOOR_NS);
    free(values);
}

json_t *open_loop_json(const struct open_loop *loop)
{
    const int64_t jobs = (int64_t)loop->jobs;
    return json_pack("{so so sI sI s{sI sI sI sI} sI sb}", "offered_rate",
                     json_number(open_loop_rate(jobs, loop->span_ns)), "achieved_rate",
                     json_number(open_loop_rate(jobs, loop->ends_ns)), "span_ns", (json_int_t)loop->span_ns, "ends_ns",
                     (json_int_t)loop->ends_ns, "late_ns", "p50", (json_int_t)loop->late.p50, "p90",
                     (json_int_t)loop->late.p90, "p99", (json_int_t)loop->late.p99, "max", (json_int_t)loop->late.max,
                     "drift_ns", (json_int_t)loop->drift_ns, "kept", (int)loop->kept);
}
