/* SPDX-License-Identifier: MIT */
/* The slots file as the driver reads it (layout: common/slots.h): whether every job was done exactly once, the digest, where
 * it differs from another run, how long jobs took, how many were in flight. Pure, but for slots_open. */
#ifndef BENCH_PROTOCOL_SLOTS_H
#define BENCH_PROTOCOL_SLOTS_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/util/error.h"
#include "common/placement.h"
#include "common/slots.h"

struct slots_view {
    size_t length;            /* of the file */
    const struct slot *slots; /* in a borrowed buffer, or mapped by slots_open */
    uint64_t jobs;
};

/* Quantiles by nearest rank; -1 where there is nothing to take them of. */
struct slots_latency {
    int64_t p50, p90, p99, max;
};

/* Above so many jobs the stamps are not sorted, and what is in flight is not known. */
#define SLOTS_SORTED_MAX (1u << 20)

/* -1: not known. A job is in flight from its start stamp to its end stamp. */
struct slots_in_flight {
    int64_t most;    /* jobs in flight at once; a job that starts at the instant another ends does not overlap it */
    int64_t busy_ns; /* the jobs' times, summed: divided by the work time, the jobs in flight on average */
    int64_t
        waited_ns; /* of these, until they had a connection or a lock; 0 where each worker has its own, or takes none */
    int64_t most_waited_ns, most_waited_busy_ns; /* both of the worker that waited for the largest share of its time */
};

/* Maps a file. slots_close is needed after 0 only. `jobs`: how many it has to have. */
int slots_open(const char *path, uint64_t jobs, struct slots_view *out, struct error *err);
void slots_close(struct slots_view *view);
/* The same over a buffer aligned to 8 bytes: -EINVAL where it is no slots file of this version with that many jobs. */
int slots_parse(const void *bytes, size_t length, uint64_t jobs, struct slots_view *out, struct error *err);

/* 0, or -EBADMSG and the first jobs that were not done exactly once or in a negative time: "job 7 was done twice". */
int slots_check(const struct slots_view *view, struct error *err);
/* -EBADMSG and the first job that began before the gate opened (`ready_ns`) or ended after the work did (`work_ns`): then
 * the work time is not the time of these jobs. 0 where there is none. */
int slots_check_times(const struct slots_view *view, int64_t ready_ns, int64_t work_ns, struct error *err);
/* How many are in the state, and the first of them. */
uint64_t slots_count(const struct slots_view *view, enum slot_state state, uint64_t *first);
/* Over the results as they are; meaningful after slots_check. */
uint64_t slots_digest(const struct slots_view *view);
/* The results alone, to be freed. */
uint64_t *slots_results(const struct slots_view *view);
/* What is not as expected, in words: "job 7 gave 42, but 9 in c:sync; 2 more differ", where `where` gave the expected
 * results. -ENOENT where nothing differs. */
int slots_tell_difference(const struct slots_view *view, const uint64_t *expected, const char *where,
                          struct error *out);

/* What such a sentence says, of the first job. */
struct slots_difference {
    unsigned long long job, result, expected;
    char where[32]; /* the runtime of what gave the expected result */
};

/* Reads one back from a run's journal. False: it is another sentence. */
bool slots_read_difference(const char *text, struct slots_difference *out);
/* How long a done job took: in an open loop (it has a due_ns) from when it was to start, else from its start. */
int64_t slots_job_latency(const struct slot *slot);
/* Of the jobs' latencies; both are meaningful after slots_check. */
void slots_latency(const struct slots_view *view, struct slots_latency *out);
/* Sorts `values` and takes their quantiles. */
void slots_quantiles(int64_t *values, uint64_t count, struct slots_latency *out);
/* What the workers of one host did. Nanoseconds. */
struct slots_share {
    int64_t jobs, busy_ns;
    int64_t last_ns;    /* from the gate to the end of its last job */
    int64_t longest_ns; /* of its jobs */
};
/* One for each host of the placement of so many workers; jobs of other worker numbers are in none. After slots_check. */
void slots_by_host(const struct slots_view *view, const struct placement *placement, unsigned workers, int64_t ready_ns,
                   struct slots_share *out);
/* From when a done job was in flight: `need_jobs`, of a task whose jobs need the results of others, from when these were there, as
 * under sync one runs in the middle of another; else from its start. */
int64_t slots_flight_start(const struct slot *slot, bool need_jobs);
/* Meaningful after slots_check. */
void slots_count_in_flight(const struct slots_view *view, bool need_jobs, struct slots_in_flight *out);

#endif
