/* SPDX-License-Identifier: MIT */
/* The schedule of an open loop. No sum, product or quotient here may be reordered or fused: Python takes the same ones. */
#include "common/arrivals.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "common/slots.h"

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)

static const char *const names[] = {[ARRIVALS_FIXED] = "fixed", [ARRIVALS_POISSON] = "poisson"};

static int64_t gap_ns(const struct arrivals *a, uint64_t job)
{
    const uint64_t bits = splitmix64(a->seed + job * GOLDEN_GAMMA) >> 11;
    const double u = (double)(bits + 1) * 0x1p-53;
    return (int64_t)(-log(u) * 1e9 / a->rate);
}

int64_t arrivals_next(struct arrivals_walk *walk)
{
    const uint64_t job = walk->job++;
    if (walk->arrivals.kind == ARRIVALS_FIXED)
        return (int64_t)((double)job * 1e9 / walk->arrivals.rate);
    walk->passed += gap_ns(&walk->arrivals, job);
    return walk->passed;
}

const char *arrivals_name(enum arrivals_kind kind) { return names[kind]; }

int arrivals_parse(const char *text, enum arrivals_kind *out)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (enum arrivals_kind)i;
            return 0;
        }
    return -EINVAL;
}
