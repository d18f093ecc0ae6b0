/* SPDX-License-Identifier: MIT */
/*
 * What each job did and when, kept beside the journal for the pictures of single rounds: RUN/jobs/CELL-ROUND.csv, one for
 * each timed sample of a model's cell. Written by rename, but not synced: it is no result, and a sample must not wait for
 * it. Once a run is complete only the round with the median time is kept of each cell.
 *
 * A file has one line of what it is about, `# jobs 100000 every 100`, then one line a job: job, worker, and microseconds
 * since the gate: due (empty in a closed loop), start (of jobs that need others' results, when these were there), end, and where there
 * is something to say how long it waited in between for a connection or a lock. Of more than JOBS_KEPT jobs every so-manieth is kept; as the few
 * that took longest are mostly not among them, quantiles of all jobs' latencies stand between, `# latency 0.99 1234.5`:
 * the share of the jobs that took no longer, and microseconds.
 */
#ifndef BENCH_STORE_JOB_SAMPLES_H
#define BENCH_STORE_JOB_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/util/error.h"
#include "bench/protocol/slots.h"

#define JOBS_KEPT      1000
#define JOBS_QUANTILES 204 /* 0 to 1 in steps of 1/200, and three more near 1 */

struct job_row {
    int64_t job, worker;
    double due, start, end; /* microseconds since the gate; due is NaN in a closed loop */
    double waited;          /* microseconds of these; 0: not at all */
};

struct job_quantile {
    double share, latency; /* microseconds; by nearest rank */
};

struct job_rows {
    int64_t jobs;         /* of the sample */
    int64_t every;        /* which of them are here */
    struct job_row *rows; /* in the order of the jobs */
    size_t count;
    struct job_quantile quantiles[JOBS_QUANTILES]; /* rising, from share 0 to 1; only where jobs were left out */
    size_t quantile_count;
};

/* Writes down what a sample's slots say; `gate_ns`: when its gate opened, on their clock; `need_jobs` as for slots_flight_start. 0, or a negative errno with err
 * filled in. */
int jobs_write(const char *run_dir, size_t cell, int64_t round, const struct slots_view *slots, int64_t gate_ns,
               bool need_jobs, struct error *err);
/* Reads the file of one round. -ENOENT: there is none; -EPROTO: it is broken. jobs_free is needed after 0 only. */
int jobs_read(const char *run_dir, size_t cell, int64_t round, struct job_rows *out);
/* Pure: the same from the file's text, which it changes. */
int jobs_parse(char *text, struct job_rows *out);
void jobs_free(struct job_rows *rows);
/* Removes the files of all rounds but keep[cell] of each of the cells (NULL: all stay), and those that a killed run has not
 * finished. For whoever has the run's journal locked. */
void jobs_prune(const char *run_dir, const int64_t *keep, size_t cells);

#endif
