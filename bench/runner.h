/* SPDX-License-Identifier: MIT */
/* A run from its first sample to its last: every cell verified once, then the rounds. */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/error.h"
#include "bench/journal.h"
#include "bench/progress.h"
#include "bench/sample.h"

struct runner {
    const struct bench *bench;
    struct journal *journal;
    struct progress *progress;
    bool *ended;                  /* a cell: it failed or cannot run, and is not timed any more */
    int64_t *last_ns;             /* a cell: how long its last sample took, all in all */
    int64_t *least_ns;            /* a cell: how long the fastest of its samples took; 0: none yet */
    struct reference *references; /* group * runtimes + runtime; those that judge are filled in */
    int64_t samples;              /* in the journal */
    int64_t rounds_done;
    size_t failed;                /* cells that failed or were refused */
};

int runner_open(const struct bench *bench, struct journal *journal, struct progress *progress, struct runner *out,
                struct error *err);
/* Both return 0, -EINTR (told to stop; the journal is whole), or another negative errno. */
int runner_verify(struct runner *r, struct error *err);
int runner_rounds(struct runner *r, struct error *err);
void runner_close(struct runner *r);

#endif
