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
#include "bench/store/results.h"
#include "bench/run/sample.h"

/* -- progress (progress.c): on a terminal one line written over again, else plain lines and not too many of them --- */

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

/* -- rounds (rounds.c): bench/plan/stopping.h applied to a journal. What it settles is written to events.jsonl, so that a
 * resumed run goes on by it. A run of a fixed number of rounds writes nothing. */

/* Reads from a run's folder what the rounds to come are settled by: of each group how wide its widest interval is, as a
 * half-width (NaN: it has none), and each cell for stopping_share. */
typedef int rounds_read(const char *folder, double *widest, struct stopping_cell *cells, struct error *err);

/* What nobody but analysis knows. */
struct rounds_decide {
    rounds_read *read;
    int64_t first;  /* of everything, before a budget is shared out */
    int64_t fewest; /* with which a verdict can be reached */
};

struct rounds {
    const struct plan *plan;
    struct rounds_decide look; /* set after rounds_open */
    const char *folder;
    struct progress *progress;
    enum stopping_why *why;      /* of each group: why it has stopped */
    int64_t *planned;            /* of each cell: rounds in all; 0: nobody has said yet */
    int64_t before_ns, begun_ns; /* what the run had taken when it was resumed; when that was */
    bool told;                   /* that the budget has no room for an interval */
};

/* `before`: of a resumed run, else NULL. */
void rounds_open(struct rounds *rounds, const struct plan *plan, const char *folder, const struct results *before,
                 struct progress *progress);
void rounds_close(struct rounds *rounds);

/* What the run has taken so far, verifying and former sittings included. */
int64_t rounds_spent_ns(const struct rounds *rounds);
/* Plans the rounds to come where it is time to, after `done` whole ones. */
int rounds_settle(struct rounds *rounds, int64_t done, struct error *err);
/* Looks at every group that goes on, after `done` whole rounds; the next round of all of them will take `round_ns`. */
int rounds_decide(struct rounds *rounds, int64_t done, int64_t round_ns, struct error *err);
/* Warns, once, where the budget has no room for as many rounds as an interval needs. Before each round; `round_ns` as above,
 * 0: not known yet. */
void rounds_tell_fitting(struct rounds *rounds, int64_t done, int64_t round_ns);
bool rounds_group_goes_on(const struct rounds *rounds, size_t group);
/* How many rounds a cell has still to come after `done` of them; -1: not known yet. */
int64_t rounds_to_come(const struct rounds *rounds, size_t cell, int64_t done);
/* The rounds that there are in all whatever the budget says, after `done` of them where each to come takes `round_ns`. */
int64_t rounds_least(const struct rounds *rounds, int64_t done, int64_t round_ns);
/* What is left of the budget; -1: there is none. */
int64_t rounds_budget_left_ns(const struct rounds *rounds);

/* -- the run ------------------------------------------------------------------------------------------------------ */

struct runner_cell {
    bool verified; /* it has a sample of the verify pass */
    bool ended;    /* it failed or cannot run, and is not timed any more */
    int64_t stuck; /* where it ended out of time: as its sample has it */
    bool stuck_alone;
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
    struct string_list told;      /* reasons of failures */
    int64_t samples;              /* in the journal */
    struct rounds rounds;
    int64_t rounds_done;
};

void runner_open(struct runner *runner, struct rounds_decide look);
/* Both return 0, -EINTR (told to stop; the journal is whole), or another negative errno. A resumed run is verified as far
 * as it was not, and the references are run again for their results, which are not in the journal: -EBADMSG where they
 * give others than they did. */
int runner_verify(struct runner *r, struct error *err);
int runner_rounds(struct runner *r, struct error *err);
void runner_close(struct runner *r);

/* -- going on with a run that was cut off (resume.c): how far it came, and whether programs and machine are the same --- */

struct resume {
    char *folder; /* absolute */
    struct results results;
    size_t sound; /* cells that were verified and have not failed */
};

/*
 * Opens the run's journal for writing (nobody else may be writing to it) and reads what the folder holds. Both
 * resume_close and journal_close are needed after 0 only.
 */
int resume_open(const char *folder, struct resume *out, struct journal *journal, struct error *err);
void resume_close(struct resume *resume);
/*
 * Gives the run `rounds` rounds in all, in its plan.json too; its samples stay as they are. -EINVAL where it has as many,
 * or where not a number of rounds but a budget or a precision decides.
 */
int resume_extend(struct resume *resume, int64_t rounds, struct error *err);
/* Whether every sample of the plan is there. */
bool resume_finished(const struct resume *resume);
/*
 * Compares the machine.json of now with the run's. 0 where they agree. Where they do not, `differences` gets a line
 * each, and -EPERM is returned unless `force`: then an event is written down, which marks the summary.
 */
int resume_check(const struct resume *resume, const json_t *machine, bool force, struct string_list *differences,
                 struct error *err);

#endif
