/* SPDX-License-Identifier: MIT */
/*
 * When a group has had enough rounds. Pure, and settled before the first sample: an interval that decides by itself when
 * to stop lies, for it is most likely to stop where it happens to be too narrow.
 *
 * For a precision the rule has two stages, after Stein (A two-sample test for a linear hypothesis whose power is
 * independent of the variance, Ann. Math. Stat. 16 (1945) 243-258): after STOPPING_PILOT rounds the widths of the
 * intervals, and nothing else, say how many rounds it will be in all. A width shrinks with the square root of the rounds.
 * A budget is shared out likewise, once, after the first rounds of everything: to the cells whose intervals shrink most
 * for the time it takes. `make validate-statistics ONLY=stopping` measures what is left of the intervals' 95%.
 */
#ifndef BENCH_PLAN_STOPPING_H
#define BENCH_PLAN_STOPPING_H

#include <stddef.h>
#include <stdint.h>

#define ROUNDS_MAX        100000
#define BUDGET_MIN_S      1.0
#define BUDGET_MAX_S      604800.0 /* a week */
#define PRECISION_MIN     0.0001
#define PRECISION_MAX     0.5
#define STOPPING_PILOT    16
#define STOPPING_LEAST    24    /* rounds in all: those after the pilot thin out what the pilot's choice did */
#define STOPPING_SURPLUS  1.25  /* the pilot's widths may have been too small */
#define STOPPING_SPARE    1.1   /* of a budget said to be enough: not every round takes as long as the last */
#define STOPPING_BUDGET_S 600.0 /* the cap of a precision for which nobody gave a budget */
#define STOPPING_FIRST    10    /* rounds of everything, before a budget is shared out */
#define STOPPING_OVER     2.0   /* budgets: longer is no run that nobody asked for */
#define STOPPING_NARROW   0.01  /* no budget makes an interval narrower than this to a side */
#define STOPPING_GROUP_S  45.0  /* the budget for each group where nobody said anything */

/* What was asked for; 0: not. Whatever comes first ends it. */
struct stopping {
    int64_t rounds;
    double budget_s;
    double precision; /* the half-width that no interval of a group is to exceed, as a share: 0.02 */
    int64_t least;    /* rounds that there are whatever the budget says; nobody asked for it */
};

/* How far a run has come, and at what price. */
struct stopping_pace {
    int64_t done;   /* whole rounds */
    double spent_s; /* by all that was so far, verifying included */
    double round_s; /* by each round to come; above 0 */
};

/* One cell of a run whose budget is shared out. */
struct stopping_cell {
    double width;    /* of its gain's interval after `done` rounds, as a share; NaN: it has none to make narrower */
    double sample_s; /* by each of its samples; above 0 */
    size_t base;     /* its baseline's place: both run together; its own: it is compared with nothing */
    int64_t done, rounds; /* that it had; that it is to have in all */
};

enum stopping_why { STOPPING_GOES_ON, STOPPING_ROUNDS, STOPPING_PRECISE, STOPPING_BUDGET };

/* "rounds", "precise", "budget"; NULL for the first. */
const char *stopping_name(enum stopping_why why);
/* "10 rounds", "as many rounds as fit into 2 min", "until +-2% or 10 min are over": for people. */
void stopping_text(const struct stopping *asked, char *out, size_t size);
/*
 * How many rounds a group has in all for `precision`, where after STOPPING_PILOT rounds the widest of its intervals has
 * the half-width `widest` (both as shares; NaN: it has no interval to make narrower).
 */
int64_t stopping_rounds(double widest, double precision);
/*
 * Shares out `left_s` seconds, a round or a few at a time, to the cell whose squared width (on the scale of the logarithm)
 * shrinks most for the time: in the end the rounds are in proportion to width over root of cost (Neyman, J. R. Stat. Soc. 97
 * (1934) 558-625), but not below those there were. What has no width and another cell's base (its A/A control) runs when
 * that does. `rounds` has to be at least `done`, which is above 0.
 */
void stopping_share(struct stopping_cell *cells, size_t count, double left_s);
/* The half-width that a cell is to have after its rounds. */
double stopping_width(const struct stopping_cell *cell);
/*
 * Whether a group that has had `done` rounds and is to have `planned` in all (0: nobody has said yet) goes on. `spent_s`
 * is what the run has taken so far, `round_s` what its next round will take. The first round is never refused.
 */
enum stopping_why stopping_decide(const struct stopping *asked, int64_t done, int64_t planned, double spent_s,
                                  double round_s);
/* The rounds that there are whatever the budget says: `least`, or `fewest` where so many would take more than
 * STOPPING_OVER budgets. By what rounds cost, not by what they gave. */
int64_t stopping_least(const struct stopping *asked, const struct stopping_pace *pace, int64_t fewest);
/* As --budget takes it, rounded up to what is no odd number of seconds. */
void stopping_option_text(double seconds, char *out, size_t size);
/* How many rounds a budget has room for in all: those that are done and as many more as fit, one at the least. */
int64_t stopping_fitting(double budget_s, const struct stopping_pace *pace);
/* "a budget of 10 s has room for about 3 rounds of 2.5 s here; an interval needs 6 (begin with --budget 20s or more, or with
 * fewer cells)": for people, where stopping_fitting is below `needed`. */
void stopping_fitting_text(double budget_s, const struct stopping_pace *pace, int64_t needed, char *out, size_t size);

#endif
