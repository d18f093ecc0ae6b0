/* SPDX-License-Identifier: MIT */
/* A cell by itself: columns of its samples, one value for each round that knows it, and their medians. */
#include <math.h>
#include <stdlib.h>

#include "bench/analysis/summary.h"
#include "bench/protocol/open_loop.h"
#include "bench/stats/order.h"
#include "bench/util/alloc.h"

/* Values of rounds, for their median. */
struct values {
    double *items;
    size_t n;
};

static struct values values_new(const struct result_cell *cell)
{
    return (struct values){xcalloc(cell->count, sizeof(double)), 0};
}

/* Leaves out what is not known. */
static void values_add(struct values *values, double value)
{
    if (isfinite(value))
        values->items[values->n++] = value;
}

/* Frees them. */
static double values_median(struct values *values)
{
    double median = NAN;
    if (values->n > 0)
        stats_median(values->items, values->n, &median);
    free(values->items);
    return median;
}

/* In the order of rounds. */
static struct values column_values(const struct result_cell *cell, size_t column)
{
    struct values values = values_new(cell);
    for (size_t i = 0; i < cell->count; i++)
        values_add(&values, column_value(&cell->samples[i], column));
    return values;
}

double column_median(const struct result_cell *cell, size_t column)
{
    struct values values = column_values(cell, column);
    return values_median(&values);
}

/* For sorting: what is not known comes first. */
static double place(const struct sample *sample, size_t column) { return fmax(-1, column_value(sample, column)); }

int64_t column_median_round(const struct result_cell *cell, size_t column)
{
    for (size_t i = 0; i < cell->count; i++) {
        const double mine = place(&cell->samples[i], column);
        size_t before = 0;
        for (size_t k = 0; k < cell->count; k++) {
            const double other = place(&cell->samples[k], column);
            before += other < mine || (!(other > mine) && k < i);
        }
        if (before == (cell->count - 1) / 2)
            return cell->samples[i].round;
    }
    return 0;
}

static struct summary_interval column_median_ci(const struct result_cell *cell, size_t column)
{
    struct values values = column_values(cell, column);
    struct stats_interval interval = {.low = NAN, .high = NAN};
    stats_median_interval(values.items, values.n, 0.95, &interval);
    free(values.items);
    return (struct summary_interval){interval.low, interval.high};
}

/* The sum of one column over that of another, in the samples that know both (the second above 0). */
static double column_share(const struct result_cell *cell, size_t part, size_t whole)
{
    double parts = 0, wholes = 0;
    for (size_t i = 0; i < cell->count; i++) {
        const double x = column_value(&cell->samples[i], part), y = column_value(&cell->samples[i], whole);
        if (x >= 0 && y > 0) {
            parts += x;
            wholes += y;
        }
    }
    return wholes > 0 ? parts / wholes : NAN;
}

/* What is left of the whole command: before main and after it. Clocks may make it a hair negative. */
static double start_median(const struct result_cell *cell)
{
    struct values values = values_new(cell);
    for (const struct sample *s = cell->samples; s != NULL && s < cell->samples + cell->count; s++) {
        const double rest = column_value(s, COLUMN(whole_ns)) - column_value(s, COLUMN(ready_ns)) -
                            column_value(s, COLUMN(work_ns)) - column_value(s, COLUMN(end_ns));
        values_add(&values, rest < 0 ? 0 : rest);
    }
    return values_median(&values);
}

static void cell_times(struct summary_cell *out)
{
    const struct result_cell *cell = out->cell;
    out->rounds = cell->count;
    out->median_round = column_median_round(cell,
                                            out->group->rate > 0 ? COLUMN(latency_ns[LATENCY_P99]) : COLUMN(whole_ns));
    out->median_s = column_median(cell, COLUMN(whole_ns));
    out->median_ci_s = column_median_ci(cell, COLUMN(whole_ns));
    out->work_s = column_median(cell, COLUMN(work_ns));
    out->work_ci_s = column_median_ci(cell, COLUMN(work_ns));
    out->cpu_s = column_median(cell, COLUMN(cpu_ns));
    out->work_cpu_s = column_median(cell, COLUMN(work_cpu_ns));
    out->phase_s[PHASE_START] = start_median(cell);
    out->phase_s[PHASE_READY] = column_median(cell, COLUMN(ready_ns));
    out->phase_s[PHASE_WORK] = out->work_s;
    out->phase_s[PHASE_END] = column_median(cell, COLUMN(end_ns));
    for (size_t i = 0; i < LATENCY_POINTS; i++) {
        out->latency_s[i] = column_median(cell, COLUMN(latency_ns[i]));
        out->latency_ci_s[i] = column_median_ci(cell, COLUMN(latency_ns[i]));
    }
    out->origin_share = column_share(cell, COLUMN(origin_cpu_ns), COLUMN(work_ns));
    out->origin_wait_share = column_share(cell, COLUMN(origin_wait_ns), COLUMN(work_ns));
    out->service_wait_share = column_share(cell, COLUMN(service_wait_ns), COLUMN(work_ns));
    /* One that forks, whose wait nobody knows, begins a process for each connection, before the work: it is compared with all. */
    out->service_share = column_share(cell, COLUMN(service_cpu_ns),
                                      isnan(out->service_wait_share) ? COLUMN(whole_ns) : COLUMN(work_ns));
    out->service_peak_bytes = cell->service_peak_bytes < 0 ? NAN : (double)cell->service_peak_bytes;
    out->disturbed_rounds = results_disturbed(cell, ~0u);
}

