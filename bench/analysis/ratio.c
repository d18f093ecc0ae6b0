/* SPDX-License-Identifier: MIT */
/* Pairs, ratios and verdicts. Two cells are only ever compared round by round: `pairs` collects the rounds that both
 * have, and the statistics see nothing else. */
#include "bench/analysis/ratio.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/ranks.h"
#include "bench/stats/series.h"
#include "bench/util/alloc.h"

double column_value(const struct sample *sample, size_t column)
{
    int64_t ns;
    memcpy(&ns, (const char *)sample + column, sizeof ns);
    return ns < 0 ? NAN : (double)ns / 1e9;
}

/* -- doubts ----------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *text;
} doubts[DOUBTS] = {
    [DOUBT_LOST] = {"lost", "its jobs lost changes of each other: the speed is that of a wrong answer"},
    [DOUBT_UNGUARDED] = {"unguarded",
                         "lost none this time, which proves nothing: nothing guards what its jobs change at once"},
    [DOUBT_UNCHECKED] = {"unchecked", "there was nothing to check the results against, so they may be wrong"},
    [DOUBT_ABOVE_CAPACITY] = {"above-capacity",
                              "gained more than this machine can do in parallel: look for the mistake"},
    [DOUBT_CONTROL] = {"control", "the same command against itself did not come out at 1 here, so a difference of that "
                                  "size means nothing"},
    [DOUBT_ORIGIN] =
        {"origin", "the server that answers (the origin) was running, or waiting for a CPU, nearly all the time, here "
                   "or under sync: it was the limit, not the model"},
    [DOUBT_SERVICE] =
        {"service",
         "the service that answers was running, or waiting for a CPU, on nearly all the CPUs that it can use, "
         "here or under sync: it was the limit, not the model"},
    [DOUBT_RATE] = {"rate-not-kept", "the rate was too high: the latency is that of a queue that grows"},
    [DOUBT_FIRST_ROUND] = {"first-round", "the ratio of round 1 lies apart from the others, as with a cold cache"},
    [DOUBT_DRIFT] = {"drift", "the ratio drifts over the rounds, so that the interval is not that of one value"},
    [DOUBT_DISTURBED] = {"disturbed", "more than a quarter of the samples were disturbed from outside"},
    [DOUBT_TOO_FEW_ROUNDS] = {"too-few-rounds", "too few rounds to call one of so many ratios faster or slower"},
    [DOUBT_WIDE] = {"wide", "the interval is over 10% to a side and, adjusted for so many ratios, does not clear 1"},
};

void doubt_add(enum doubt *to, enum doubt more)
{
    if (more != DOUBT_NONE && (*to == DOUBT_NONE || more < *to))
        *to = more;
}

const char *doubt_name(enum doubt doubt) { return doubts[doubt].name; }

const char *doubt_text(enum doubt doubt) { return doubts[doubt].text; }

/* -- pairs ------------------------------------------------------------------------------------------------------------------ */

void pairs_open(struct pairs *pairs, size_t rows)
{
    *pairs = (struct pairs){.base = xcalloc(rows, sizeof *pairs->base),
                            .variant = xcalloc(rows, sizeof *pairs->variant),
                            .round = xcalloc(rows, sizeof *pairs->round)};
}

void pairs_close(struct pairs *pairs)
{
    free(pairs->base);
    free(pairs->variant);
    free(pairs->round);
    *pairs = (struct pairs){0};
}

static int by_round(const void *key, const void *sample)
{
    const int32_t round = *(const int32_t *)key, of = ((const struct sample *)sample)->round;
    return (round > of) - (round < of);
}

/* What a cell's command took when it ran the second time in the round of its i-th sample: as the first time where it did not,
 * or where that is what it is compared `with`. */
static double second_value(const struct result_cell *cell, size_t i, const struct result_cell *with, size_t column)
{
    const double first = column_value(&cell->samples[i], column);
    if (cell->again == NULL || cell->again == with || cell->again->count == 0)
        return first;
    const struct sample *second = bsearch(&cell->samples[i].round, cell->again->samples, cell->again->count,
                                          sizeof *cell->again->samples, by_round);
    const double value = second == NULL ? NAN : column_value(second, column);
    return value > 0 ? value : first;
}

void pairs_average(struct pairs *pairs, const struct pairs *second)
{
    struct stats_interval first, other, mean;
    if (pairs->n == 0)
        return;
    stats_ratio(pairs->base, pairs->variant, pairs->n, 0.95, &first); /* which are there for any number of pairs */
    stats_ratio(second->base, second->variant, pairs->n, 0.95, &other);
    for (size_t i = 0; i < pairs->n; i++) {
        pairs->base[i] = sqrt(pairs->base[i] * second->base[i]);
        pairs->variant[i] = sqrt(pairs->variant[i] * second->variant[i]);
    }
    stats_ratio(pairs->base, pairs->variant, pairs->n, 0.95, &mean);
    for (size_t i = 0; i < pairs->n; i++)
        pairs->base[i] *= sqrt(first.estimate * other.estimate) / mean.estimate;
}

void pairs_collect(struct pairs *pairs, const struct result_cell *base, const struct result_cell *variant,
                   size_t column)
{
    struct pairs second;
    pairs_open(&second, base->count);
    pairs->n = 0;
    for (size_t i = 0, j = 0; i < base->count && j < variant->count;) {
        const struct sample *a = &base->samples[i], *b = &variant->samples[j];
        const double x = column_value(a, column), y = column_value(b, column);
        if (a->round == b->round && x > 0 && y > 0) {
            second.base[pairs->n] = second_value(base, i, variant, column);
            second.variant[pairs->n] = second_value(variant, j, base, column);
            pairs->base[pairs->n] = x;
            pairs->variant[pairs->n] = y;
            pairs->round[pairs->n++] = a->round;
        }
        i += a->round <= b->round;
        j += b->round <= a->round;
    }
    pairs_average(pairs, &second);
    pairs_close(&second);
}

