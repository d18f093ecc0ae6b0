/* SPDX-License-Identifier: MIT */
/* What a reader must know before any number of a run: the same sentences in every table, the worst first. */
#ifndef BENCH_ANALYSIS_WARNINGS_H
#define BENCH_ANALYSIS_WARNINGS_H

#include <stddef.h>

#include "bench/analysis/summary.h"

enum warning_kind {
    WARNING_INTERRUPTED,
    WARNING_FORCED,
    WARNING_NEIGHBOUR,
    WARNING_CONTROL,
    WARNING_FAILED,
    WARNING_ABOVE_CAPACITY,
    WARNING_RATE,
    WARNING_ORIGIN,
    WARNING_STOPPED,
    WARNING_DISTURBED,
    WARNING_TAKES_TURNS,
    WARNING_SERIAL,
    WARNING_FIRST_ROUND,
    WARNING_DRIFT,
    WARNING_AUTOCORRELATED,
    WARNING_IMPOSSIBLE,
    WARNING_PRECISION,
    WARNING_FEW_ROUNDS,
    WARNING_TOO_SHORT,
};

struct warning {
    enum warning_kind kind;
    char *text; /* one sentence without a full stop; names are as the plan and the journal have them */
};

struct warnings {
    struct warning *items; /* in the order of enum warning_kind, then of the plan */
    size_t count;
};

/* 0 or -ENOMEM; then *warnings is empty. */
int warnings_make(struct warnings *warnings, const struct summary *summary);
void warnings_free(struct warnings *warnings);
/* "control", "failed" and so on: at most 9 columns. */
const char *warning_title(enum warning_kind kind);

#endif
