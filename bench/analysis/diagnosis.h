/* SPDX-License-Identifier: MIT */
/*
 * What the stamps of a run's slots say beside its results: how many jobs were in flight at once, and whether all of them
 * lie inside the work the host claims. Pure functions over a slots file that has passed slots_check.
 */
#ifndef BENCH_ANALYSIS_DIAGNOSIS_H
#define BENCH_ANALYSIS_DIAGNOSIS_H

#include <stdint.h>

#include "bench/util/error.h"
#include "bench/protocol/slots.h"

/* Above so many jobs the stamps are not sorted, and what is in flight is not known. */
#define SYMPTOMS_JOBS_MAX (1u << 20)

/* -1: not known. A job is in flight from its start stamp to its end stamp. */
struct symptoms_flight {
    int64_t most;    /* jobs in flight at once; a job that starts at the instant another ends does not overlap it */
    int64_t busy_ns; /* the jobs' times, summed: divided by the work time, the jobs in flight on average */
};

/* 0 or -ENOMEM. */
int symptoms_flight(const struct slots_view *view, struct symptoms_flight *out);

/*
 * -EBADMSG and the first job that began before the gate opened (`ready_ns`), ended after the work did (`work_ns`) or
 * ended before it began: then the work time is not the time of these jobs. 0 where there is none.
 */
int symptoms_check_times(const struct slots_view *view, int64_t ready_ns, int64_t work_ns, struct error *err);

#endif
