/* SPDX-License-Identifier: MIT */
/* The record line a host writes of one run (common/schema/record.schema.json). */
#ifndef BENCH_PROTOCOL_RECORD_H
#define BENCH_PROTOCOL_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/util/error.h"

enum record_status { RECORD_DONE, RECORD_FAILED, RECORD_USAGE, RECORD_IMPOSSIBLE };

/* Strings and objects are borrowed from `root`. */
struct record {
    json_t *root;
    enum record_status status;
    const char *runtime, *task, *model; /* task and model: NULL where the host did not get that far */
    int64_t jobs, workers;              /* -1 likewise */
    const char *reason;                 /* NULL when done */
    int64_t failed_jobs;
    const json_t *failures, *phases, *usage, *connections, *python; /* as in the record; null is a json null */
    const json_t *knobs;                                            /* likewise; NULL: it has none */
    const json_t *dependencies, *audit,
        *hazards; /* likewise: of jobs that asked for jobs, of what they changed in common, of what
                                                     can go wrong with such work and did */
    int64_t start_ns, ready_ns, work_ns, end_ns; /* ready and work: -1 where null */
    int64_t user_ns, system_ns;
};

/* Pure. 0, or -EINVAL with err naming what is missing or of the wrong type. record_free is needed after 0 only. */
int record_parse(const char *text, size_t length, struct record *out, struct error *err);
void record_free(struct record *record);
/* Whether a failure of it is of this type. */
bool record_failed_by(const struct record *record, const char *type);

/* Adds `more` to *sum (NULL: nothing yet): counts add up, the memory of the largest process stays the largest. What one
 * of them does not know is not known. */
void usage_add(json_t **sum, const json_t *more);

#endif
