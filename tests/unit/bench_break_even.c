/* SPDX-License-Identifier: MIT */
/* The break-even against the definition itself: every number of jobs tried one after another. */
#include <math.h>
#include <stdio.h>

#include <gsl/gsl_rng.h>

#include "bench/analysis/ranking.h"
#include "tests/unit/unit.h"

enum { TRIED = 4000 };

static bool beats(const struct break_even_times *t, int64_t n)
{
    const double w = (double)t->workers;
    return t->rest + t->work * ceil((double)n / w) / ceil((double)t->jobs / w) <
           t->sync_rest + t->sync_work * (double)n / (double)t->jobs;
}

/* The number of jobs from which on each up to TRIED beats; 0: none. */
static int64_t by_trying(const struct break_even_times *t)
{
    int64_t from = TRIED + 1;
    while (from > 1 && beats(t, from - 1))
        from--;
    return from > TRIED ? 0 : from;
}

TEST(test_examples)
{
    static const struct {
        struct break_even_times times;
        enum break_even_state state;
        int64_t jobs;
    } table[] = {
        /* 50 waits of 150 ms: all at once, for 5 ms of starting: two jobs are enough. */
        {{0.01, 7.5, 0.015, 0.15, 50, 50}, BREAK_EVEN_FROM, 2},
        /* The same without any cost: one job is as long as with sync, and no faster. */
        {{0.01, 7.5, 0.01, 0.15, 50, 50}, BREAK_EVEN_FROM, 2},
        /* Two CPUs, 10 ms a job, 30 ms to start: behind up to the sixth job, which ends at the same time. */
        {{0, 0.08, 0.03, 0.04, 8, 2}, BREAK_EVEN_FROM, 8},
        /* Threads on a lock: never. */
        {{0, 0.08, 0.001, 0.08, 8, 2}, BREAK_EVEN_NEVER, 0},
        {{0, 0.08, 0.001, 0.09, 8, 2}, BREAK_EVEN_NEVER, 0},
        /* Faster from the first job on. */
        {{0.02, 0.08, 0.01, 0.04, 8, 2}, BREAK_EVEN_FROM, 1},
        {{NAN, 0.08, 0.01, 0.04, 8, 2}, BREAK_EVEN_UNKNOWN, 0},
        {{0, 0.08, 0.01, NAN, 8, 2}, BREAK_EVEN_UNKNOWN, 0},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct break_even got = break_even_find(&table[i].times);
        assert_int_equal(got.state, table[i].state);
        assert_int_equal(got.jobs, table[i].jobs);
        if (got.state == BREAK_EVEN_FROM)
            assert_int_equal(by_trying(&table[i].times), got.jobs);
    }
}

TEST(test_against_trying)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    size_t found = 0;
    assert_non_null(rng);
    gsl_rng_set(rng, 7);
    for (int i = 0; i < 3000; i++) {
        struct break_even_times t = {.sync_rest = gsl_rng_uniform(rng) * 0.02, .rest = gsl_rng_uniform(rng) * 0.1};
        t.sync_work = 0.01 + gsl_rng_uniform(rng);
        t.work = 0.01 + gsl_rng_uniform(rng);
        t.jobs = 1 + (int64_t)gsl_rng_uniform_int(rng, 60);
        t.workers = 1 + (int64_t)gsl_rng_uniform_int(rng, 20);
        const struct break_even got = break_even_find(&t);
        const int64_t tried = by_trying(&t);
        if (got.state == BREAK_EVEN_FROM && got.jobs <= TRIED - 20) {
            assert_int_equal(got.jobs, tried);
            found++;
        } else if (got.state == BREAK_EVEN_NEVER) {
            assert_false(tried > 0 && tried < TRIED - 20);
        }
    }
    gsl_rng_free(rng);
    assert_true(found > 500);
}
