/* SPDX-License-Identifier: MIT */
/* A cell by itself: columns of its samples, one value for each round that knows it, and their medians. */
#include "bench/analysis/cell.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/protocol/open_loop.h"
#include "bench/stats/order.h"

/* -- columns ---------------------------------------------------------------------------------------------------------- */

static int64_t ns_of(const struct sample *sample, size_t column)
{
    int64_t ns;
    memcpy(&ns, (const char *)sample + column, sizeof ns);
    return ns;
}

/* In seconds; NaN where not known. */
static double column_value(const struct sample *sample, size_t column)
{
    const int64_t ns = ns_of(sample, column);
    return ns < 0 ? NAN : (double)ns / 1e9;
}

/* The values that are known, in the order of rounds. Returns how many. */
static size_t column_take(const struct result_cell *cell, size_t column, double *space)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->count; i++)
        if (ns_of(&cell->samples[i], column) >= 0)
            space[n++] = column_value(&cell->samples[i], column);
    return n;
}

static double median_of(const double *values, size_t n)
{
    double median = NAN;
    return n > 0 && stats_median(values, n, &median) == 0 ? median : NAN;
}

double column_median(const struct result_cell *cell, size_t column, double *space)
{
    return median_of(space, column_take(cell, column, space));
}

struct round_value {
    int64_t ns, round;
};

static int by_value(const void *a, const void *b)
{
    const struct round_value *x = a, *y = b;
    return x->ns != y->ns ? (x->ns > y->ns) - (x->ns < y->ns) : (x->round > y->round) - (x->round < y->round);
}

int64_t column_median_round(const struct result_cell *cell, size_t column)
{
    struct round_value *sorted = calloc(cell->count + 1, sizeof *sorted);
    if (sorted == NULL || cell->count == 0) {
        free(sorted);
        return 0;
    }
    for (size_t i = 0; i < cell->count; i++)
        sorted[i] = (struct round_value){ns_of(&cell->samples[i], column), cell->samples[i].round};
    qsort(sorted, cell->count, sizeof *sorted, by_value);
    const int64_t round = sorted[(cell->count - 1) / 2].round;
    free(sorted);
    return round;
}

static struct summary_interval column_median_ci(const struct result_cell *cell, size_t column, double *space)
{
    struct stats_interval interval;
    if (stats_median_interval(space, column_take(cell, column, space), 0.95, &interval) != 0)
        return (struct summary_interval){NAN, NAN};
    return (struct summary_interval){interval.low, interval.high};
}

/* The sum of one column over that of another, in the samples that know both (the second above 0). */
static double column_share(const struct result_cell *cell, size_t part, size_t whole)
{
    double parts = 0, wholes = 0;
    for (size_t i = 0; i < cell->count; i++) {
        const int64_t x = ns_of(&cell->samples[i], part), y = ns_of(&cell->samples[i], whole);
        if (x >= 0 && y > 0) {
            parts += (double)x;
            wholes += (double)y;
        }
    }
    return wholes > 0 ? parts / wholes : NAN;
}

/* -- what is known of the cell ---------------------------------------------------------------------------------------- */

/* What is left of the whole command: before main and after it. Clocks may make it a hair negative. */
static double start_median(const struct result_cell *cell, double *space)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->count; i++) {
        const struct sample *s = &cell->samples[i];
        const double rest = sample_whole(s) - column_value(s, COLUMN(ready_ns)) - sample_work(s) -
                            column_value(s, COLUMN(end_ns));
        if (isfinite(rest))
            space[n++] = fmax(0, rest);
    }
    return median_of(space, n);
}

