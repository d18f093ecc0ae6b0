/* SPDX-License-Identifier: MIT */
/*
 * A run in an open loop, from its slots: did the jobs arrive as the plan has it, did they start in time, was the rate kept.
 * Pure functions over a slots file that has passed slots_check.
 *
 * Latency counts from when a job was to start: a closed loop leaves the wait of those jobs out that a stall would have met
 * (G. Tene: How NOT to Measure Latency, 2015, calls it coordinated omission).
 *
 * A rate that cannot be kept shows as a backlog that grows. So the drift, the median latency of the last tenth of the jobs
 * less that of the first tenth, is compared with the schedule's length. Of jobs that come at R and are done at r < R, the
 * last has waited for (R - r) / R of the time all of them take: a drift of OPEN_LOOP_DRIFT_MAX of the schedule is a rate
 * kept by about that much less than was asked. A stall that is over, as bad as it is for the p99, is no backlog.
 */
#ifndef BENCH_PROTOCOL_OPEN_LOOP_H
#define BENCH_PROTOCOL_OPEN_LOOP_H

#include <jansson.h>
#include <stdbool.h>

#include "bench/util/error.h"
#include "bench/protocol/slots.h"
#include "common/arrivals.h"

/* A drift up to this share of the schedule's length, or up to the floor, is none. */
#define OPEN_LOOP_DRIFT_MAX      0.05
#define OPEN_LOOP_DRIFT_FLOOR_NS INT64_C(10000000) /* one turn of a busy machine's scheduler in a short run */

struct open_loop {
    uint64_t jobs;
    int64_t span_ns;           /* from the first arrival to the last */
    int64_t ends_ns;           /* from the first job's end to the last one's */
    struct slots_latency late; /* from when a job was to start to when it did */
    int64_t drift_ns;          /* see above; below 0: the first jobs took longer */
    bool kept;
};

/* 0 where every job was due when the schedule has it, else -EBADMSG and the first that was not. (That none began earlier is
 * for slots_check to say.) `gate_ns`: when the gate opened. */
int open_loop_check(const struct slots_view *view, const struct arrivals *arrivals, int64_t gate_ns, struct error *err);
/* There is at least one job. */
void open_loop_measure(const struct slots_view *view, struct open_loop *out);
/* How many jobs a second that is, between the first and the last: of span_ns the rate as it was drawn, of ends_ns the one
 * achieved. NaN where there are no two instants. */
double open_loop_rate(int64_t jobs, int64_t ns);
/* As it stands in the journal. */
json_t *open_loop_json(const struct open_loop *loop);

#endif
