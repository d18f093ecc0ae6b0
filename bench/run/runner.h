/* SPDX-License-Identifier: MIT */
/* A run from its first sample to its last: every cell verified once, then the rounds. One that was cut off goes on where
 * it stopped. */
#ifndef BENCH_RUN_RUNNER_H
#define BENCH_RUN_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/util/error.h"
#include "bench/store/journal.h"
#include "bench/machine/concurrent_runs.h"
#include "bench/run/progress.h"
#include "bench/store/results.h"
#include "bench/run/rounds.h"
#include "bench/run/sample.h"

struct runner_cell {
    bool verified;      /* it has a sample of the verify pass */
    bool ended;         /* it failed or cannot run, and is not timed any more */
    int64_t last_round; /* of its last timed sample; 0: none */
    int64_t last_ns;    /* how long its last sample took, all in all; 0: none yet */
};

struct runner {
    /* Set before runner_open; borrowed. */
    const struct bench *bench;
    const char *folder; /* the run's */
    struct journal *journal;
    struct progress *progress;
    struct concurrent_runs *concurrent; /* open; polled after verifying and after each round */
    const struct results *before;       /* what the journal of a resumed run has, else NULL */
    /* Its own. */
    struct runner_cell *cells;
    struct reference *references; /* group * runtimes + runtime; those that are needed are filled in */
    int64_t samples;              /* in the journal */
    struct rounds rounds;
    int64_t rounds_done;
};

void runner_open(struct runner *runner, rounds_widest *widest);
/* Both return 0, -EINTR (told to stop; the journal is whole), or another negative errno. A resumed run is verified as far
 * as it was not, and the references are run again for their results, which are not in the journal: -EBADMSG where they
 * give others than they did. */
int runner_verify(struct runner *r, struct error *err);
int runner_rounds(struct runner *r, struct error *err);
void runner_close(struct runner *r);

#endif
