/* SPDX-License-Identifier: MIT */
/*
 * What a group comes to, in a sentence; warnings of a run; notes on a group. Pure.
 *
 * Of a group that compares: which model to take in each runtime (bench/analysis/ranking.h), what it gains over sync and how
 * near that is to the limit, and what does not help. Of an open loop: whose latency is the least, and who did not keep the
 * rate. Of a sweep over workers: the greatest gain, before the sentences of its points. Of a group that is
 * there for its price: the price. Of groups that say what handing over a job costs: that, before their own sentences.
 */
#ifndef BENCH_REPORT_FINDINGS_H
#define BENCH_REPORT_FINDINGS_H

#include <stdio.h>

#include "bench/analysis/ladder.h"
#include "bench/analysis/ranking.h"
#include "bench/analysis/serving.h"
#include "bench/util/text.h"

struct findings_line {
    const char *name; /* the group's, of a sweep or a price the suite's group; borrowed */
    bool point;       /* one of the points of the sweep, or of the ladder, whose line stands before it */
    /* Sentences without a full stop. The first `brief`: what to take in C and in Python, and what does not help (of a sweep
     * or a price what it comes to). Then what to take in the other runtimes, and what single variants do. */
    struct string_list said;
    size_t brief;
};

struct findings {
    struct findings_line *items; /* in the order of the plan */
    size_t count;
};

void findings_make(struct findings *out, const struct summary *summary);
typedef void findings_put(FILE *out, const struct ranking *ranking);
/* What to take, of a ranking of one runtime: "In C take threads: 1.90x of 1.98x possible, ..." */
findings_put findings_put_answer;
char *findings_text(findings_put *put, const struct ranking *ranking); /* to be freed */
/* Whether no cell of a group, or of one of its runtimes, came to an end as it should; NULL: of all. */
bool findings_nothing_worked(const struct summary *summary, const struct plan_group *group, const char *runtime);
/* Whether a runtime is spoken of in brief: all but the bridges and programs, or of a group without C and Python all. */
bool findings_are_brief(const struct summary *summary, const struct plan_group *group, const char *runtime);
void findings_free(struct findings *findings);
/* "one more costs with c:threads 20.0 kB of memory and ..." of a suite's group, to be freed. */
char *marginal_cost_text(const struct summary *summary, const char *piece);
/* Appends "one job costs ... to ..." and from which length of job on that pays. */
void ladder_say(const struct ladder *ladder, struct string_list *out);

/* Appends which server of a group to take, in all and in each runtime. */
void serving_say(const struct serving *serving, const struct plan_group *group, struct string_list *out);
/* Appends from which endpoint on native work pays, for each server that has it both ways. */
void serving_say_native(const struct serving *serving, struct string_list *out);
/* "In Python ", of a certain version "In Python (py3.13t) ". */
void findings_put_runtime(FILE *out, const char *runtime);

/*
 * What a reader must know beside the numbers. Warnings say what was wrong with the run, the worst first; notes stand below
 * the table of one group and say why a number in it is doubtful. The same sentences in every format.
 */
enum warning_kind {
    WARNING_INTERRUPTED,
    WARNING_FORCED,
    WARNING_CONCURRENT,
    WARNING_CONTROL,
    WARNING_FAILED,
    WARNING_HAZARD,
    WARNING_UNCHECKED,
    WARNING_IMPOSSIBLE,
    WARNING_DISTURBED,
    WARNING_PRECISION,
    WARNING_FEW_ROUNDS,
    WARNING_LOCK,
    WARNING_BUILDS,
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