static void cell_times(struct summary_cell *out, double *space)
{
    const struct result_cell *cell = out->cell;
    out->rounds = cell->count;
    out->median_round = column_median_round(cell,
                                            out->group->rate > 0 ? COLUMN(latency_ns[LATENCY_P99]) : COLUMN(whole_ns));
    out->median_s = column_median(cell, COLUMN(whole_ns), space);
    out->median_ci_s = column_median_ci(cell, COLUMN(whole_ns), space);
    out->work_s = column_median(cell, COLUMN(work_ns), space);
    out->work_ci_s = column_median_ci(cell, COLUMN(work_ns), space);
    out->cpu_s = column_median(cell, COLUMN(cpu_ns), space);
    out->phase_s[PHASE_START] = start_median(cell, space);
    out->phase_s[PHASE_READY] = column_median(cell, COLUMN(ready_ns), space);
    out->phase_s[PHASE_WORK] = out->work_s;
    out->phase_s[PHASE_END] = column_median(cell, COLUMN(end_ns), space);
    for (size_t i = 0; i < LATENCY_POINTS; i++) {
        out->latency_s[i] = column_median(cell, COLUMN(latency_ns[i]), space);
        out->latency_ci_s[i] = column_median_ci(cell, COLUMN(latency_ns[i]), space);
    }
    out->origin_share = column_share(cell, COLUMN(origin_cpu_ns), COLUMN(work_ns));
    out->origin_wait_share = column_share(cell, COLUMN(origin_wait_ns), COLUMN(work_ns));
    out->disturbed_rounds = results_disturbed(cell, ~0u);
}

/* In log time, so that half as long and twice as long are equally far. Marked only: they stay in every number. */
static int cell_outliers(struct summary_cell *out, double *space)
{
    const struct result_cell *cell = out->cell;
    struct stats_spread spread;
    size_t n = 0;
    for (size_t i = 0; i < cell->count; i++)
        if (cell->samples[i].whole_ns > 0)
            space[n++] = log(sample_whole(&cell->samples[i]));
    if (n < STATS_OUTLIER_MIN)
        return 0;
    out->outliers = calloc(cell->count, sizeof *out->outliers);
    if (out->outliers == NULL || stats_spread_of(space, n, &spread) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < cell->count; i++)
        if (cell->samples[i].whole_ns > 0 &&
            fabs(stats_modified_z(&spread, log(sample_whole(&cell->samples[i])))) > STATS_OUTLIER_CUT)
            out->outliers[out->outlier_count++] = cell->samples[i].round;
    return 0;
}

static void cell_in_flight(struct summary_cell *out, double *space)
{
    size_t n = 0;
    out->connections = out->in_flight_max = NAN;
    for (size_t i = 0; i < out->cell->count; i++) {
        const struct sample *s = &out->cell->samples[i];
        if (s->connections >= 0)
            out->connections = fmax(out->connections, (double)s->connections);
        if (s->in_flight_max > 0)
            out->in_flight_max = fmax(out->in_flight_max, (double)s->in_flight_max);
        if (s->busy_ns > 0 && s->work_ns > 0)
            space[n++] = (double)s->busy_ns / (double)s->work_ns;
    }
    out->in_flight_mean = median_of(space, n);
}

/* The rate of a median length; NaN where it is not known. */
static double median_rate(const struct summary_cell *cell, size_t column, double *space)
{
    const double s = column_median(cell->cell, column, space);
    return isfinite(s) ? open_loop_rate(cell->group->jobs, (int64_t)llround(s * 1e9)) : NAN;
}

static void cell_open_loop(struct summary_cell *cell, double *space)
{
    struct summary_rate *out = &cell->open_loop;
    const struct result_cell *from = cell->cell;
    if (cell->group->rate <= 0)
        return;
    out->offered = median_rate(cell, COLUMN(open_loop.span_ns), space);
    out->achieved = median_rate(cell, COLUMN(open_loop.ends_ns), space);
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        out->late_s[i] = column_median(from, COLUMN(open_loop.late_ns[i]), space);
    for (size_t i = 0; i < from->count; i++) {
        space[i] = (double)from->samples[i].open_loop.drift_ns / 1e9; /* below 0 is known, too */
        out->missed += from->samples[i].open_loop.missed;
    }
    out->drift_s = median_of(space, from->count);
    out->behind = 2 * out->missed > from->count;
}

int cell_measure(struct summary_cell *out, double *space)
{
    cell_times(out, space);
    cell_in_flight(out, space);
    cell_open_loop(out, space);
    return cell_outliers(out, space);
}
