/* SPDX-License-Identifier: MIT */
/* The stopping rule. */
#include "bench/plan/stopping.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

#define ROUNDS_IN_SIGHT INT64_C(1000000) /* more are never planned, whatever the pilot says */

const char *stopping_name(enum stopping_why why)
{
    static const char *const names[] = {[STOPPING_GOES_ON] = NULL,
                                        [STOPPING_ROUNDS] = "rounds",
                                        [STOPPING_PRECISE] = "precise",
                                        [STOPPING_BUDGET] = "budget"};
    return names[why];
}

static void time_text(double seconds, int digits, char *out, size_t size)
{
    const double minutes = seconds / 60, hours = minutes / 60;
    if (hours >= 1)
        snprintf(out, size, "%.*g h", digits, hours);
    else if (minutes >= 1)
        snprintf(out, size, "%.*g min", digits, minutes);
    else
        snprintf(out, size, "%.*g s", digits, seconds);
}

void stopping_text(const struct stopping *asked, char *out, size_t size)
{
    char rounds[48] = "", budget[48], over[48];
    time_text(asked->budget_s, 4, budget, sizeof budget);
    time_text(STOPPING_OVER * asked->budget_s, 4, over, sizeof over);
    if (asked->rounds > 0)
        snprintf(rounds, sizeof rounds, "%lld round%s", (long long)asked->rounds, asked->rounds == 1 ? "" : "s");
    const char *or_rounds = asked->rounds > 0 ? " or " : "";
    if (asked->precision > 0)
        snprintf(out, size, "until +-%.4g%% or %s%s%s are over", 100 * asked->precision, budget, or_rounds, rounds);
    else if (asked->least > 0)
        snprintf(out, size, "%s, or up to %s for %lld rounds", budget, over, (long long)asked->least);
    else if (asked->budget_s > 0)
        snprintf(out, size, "as many rounds as fit into %s%s%s", budget, asked->rounds > 0 ? ", at most " : "", rounds);
    else
        snprintf(out, size, "%s", rounds);
}

/* Widths are compared on the scale they shrink on, that of the logarithm. */
int64_t stopping_rounds(double widest, double precision)
{
    const double factor = log1p(widest) / log1p(precision);
    const double rounds = ceil(STOPPING_SURPLUS * STOPPING_PILOT * factor * factor);
    if (!(rounds > STOPPING_LEAST)) /* NaN too */
        return STOPPING_LEAST;
    return rounds < (double)ROUNDS_IN_SIGHT ? (int64_t)rounds : ROUNDS_IN_SIGHT;
}

/* -- sharing out a budget ------------------------------------------------------------------------------------------ */

/* On the scale that widths shrink on. */
static double log_width(const struct stopping_cell *cell, int64_t rounds)
{
    return log1p(cell->width) * sqrt((double)cell->done / (double)rounds);
}

double stopping_width(const struct stopping_cell *cell) { return expm1(log_width(cell, cell->rounds)); }

/* What it takes to bring a cell to so many rounds, those of its baseline included that would not be run without it. */
static double share_cost(const struct stopping_cell *cells, const struct stopping_cell *cell, int64_t rounds)
{
    const struct stopping_cell *base = &cells[cell->base];
    const int64_t more = rounds > base->rounds ? rounds - base->rounds : 0;
    return (double)(rounds - cell->rounds) * cell->sample_s + (double)more * base->sample_s;
}

/* A few at a time, so that a week is shared out as quickly as a minute. */
static int64_t share_step(const struct stopping_cell *cell) { return cell->rounds + 1 + cell->rounds / 16; }

/* What the next rounds of a cell take off the square of its width, for each second. */
static double share_worth(const struct stopping_cell *cells, const struct stopping_cell *cell)
{
    const double now = log_width(cell, cell->rounds), then = log_width(cell, share_step(cell));
    return (now * now - then * then) / share_cost(cells, cell, share_step(cell));
}

/* The cell whose next rounds are worth most; NULL: all are narrow, or nothing fits. */
static struct stopping_cell *share_next(struct stopping_cell *cells, size_t count, double left_s)
{
    struct stopping_cell *best = NULL;
    for (struct stopping_cell *c = cells; c < cells + count; c++)
        if (log_width(c, c->rounds) > log1p(STOPPING_NARROW) && share_cost(cells, c, share_step(c)) <= left_s &&
            (best == NULL || share_worth(cells, c) > share_worth(cells, best)))
            best = c;
    return best;
}

void stopping_share(struct stopping_cell *cells, size_t count, double left_s)
{
    for (size_t i = 0; i < count; i++)
        if (isnan(cells[i].width) && cells[i].base != i)
            cells[cells[i].base].sample_s += cells[i].sample_s;
    for (struct stopping_cell *c; (c = share_next(cells, count, left_s)) != NULL;) {
        struct stopping_cell *base = &cells[c->base];
        left_s -= share_cost(cells, c, share_step(c));
        c->rounds = share_step(c);
        base->rounds = c->rounds > base->rounds ? c->rounds : base->rounds;
    }
    for (size_t i = 0; i < count; i++)
        if (isnan(cells[i].width))
            cells[i].rounds = cells[cells[i].base].rounds;
}

/* -- when to stop -------------------------------------------------------------------------------------------------- */

enum stopping_why stopping_decide(const struct stopping *asked, int64_t done, int64_t planned, double spent_s,
                                  double round_s)
{
    if (planned > 0 && done >= planned)
        return asked->precision > 0 ? STOPPING_PRECISE : STOPPING_BUDGET;
    if (asked->rounds > 0 && done >= asked->rounds)
        return STOPPING_ROUNDS;
    if (asked->budget_s > 0 && done > 0 && done >= asked->least && spent_s + round_s > asked->budget_s)
        return STOPPING_BUDGET;
    return STOPPING_GOES_ON;
}

int64_t stopping_least(const struct stopping *asked, const struct stopping_pace *pace, int64_t fewest)
{
    const double all_s = pace->spent_s + (double)(asked->least - pace->done) * pace->round_s;
    return fewest < asked->least && all_s > STOPPING_OVER * asked->budget_s ? fewest : asked->least;
}

int64_t stopping_fitting(double budget_s, const struct stopping_pace *pace)
{
    const double more = floor((budget_s - pace->spent_s) / pace->round_s);
    if (!(more > 1)) /* NaN too */
        return pace->done + 1;
    return pace->done + (more < (double)ROUNDS_IN_SIGHT ? (int64_t)more : ROUNDS_IN_SIGHT);
}

void stopping_option_text(double seconds, char *out, size_t size)
{
    if (seconds <= 300)
        snprintf(out, size, "%.0fs", ceil(seconds));
    else if (seconds <= 300 * 60)
        snprintf(out, size, "%.0fm", ceil(seconds / 60));
    else
        snprintf(out, size, "%.0fh", ceil(seconds / 3600));
}

void stopping_fitting_text(double budget_s, const struct stopping_pace *pace, int64_t needed, char *out, size_t size)
{
    char budget[48], round[48], enough[48];
    const int64_t rounds = stopping_fitting(budget_s, pace);
    time_text(budget_s, 4, budget, sizeof budget);
    time_text(pace->round_s, 2, round, sizeof round);
    stopping_option_text(pace->spent_s + STOPPING_SPARE * (double)(needed - pace->done) * pace->round_s, enough,
                         sizeof enough);
    snprintf(out, size,
             "a budget of %s has room for about %lld round%s of %s here; an interval needs %lld (begin with "
             "--budget %s or more, or with fewer cells)",
             budget, (long long)rounds, rounds == 1 ? "" : "s", round, (long long)needed, enough);
}
