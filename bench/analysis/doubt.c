/* SPDX-License-Identifier: MIT */
/* Reasons for doubt, in words. */
#include "bench/analysis/doubt.h"

#include <stddef.h>

static const struct {
    const char *name, *text;
} doubts[DOUBTS] = {
    [DOUBT_ABOVE_CAPACITY] = {"above-capacity",
                              "gained more than this machine can do in parallel: look for the mistake"},
    [DOUBT_CONTROL] = {"control", "the same command against itself did not come out at 1 here, so a difference of that "
                                  "size means nothing"},
    [DOUBT_ORIGIN] = {"origin",
                      "the origin was running, or waiting for a CPU, nearly all the time, here or under sync: it "
                      "was the limit, not the model"},
    [DOUBT_RATE] = {"rate-not-kept", "the rate was too high: the latency is that of a queue that grows"},
    [DOUBT_FIRST_ROUND] = {"first-round", "the ratio of round 1 lies apart from the others, as with a cold cache"},
    [DOUBT_DRIFT] = {"drift", "the ratio drifts over the rounds, so that the interval is not that of one value"},
    [DOUBT_DISTURBED] = {"disturbed", "more than a quarter of the samples were disturbed from outside"},
    [DOUBT_TOO_FEW_ROUNDS] = {"too-few-rounds", "too few rounds to call one of so many ratios faster or slower"},
    [DOUBT_WIDE] = {"wide", "the interval is over 10% to a side and does not clear 1"},
};

void doubt_add(enum doubt *to, enum doubt more)
{
    if (more != DOUBT_NONE && (*to == DOUBT_NONE || more < *to))
        *to = more;
}

const char *doubt_name(enum doubt doubt) { return doubts[doubt].name; }

const char *doubt_text(enum doubt doubt) { return doubts[doubt].text; }
