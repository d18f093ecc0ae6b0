/* SPDX-License-Identifier: MIT */
/*
 * When jobs arrive in an open loop: the intended start of job i, as a distance from the opening of the gate, follows from
 * rate, kind and seed alone. `py_impl/arrivals.py` takes the same steps in the same doubles and a test compares the two
 * to the nanosecond; the driver holds every sample's slots against it.
 *
 *   fixed     job i at i / rate
 *   poisson   job i at the sum of gaps 0..i, gap k being -log(u_k) / rate with u_k in (0, 1], that is an exponential gap by
 *             inversion (Devroye: Non-Uniform Random Variate Generation, 1986, II.2). u_k is the upper 53 bits, plus one,
 *             of splitmix64(seed + k * golden gamma), the k-th output of SplitMix64 seeded with `seed`.
 *
 * Each job's distance (fixed) or gap (poisson) is cut to whole nanoseconds; gaps are then summed as integers.
 */
#ifndef COMMON_ARRIVALS_H
#define COMMON_ARRIVALS_H

#include <stdint.h>

#define ARRIVALS_RATE_MIN  0.001 /* jobs a second */
#define ARRIVALS_RATE_MAX  1000000.0
#define ARRIVALS_SEED_MAX  INT64_C(9007199254740991) /* what every JSON reader keeps exactly */
#define ARRIVALS_LONGEST_S 86400.0 /* jobs / rate may be no more: the times stay far from the ends of 64 bits */

enum arrivals_kind { ARRIVALS_FIXED, ARRIVALS_POISSON };

struct arrivals {
    double rate; /* jobs a second; 0: a closed loop, there is no schedule */
    enum arrivals_kind kind;
    uint64_t seed; /* of poisson */
};

/* A schedule being walked, job by job from 0; begins as {.arrivals = a}. */
struct arrivals_walk {
    struct arrivals arrivals;
    uint64_t job;   /* the next one */
    int64_t passed; /* poisson: the sum of the gaps so far */
};

/* The next job's distance from the gate, in nanoseconds; never less than the one before. */
int64_t arrivals_next(struct arrivals_walk *walk);

/* "fixed" or "poisson". */
const char *arrivals_name(enum arrivals_kind kind);
/* 0 with *out, or -EINVAL. */
int arrivals_parse(const char *text, enum arrivals_kind *out);

#endif
