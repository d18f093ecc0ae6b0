/* SPDX-License-Identifier: MIT */
/* How many rounds each group gets while a run goes on: bench/plan/stopping.h applied to a journal. What it settles is written
 * to events.jsonl, so that a resumed run goes on by it. A run of a fixed number of rounds writes nothing. */
#ifndef BENCH_RUN_ROUNDS_H
#define BENCH_RUN_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/util/error.h"
#include "bench/plan/plan.h"
#include "bench/run/progress.h"
#include "bench/store/results.h"
#include "bench/plan/stopping.h"

struct rounds_group {
    int64_t planned;       /* in all, for the precision; 0: nobody has said yet */
    enum stopping_why why; /* why it has stopped */
};

/* Reads from a run's folder how wide the widest interval of each group is, as a half-width (NaN: it has none). */
typedef int rounds_widest(const char *folder, double *widths, struct error *err);

struct rounds {
    const struct plan *plan;
    rounds_widest *widest; /* for a precision; set after rounds_open */
    const char *folder;
    struct progress *progress;
    struct rounds_group *groups;
    int64_t before_ns, begun_ns; /* what the run had taken when it was resumed; when that was */
    bool told;                   /* that the budget has no room for an interval */
};

/* `before`: of a resumed run, else NULL. */
void rounds_open(struct rounds *rounds, const struct plan *plan, const char *folder, const struct results *before,
                 struct progress *progress);
void rounds_close(struct rounds *rounds);

/* What the run has taken so far, verifying and former sittings included. */
int64_t rounds_spent_ns(const struct rounds *rounds);
/* Looks at every group that goes on, after `done` whole rounds; the next round of all of them will take `round_ns`. */
int rounds_look(struct rounds *rounds, int64_t done, int64_t round_ns, struct error *err);
/* Warns, once, where the budget has no room for as many rounds as an interval needs. Before each round; `round_ns` as above,
 * 0: not known yet. */
void rounds_tell_room(struct rounds *rounds, int64_t done, int64_t round_ns);
bool rounds_group_goes_on(const struct rounds *rounds, size_t group);
/* How many rounds a group has still to come after `done` of them; -1: not known yet. */
int64_t rounds_to_come(const struct rounds *rounds, size_t group, int64_t done);
/* What is left of the budget; -1: there is none. */
int64_t rounds_budget_left_ns(const struct rounds *rounds);

#endif