/* -- one ratio ---------------------------------------------------------------------------------------------------------------- */

bool ratio_known(const struct ratio *ratio) { return ratio->state <= RATIO_SELF; }

enum level ratio_level(const struct ratio *ratio)
{
    return !ratio_known(ratio) ? LEVEL_INVALID : ratio->doubt != DOUBT_NONE ? LEVEL_DOUBTFUL : LEVEL_FINE;
}

struct ratio ratio_none(enum ratio_state state)
{
    return (struct ratio){
        .ratio = NAN, .low = NAN, .high = NAN, .state = state, .p = NAN, .p_least = NAN, .p_adjusted = NAN};
}

bool interval_clears(double low, double high, double margin) { return low > 1 + margin || high < 1 / (1 + margin); }

static double signed_rank_least_p(size_t rounds) { return ldexp(1, 1 - (int)fmin(1000, (double)rounds)); }

double ratio_half_width(const struct ratio *ratio) { return sqrt(ratio->high / ratio->low) - 1; }

struct ratio ratio_of(const struct pairs *pairs)
{
    struct ratio ratio = ratio_none(RATIO_NO_PAIRS);
    struct stats_interval interval;
    ratio.rounds = pairs->n;
    if (pairs->n == 0)
        return ratio;
    ratio.state = stats_ratio(pairs->base, pairs->variant, pairs->n, 0.95, &interval) == 0 ? RATIO_FULL
                                                                                           : RATIO_NO_INTERVAL;
    ratio.ratio = interval.estimate;
    ratio.low = interval.low;
    ratio.high = interval.high;
    ratio.unresolved = ratio_half_width(&ratio) > RATIO_UNRESOLVED;
    return ratio;
}

enum doubt ratio_series_doubt(const struct pairs *pairs, double margin)
{
    struct stats_first first = {.z = 0}; /* which too few rounds leave alone */
    struct stats_drift drift = {.p = 1};
    stats_first_of(pairs->base, pairs->n, &first);
    stats_drift_of(pairs->base, pairs->n, &drift);
    if (pairs->round[0] == 1 && fabs(first.z) > STATS_FIRST_CUT && fabs(first.shift) > log1p(margin))
        return DOUBT_FIRST_ROUND;
    return drift.p < STATS_DRIFT_LEVEL && fabs(drift.shift) > log1p(margin) ? DOUBT_DRIFT : DOUBT_NONE;
}

void ratio_test(struct ratio *ratio, struct pairs *pairs, double margin)
{
    if (ratio->state != RATIO_FULL)
        return;
    for (size_t i = 0; i < pairs->n; i++)
        pairs->base[i] = log(pairs->base[i]) - log(pairs->variant[i]);
    /* RATIO_FULL says that the values are good and enough. */
    stats_outside_p(pairs->base, pairs->n, log1p(margin), &ratio->p);
    ratio->doubt = ratio_series_doubt(pairs, margin);
    ratio->p_least = signed_rank_least_p(pairs->n);
}

struct ratio ratio_between(const struct result_cell *base, const struct result_cell *variant, size_t column,
                           double margin)
{
    struct pairs pairs;
    pairs_open(&pairs, base->count);
    pairs_collect(&pairs, base, variant, column);
    struct ratio ratio = ratio_of(&pairs);
    ratio_test(&ratio, &pairs, margin);
    pairs_close(&pairs);
    return ratio;
}

/* -- verdicts ------------------------------------------------------------------------------------------------------------------ */

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {NULL,        "faster", "slower", "no difference shown", "too few rounds",
                                        "unresolved"};
    return names[verdict];
}

/* Holm multiplies the least p-value of a family by all of them. */
static bool holm_can_pass(double least, size_t count) { return least * (double)count < RATIO_FAMILY_ERROR; }

size_t ratio_rounds_needed(size_t count)
{
    size_t rounds = STATS_MIN_95;
    while (!holm_can_pass(signed_rank_least_p(rounds), count))
        rounds++;
    return rounds;
}

static void ratio_decide(struct ratio *ratio, size_t count, double margin)
{
    const bool clears = interval_clears(ratio->low, ratio->high, margin);
    if (clears && ratio->p_adjusted < RATIO_FAMILY_ERROR)
        ratio->verdict = ratio->low > 1 ? VERDICT_FASTER : VERDICT_SLOWER;
    else if (clears && !holm_can_pass(ratio->p_least, count))
        ratio->verdict = VERDICT_TOO_FEW_ROUNDS;
    else
        ratio->verdict = ratio->unresolved ? VERDICT_UNRESOLVED : VERDICT_NO_DIFFERENCE;
    if (ratio->verdict == VERDICT_TOO_FEW_ROUNDS || ratio->verdict == VERDICT_UNRESOLVED)
        doubt_add(&ratio->doubt, ratio->verdict == VERDICT_UNRESOLVED ? DOUBT_WIDE : DOUBT_TOO_FEW_ROUNDS);
}

void ratios_decide(struct ratio *const *family, size_t count, double margin)
{
    double *p = xcalloc(2 * count, sizeof *p), *adjusted = p + count;
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (isfinite(family[i]->p))
            p[n++] = family[i]->p;
    stats_holm(p, n, adjusted);
    for (size_t i = 0, at = 0; i < count; i++)
        if (isfinite(family[i]->p)) {
            family[i]->p_adjusted = adjusted[at++];
            family[i]->family = n;
            ratio_decide(family[i], n, margin);
        }
    free(p);
}
