/* SPDX-License-Identifier: MIT */
/* One sample: a cell's command run once, what it left (record, slots, hyperfine's JSON) read and checked. */
#ifndef BENCH_RUN_SAMPLE_H
#define BENCH_RUN_SAMPLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/machine/interference.h"
#include "bench/machine/nodes.h"
#include "bench/plan/plan.h"
#include "bench/process/supervisor.h"
#include "bench/protocol/catalog.h"
#include "bench/protocol/open_loop.h"
#include "bench/protocol/paths.h"
#include "bench/protocol/record.h"
#include "bench/protocol/slots.h"
#include "bench/run/origin_process.h"
#include "bench/run/services.h"
#include "bench/store/results.h"
#include "bench/util/error.h"

/* What the samples of a run are taken with. All borrowed. */
struct bench {
    const struct paths *paths;
    const struct catalog *catalog;
    const struct plan *plan;
    struct supervisor *supervisor;
    const char *scratch;
    const struct origin *origin; /* NULL: not started */
    const struct nodes *nodes;   /* those of --hosts; without any all is on this machine */
    const struct services *services;
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
    bool repeated;     /* something differed from it, so it was run once more */
    char *changes;     /* what it said then, where its own results are others each time; NULL: they are not */
};

/* Numbers are -1 where not known. JSON values are owned; NULL stands for null. */
struct sample_taken {
    enum cell_status status;
    char *reason;
    double at;
    int64_t whole_ns, exit, work_ns, user_ns, system_ns, failed_jobs, peak_pss_bytes;
    json_t *failures, *phases, *usage, *connections, *python, *knobs, *dependencies, *audit;
    json_t *hazards;       /* kind -> what was said of it; NULL: nothing */
    bool deadlock;         /* it failed by one, as its host says */
    json_t *nodes;         /* what the workers of each host did, by its name; NULL: all are here */
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
    struct service_use services; /* of those that it needs and the run started */
    int64_t services_cpus;       /* how many CPUs these can use at once */
    struct interference around;
    struct slots_view slots;        /* of the first copy, until sample_free */
    int64_t stuck;                  /* out of time: a job that had not returned for long, -1: none */
    bool stuck_alone;               /* and no other was running */
    struct serving_sample *serving; /* of a server; owned; NULL: of a model */
    bool unreserved;                /* a host could not reserve the space of its slots file */
};

/* Where it stands in the run. */
struct sample_place {
    int64_t round; /* of which an open loop has the schedule; 0: the verify pass */
    int64_t order; /* its place in the round */
    size_t cell;
    bool timed; /* through hyperfine; else by itself with its memory watched */
};

/* Whether a cell's workers are on the hosts of --hosts: there are some, and its host can (bench/run/host_argv.c). */
bool bench_spreads(const struct bench *b, const struct plan_cell *cell);

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
 * for it (disk_space_check), or another negative errno where the driver cannot go on. sample_free is needed after 0
 * only.
 */
int sample_take(const struct bench *b, const struct plan_cell *cell, const struct sample_place *place,
                struct sample_taken *out, struct error *err);
/* The same of a server (bench/run/serve.c): it is started, loaded and ended. */
int serve_take(const struct bench *b, const struct plan_cell *cell, const struct sample_place *place,
               struct sample_taken *out, struct error *err);
/* Refuses a sample whose results are not the reference's and names the jobs that differ; one with nothing to be checked
 * against stays ok and has the reason. */
void sample_compare(struct sample_taken *s, const struct reference *reference);

#define SAMPLE_PATH_SIZE 4096

/*
 * The command of a sample, its words added to `out` (bench/run/host_argv.c): a host's argv, perhaps behind `cobench
 * copies`. `json`: where hyperfine writes, under which it runs; NULL: by itself, and where sample_pauses() says so, with
 * the end pause's descriptors where the supervisor puts them. `round`: as sample_place has it.
 */
void host_argv(const struct bench *b, const struct plan_cell *cell, int64_t round, const char *json,
               struct string_list *out);
/* The command of a server. */
void host_serve_argv(const struct bench *b, const struct plan_cell *cell, struct string_list *out);
/* Whether the host stands still at the last job's end: not where several do at once. */
bool sample_pauses(const struct plan_cell *cell);
/* "SCRATCH/slots" or, of copy k, "SCRATCH/slots.k"; likewise "record". */
void sample_file(const char *scratch, const char *what, const struct plan_cell *cell, int64_t copy,
                 char out[SAMPLE_PATH_SIZE]);

/*
 * Whether a sample's files fitted (bench/run/disk_space.c). Called right after one that failed or was impossible, with its
 * files still in place; `unreserved`: a host made its slots file and could not have the bytes. 0, or -ENOSPC (-EDQUOT) where
 * it may have been so because its files did not fit: the run has to stop and can go on once there is space. Slots that the
 * file system could not hold were it empty, or that RLIMIT_FSIZE forbids, are no such case: they stay impossible.
 */
int disk_space_check(const struct bench *b, const struct plan_cell *cell, bool unreserved, struct error *err);
/* Whether `bytes` fit into a file system of `blocks` blocks of `block_bytes` that holds nothing else. Pure. */
bool disk_space_fits_empty(uint64_t bytes, uint64_t blocks, uint64_t block_bytes);

#endif
