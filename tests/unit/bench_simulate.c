/* SPDX-License-Identifier: MIT */
/* The simulations of `make validate-statistics` with a fixed seed and few trials: what that shows with 20,000 must not get
 * lost between two of its runs. The limits leave three standard errors. */
#include <math.h>
#include <stdio.h>

#include "bench/stats/series.h"
#include "tests/validate/simulate.h"
#include "tests/unit/unit.h"

enum { TRIALS = 2000 };
#define THREE_ERRORS(share) (3 * sqrt((share) * (1 - (share)) / TRIALS))

TEST(intervals_hold_the_pseudo_median)
{
    static const size_t rounds[] = {6, 10, 30, 60};
    gsl_rng *rng = rng_new(1);
    for (size_t k = 0; k < 2 * NOISES; k++)
        for (size_t i = 0; i < 4; i++) {
            struct noise noise = noises[k % NOISES];
            noise.twice = k >= NOISES;
            if (!noise.symmetric)
                continue; /* its truth takes a simulation of its own */
            const double least = noise.twice ? NOISE_LEAST(&noise) : 0.95;
            const size_t held = noise_coverage(&noise, rng, rounds[i], TRIALS);
            if ((double)held / TRIALS < least - THREE_ERRORS(0.95))
                fail_msg("%s, %zu rounds%s: %zu of %d", noise.name, rounds[i], noise.twice ? " twice" : "", held,
                         TRIALS);
        }
    gsl_rng_free(rng);
}

TEST(drift_and_first_round_are_marked)
{
    gsl_rng *rng = rng_new(3);
    const struct series_counts calm = series_counts(&(struct series){.first = 0}, rng, 10, TRIALS),
                               cold = series_counts(&(struct series){.first = 1}, rng, 10, TRIALS),
                               drifting = series_counts(&(struct series){.drift = 0.3}, rng, 10, TRIALS);
    assert_true((double)calm.drift < TRIALS * (STATS_DRIFT_LEVEL + THREE_ERRORS(STATS_DRIFT_LEVEL)));
    assert_true((double)calm.first < TRIALS * 0.02);
    assert_true((double)cold.first > TRIALS * 0.95);
    assert_true((double)drifting.drift > TRIALS * 0.95);
    gsl_rng_free(rng);
}
