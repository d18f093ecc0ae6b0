/* SPDX-License-Identifier: MIT */
/* What a run tells while it goes on, on stderr: one line written over again on a terminal, else plain lines and not too
 * many of them. */
#ifndef BENCH_RUN_PROGRESS_H
#define BENCH_RUN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool quiet, terminal;
    bool dirty;      /* an unfinished line stands on the terminal */
    int64_t last_ns; /* when a plain line was last written */
};

void progress_open(struct progress *p, bool quiet);
/* Where the run is: "round 3 of 10: count c:sync". `left_ns` negative: not known. */
void progress_at(struct progress *p, const char *where, int64_t left_ns);
/* A line that stays; also when quiet where it is a warning. */
void progress_note(struct progress *p, bool warning, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Wipes the unfinished line. */
void progress_clear(struct progress *p);

#endif
