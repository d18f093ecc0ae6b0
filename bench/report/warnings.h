/* SPDX-License-Identifier: MIT */
/*
 * What a reader must know beside the numbers. Warnings say what was wrong with the run, the worst first; notes stand below
 * the table of one group and say why a number in it is doubtful. The same sentences in every format. Pure.
 */
#ifndef BENCH_REPORT_WARNINGS_H
#define BENCH_REPORT_WARNINGS_H

#include <stddef.h>

#include "bench/analysis/summary.h"
#include "bench/util/text.h"

enum warning_kind {
    WARNING_INTERRUPTED,
    WARNING_FORCED,
    WARNING_CONCURRENT,
    WARNING_CONTROL,
    WARNING_FAILED,
    WARNING_UNCHECKED,
    WARNING_IMPOSSIBLE,
    WARNING_DISTURBED,
    WARNING_PRECISION,
    WARNING_FEW_ROUNDS,
    WARNINGS
};

struct warning {
    enum warning_kind kind;
    char *text; /* one sentence without a full stop; names are as the plan and the journal have them */
};

struct warnings {
    struct warning *items; /* in the order of enum warning_kind, then of the plan */
    size_t count;
};

void warnings_make(struct warnings *warnings, const struct summary *summary);
void warnings_free(struct warnings *warnings);
/* "control", "failed" and so on: at most 9 columns. */
const char *warning_title(enum warning_kind kind);

/* Appends what variants of a group do, a sentence for each kind: "py:threads took turns: ..." */
void findings_of_variants(struct string_list *out, const struct summary *summary, const struct plan_group *group);
/* Appends the notes of a group: "c:async, py:async: the ratio drifts over the rounds, ...", a sentence for each reason,
 * and what is special about the machine's CPUs where the group computes. */
void notes_make(struct string_list *notes, const struct summary *summary, const struct plan_group *group);

#endif
