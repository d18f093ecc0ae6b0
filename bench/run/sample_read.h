/* SPDX-License-Identifier: MIT */
/* What a command under way left, read into its sample. Of bench/run/sample_take.c only. */
#ifndef BENCH_RUN_SAMPLE_READ_H
#define BENCH_RUN_SAMPLE_READ_H

#include "bench/process/memory.h"
#include "bench/run/sample.h"
#include "bench/util/text.h"

#define KILL_GRACE_S 2.0 /* a host ends by its own --timeout first, and names the jobs still running */

/* A command under way. */
struct attempt {
    const struct bench *b;
    const struct plan_cell *cell;
    const struct sample_place *place;
    char *json, *complaints; /* paths: what hyperfine writes; the command's stderr */
    struct string_list argv;
    struct memory memory;
    struct supervisor_end end;
    int64_t began_ns, ended_ns;
    int exit; /* of the host, or of `cobench copies`; 128 + n after signal n; -1: hyperfine did not say */
};

/* Reads hyperfine's JSON, the records and the slots, unless the sample is not ok any more. 0 or -ENOMEM. */
int sample_read(struct attempt *a, struct sample_taken *s);

/* Refuses a sample whose results are not the reference's and names the jobs that differ. 0 or -ENOMEM. */
int sample_compare(struct sample_taken *s, const struct reference *reference);

#endif
