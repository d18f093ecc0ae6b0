/* SPDX-License-Identifier: MIT */
/* One sample: a cell's command run once, what it left (record, slots, hyperfine's JSON) read and checked. */
#ifndef BENCH_RUN_SAMPLE_H
#define BENCH_RUN_SAMPLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/machine/interference.h"
#include "bench/plan/plan.h"
#include "bench/process/supervisor.h"
#include "bench/protocol/catalog.h"
#include "bench/protocol/open_loop.h"
#include "bench/protocol/paths.h"
#include "bench/protocol/record.h"
#include "bench/protocol/slots.h"
#include "bench/run/origin_process.h"
#include "bench/store/results.h"
#include "bench/util/error.h"

/* What the samples of a run are taken with. All borrowed. */
struct bench {
    const struct paths *paths;
    const struct catalog *catalog;
    const struct plan *plan;
    struct supervisor *supervisor;
    const char *scratch;
    const char *tasks_dir;       /* NULL: none */
    const struct origin *origin; /* NULL: not started */
    const struct interference_watch *watch;
};

/* What a run's results have to be: those of its reference. */
struct reference {
    char name[128]; /* "py:sync" */
    enum cell_status status;
    char *reason; /* why there is nothing to check against; NULL: ok */
    uint64_t digest;
    uint64_t *results; /* each job's; NULL: too many to keep */
    bool longer;       /* it was out of time and has had more of it */
};

/* Numbers are -1 where not known. JSON values are owned; NULL stands for null. */
struct sample_taken {
    enum cell_status status;
    char *reason;
    double at;
    int64_t whole_ns, exit, work_ns, user_ns, system_ns, failed_jobs, peak_pss_bytes;
    json_t *failures, *phases, *usage, *connections, *python;
    json_t *disturbed;     /* an array of lines: what happened to it from outside */
    unsigned disturbances; /* of what kinds (bench/protocol/interference_kind.h) */
    struct slots_in_flight flight;
    bool has_digest;
    uint64_t digest;
    struct slots_latency latency;
    bool opened; /* in an open loop, and its slots were sound: */
    struct open_loop open_loop;
    int64_t looks, looks_in_work, held_pss_bytes; /* at its memory: how often, in its work time, and in the end pause */
    int64_t origin_cpu_ns, origin_wait_ns, origin_wall_ns;
    struct interference around;
    struct slots_view slots; /* of the first copy, until sample_free */
    bool unreserved;         /* a host could not reserve the space of its slots file */
};

/* Where it stands in the run. */
struct sample_place {
    int64_t round; /* of which an open loop has the schedule; 0: the verify pass */
    int64_t order; /* its place in the round */
    size_t cell;
    bool timed; /* through hyperfine; else by itself with its memory watched */
};

/* Nothing is known of it yet. */
void sample_blank(struct sample_taken *out);
/* A sample of a cell that was never started. */
void sample_none(enum cell_status status, const char *reason, struct sample_taken *out);
void sample_free(struct sample_taken *s);
/* The line for the journal. */
json_t *sample_json(const struct sample_taken *s, const struct sample_place *place);

/*
 * Runs a cell once (bench/run/sample_take.c). The sample says all that went wrong with the cell. Returns 0, -EINTR when
 * the driver was told to stop, -EPIPE where the origin has ended, -ENOSPC or -EDQUOT where the scratch folder had no space
 * for it (bench/run/disk_space.h), or another negative errno where the driver cannot go on. sample_free is needed after 0
 * only.
 */
int sample_take(const struct bench *b, const struct plan_cell *cell, const struct sample_place *place,
                struct sample_taken *out, struct error *err);
/* Refuses a sample whose results are not the reference's and names the jobs that differ; one with nothing to be checked
 * against stays ok and has the reason. */
void sample_compare(struct sample_taken *s, const struct reference *reference);

#endif