/* In log time, so that half as long and twice as long are equally far. Marked only: they stay in every number. */
static void cell_outliers(struct summary_cell *out)
{
    const struct result_cell *cell = out->cell;
    struct values values = values_new(cell);
    struct stats_spread spread;
    for (size_t i = 0; i < cell->count; i++)
        values_add(&values, log(column_value(&cell->samples[i], COLUMN(whole_ns))));
    out->outliers = xcalloc(cell->count, sizeof *out->outliers);
    if (values.n >= STATS_OUTLIER_MIN && stats_spread_of(values.items, values.n, &spread) == 0)
        for (size_t i = 0; i < cell->count; i++) {
            const double z = stats_modified_z(&spread, log(column_value(&cell->samples[i], COLUMN(whole_ns))));
            if (cell->samples[i].whole_ns > 0 && fabs(z) > STATS_OUTLIER_CUT)
                out->outliers[out->outlier_count++] = cell->samples[i].round;
        }
    free(values.items);
}

static void cell_in_flight(struct summary_cell *out)
{
    struct values together = values_new(out->cell);
    out->connections = out->in_flight_max = NAN;
    for (size_t i = 0; i < out->cell->count; i++) {
        const struct sample *s = &out->cell->samples[i];
        if (s->connections >= 0)
            out->connections = fmax(out->connections, (double)s->connections);
        if (s->in_flight_max > 0)
            out->in_flight_max = fmax(out->in_flight_max, (double)s->in_flight_max);
        if (s->busy_ns > 0 && s->work_ns > 0)
            values_add(&together, (double)s->busy_ns / (double)s->work_ns);
    }
    out->in_flight_mean = values_median(&together);
    struct values most = values_new(out->cell);
    for (size_t i = 0; i < out->cell->count; i++) {
        const struct sample *s = &out->cell->samples[i];
        if (s->most_waited_ns >= 0 && s->most_waited_busy_ns > 0)
            values_add(&most, (double)s->most_waited_ns / (double)s->most_waited_busy_ns);
    }
    const double worst = values_median(&most);
    const double waits = column_share(out->cell, COLUMN(connection_wait_ns), COLUMN(busy_ns));
    out->connection_wait_share = isfinite(out->connections) ? waits : NAN;
    out->lock_wait_share = isfinite(out->connections) ? NAN : waits;
    out->lock_wait_most = isfinite(out->connections) ? NAN : worst;
}

static void cell_changes(struct summary_cell *out)
{
    const double changes = out->cell->audit.runs > 0 ? (double)out->cell->audit.of : NAN;
    out->change_rate = changes / out->work_s;
    out->change_rate_ci = (struct summary_interval){changes / out->work_ci_s.high, changes / out->work_ci_s.low};
}

/* The rate of a median length; NaN where it is not known. */
static double median_rate(const struct summary_cell *cell, size_t column)
{
    const double s = column_median(cell->cell, column);
    return isfinite(s) ? open_loop_rate(cell->group->jobs, (int64_t)llround(s * 1e9)) : NAN;
}

static void cell_open_loop(struct summary_cell *cell)
{
    struct summary_rate *out = &cell->open_loop;
    const struct result_cell *from = cell->cell;
    if (cell->group->rate <= 0)
        return;
    out->offered = median_rate(cell, COLUMN(open_loop.span_ns));
    out->achieved = median_rate(cell, COLUMN(open_loop.ends_ns));
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        out->late_s[i] = column_median(from, COLUMN(open_loop.late_ns[i]));
    struct values drifts = values_new(from);
    for (size_t i = 0; i < from->count; i++) {
        values_add(&drifts, (double)from->samples[i].open_loop.drift_ns / 1e9); /* below 0 is known, too */
        out->missed += from->samples[i].open_loop.missed;
    }
    out->drift_s = values_median(&drifts);
    out->behind = 2 * out->missed > from->count;
}

void cell_measure(struct summary_cell *out)
{
    cell_times(out);
    cell_in_flight(out);
    cell_changes(out);
    cell_open_loop(out);
    cell_outliers(out);
}
