/* SPDX-License-Identifier: MIT */
/* What tests of statistics share: nearness, random numbers from a counter, and how qsort compares. */
#ifndef TESTS_UNIT_NUMBERS_H
#define TESTS_UNIT_NUMBERS_H

#include <math.h>
#include <stdlib.h>

#include "common/slots.h"
#include "tests/unit/unit.h"

static inline void assert_near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%.17g is not %.17g", got, expected);
}

/* Uniform in (0, 1). */
static inline double uniform(uint64_t *state)
{
    return ((double)(splitmix64((*state)++) >> 12) + 0.5) / 4503599627370496.0;
}

static inline double exponential(uint64_t *state) { return -log(uniform(state)); }

static inline double normal(uint64_t *state)
{
    return sqrt(2 * exponential(state)) * cos(2 * acos(-1) * uniform(state));
}

static inline int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

#endif
