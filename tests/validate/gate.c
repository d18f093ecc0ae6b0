/* SPDX-License-Identifier: MIT */
/*
 * The section on `cobench compare --fail-if-slower`: how far beyond the limit must a cell lie to be found, and how often is
 * one called slower that lies at the limit? Both runs' log times are normal with the same deviation, one of the cells lies
 * the limit and some deviations beyond, all others nowhere; the limit itself does not matter to what is found.
 */
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>

#include "bench/analysis/ratio.h"
#include "bench/stats/rank_sum.h"
#include "tests/validate/validate.h"

enum { CELLS = 25, MOST_ROUNDS = 30 };
#define LIMIT     0.05
#define DEVIATION 0.03

struct gate_case {
    size_t rounds;
    double beyond; /* the limit, in deviations */
};

/* The p-value of "not slower by more than the limit" where B is slower by `shift`, and whether the interval says so too. */
static int cell_p(gsl_rng *rng, size_t rounds, double shift, double *p, bool *clears)
{
    double a[MOST_ROUNDS], b[MOST_ROUNDS];
    const struct stats_two two = {a, b, rounds, rounds};
    struct stats_interval interval;
    for (size_t i = 0; i < rounds; i++) {
        a[i] = gsl_ran_gaussian(rng, DEVIATION);
        b[i] = shift + gsl_ran_gaussian(rng, DEVIATION);
    }
    int rc = stats_shift(&two, 0.95, &interval);
    if (rc == 0)
        rc = stats_shift_outside_p(&two, -log1p(LIMIT), INFINITY, p);
    *clears = rc == 0 && interval.high < -log1p(LIMIT);
    return rc;
}

/* Is the first of the cells called slower? */
static int is_found(gsl_rng *rng, const struct gate_case *c, bool *found)
{
    double p[CELLS], adjusted[CELLS];
    bool clears[CELLS];
    int rc = 0;
    for (size_t k = 0; k < CELLS && rc == 0; k++)
        rc = cell_p(rng, c->rounds, k == 0 ? log1p(LIMIT) + c->beyond * DEVIATION : 0, &p[k], &clears[k]);
    if (rc == 0)
        rc = stats_holm(p, CELLS, adjusted);
    *found = rc == 0 && clears[0] && adjusted[0] < RATIO_FAMILY_ERROR;
    return rc;
}

int section_gate(struct validation *v)
{
    static const struct gate_case cases[] = {{10, 0}, {10, 2}, {10, 2.5}, {30, 0}, {30, 1.2}};
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    int rc = rng == NULL ? -ENOMEM : 0;
    if (rc == 0)
        gsl_rng_set(rng, (unsigned long)v->seed + 6);
    for (size_t i = 0; i < sizeof cases / sizeof *cases && rc == 0; i++) {
        char text[120];
        struct figure figure = {
            .text = text, .trials = v->trials / 10, .least = 0, .most = cases[i].beyond > 0 ? 1 : RATIO_FAMILY_ERROR};
        snprintf(text, sizeof text, "%zu rounds each, one of %d cells %.1f deviations beyond the limit: found",
                 cases[i].rounds, CELLS, cases[i].beyond);
        for (size_t trial = 0; trial < figure.trials && rc == 0; trial++) {
            bool found = false;
            rc = is_found(rng, &cases[i], &found);
            figure.hits += found;
        }
        if (rc == 0)
            figure_print(v, &figure);
    }
    if (rc == -ENOMEM)
        fprintf(stderr, "statistics: no memory\n");
    gsl_rng_free(rng);
    return rc;
}
