/* SPDX-License-Identifier: MIT */
/* Made-up rounds of a pair, put through the driver's own functions. Everything follows from the generator. */
#ifndef SIMULATE_H
#define SIMULATE_H

#include <gsl/gsl_rng.h>
#include <stddef.h>

#include "bench/analysis/ratio.h"

/* Columns of times, one row a round. */
struct times {
    double *base, *variant;
    double *again; /* the baseline's second run; NULL: there is none */
};

typedef void noise_fill(gsl_rng *rng, size_t n, const struct times *times);

struct noise {
    const char *name;
    noise_fill *fill;
    bool symmetric; /* the log ratio is, about log 2; else its pseudo-median has to be found by simulation */
    bool twice;     /* the baseline runs twice a round */
    bool coarse;    /* times have so few values that moving them by less than a step costs coverage */
};
/* What the interval has to hold in. */
#define NOISE_LEAST(noise) ((noise)->twice && (noise)->coarse ? 0.92 : 0.94)

enum { NOISES = 6 };
extern const struct noise noises[NOISES];

/* A generator that has this seed. */
gsl_rng *rng_new(unsigned long seed);
/* Ends the program where a function of the driver's fails, which no simulation is to make it. */
void must(int rc);

void times_open(struct times *times, size_t rows, bool twice);
void times_close(struct times *times);
/* Fills them and puts the average of both runs in the place of the baseline. */
void noise_draw(const struct noise *noise, gsl_rng *rng, size_t n, const struct times *times);

/* The pseudo-median of the log ratio; where both runs of a baseline have the noise of the variant, the true ratio. */
double noise_truth(const struct noise *noise, gsl_rng *rng);
/* How many of `trials` intervals of n rounds hold it. */
size_t noise_coverage(const struct noise *noise, gsl_rng *rng, size_t n, size_t trials);

enum innovation { INNOVATION_NORMAL, INNOVATION_HEAVY, INNOVATION_SKEWED, INNOVATIONS };

/* Rounds whose log ratio has a deviation of some 3%, and what is wrong with it. */
struct series {
    enum innovation innovation;
    double first; /* added to the log ratio of round 1 */
    double drift; /* over all rounds */
};

/* How many of `trials` series of n rounds are doubted for each reason. */
struct series_counts {
    size_t first, drift;
};
struct series_counts series_counts(const struct series *series, gsl_rng *rng, size_t n, size_t trials);

#endif
