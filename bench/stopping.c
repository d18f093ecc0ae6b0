/* SPDX-License-Identifier: MIT */
/* The stopping rule. */
#include "bench/stopping.h"

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

static void time_text(double seconds, char *out, size_t room)
{
    const double minutes = seconds / 60, hours = minutes / 60;
    if (hours >= 1)
        snprintf(out, room, "%.4g h", hours);
    else if (minutes >= 1)
        snprintf(out, room, "%.4g min", minutes);
    else
        snprintf(out, room, "%.4g s", seconds);
}

void stopping_text(const struct stopping *asked, char *out, size_t room)
{
    char rounds[48] = "", budget[48];
    time_text(asked->budget_s, budget, sizeof budget);
    if (asked->rounds > 0)
        snprintf(rounds, sizeof rounds, "%lld round%s", (long long)asked->rounds, asked->rounds == 1 ? "" : "s");
    const char *or_rounds = asked->rounds > 0 ? " or " : "";
    if (asked->precision > 0)
        snprintf(out, room, "until +-%.4g%% or %s%s%s are over", 100 * asked->precision, budget, or_rounds, rounds);
    else if (asked->budget_s > 0)
        snprintf(out, room, "as many rounds as fit into %s%s%s", budget, asked->rounds > 0 ? ", at most " : "", rounds);
    else
        snprintf(out, room, "%s", rounds);
}

double stopping_half_width(double low, double high)
{
    return sqrt(high / low) - 1;
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

enum stopping_why stopping_look(const struct stopping *asked, int64_t done, int64_t planned, double spent_s, double round_s)
{
    if (planned > 0 && done >= planned)
        return STOPPING_PRECISE;
    if (asked->rounds > 0 && done >= asked->rounds)
        return STOPPING_ROUNDS;
    if (asked->budget_s > 0 && done > 0 && spent_s + round_s > asked->budget_s)
        return STOPPING_BUDGET;
    return STOPPING_GOES_ON;
}
