/* SPDX-License-Identifier: MIT */
/*
 * The slots file as the driver reads it (layout: common/slots.h): is every job done exactly once, what is the digest,
 * where does it differ from another run, how long did jobs take. Pure functions over a buffer, and one that maps a
 * file.
 */
#ifndef BENCH_PROTOCOL_SLOTS_H
#define BENCH_PROTOCOL_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "bench/util/error.h"
#include "common/slots.h"

struct slots_view {
    const void *bytes; /* borrowed, or mapped by slots_open */
    size_t length;
    const struct slot *slots;
    uint64_t jobs;
};

/* Quantiles by nearest rank; -1 where there is nothing to take them of. */
struct slots_latency {
    int64_t p50, p90, p99, max;
};

/* Maps a file. slots_close is needed after 0 only. `jobs`: how many it has to have. */
int slots_open(const char *path, uint64_t jobs, struct slots_view *out, struct error *err);
void slots_close(struct slots_view *view);
/* The same over a buffer aligned to 8 bytes: -EINVAL where it is no slots file of this version with that many jobs. */
int slots_parse(const void *bytes, size_t length, uint64_t jobs, struct slots_view *out, struct error *err);

/* 0 where every job was done exactly once and in no negative time, else -EBADMSG and the first ones that were not: "job
 * 7 was done twice; job 9 was never done". */
int slots_check(const struct slots_view *view, struct error *err);
/* Over the results as they are; meaningful after slots_check. */
uint64_t slots_digest(const struct slots_view *view);
/* The results alone, to be freed; NULL: no memory. */
uint64_t *slots_results(const struct slots_view *view);
/*
 * What is not as expected, in words: "job 7 gave 42, but 9 in c:sync; 2 more differ", or, of two that are exchanged, "jobs
 * 3 and 6 gave each other's results". `where` is who gave the expected results. -ENOENT where nothing differs.
 */
int slots_tell_difference(const struct slots_view *view, const uint64_t *expected, const char *where,
                          struct error *out);
/* How long a done job took: in an open loop (it has a due_ns) from when it was to start, else from its start. */
int64_t slots_job_latency(const struct slot *slot);
/* Of the done jobs' latencies. 0 or -ENOMEM; both are meaningful after slots_check. */
int slots_latency(const struct slots_view *view, struct slots_latency *out);
/* Sorts `values` and takes their quantiles. */
void slots_quantiles(int64_t *values, uint64_t count, struct slots_latency *out);

#endif
