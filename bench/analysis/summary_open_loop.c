/* SPDX-License-Identifier: MIT */
/* What a summary's cells show of their latencies. */
#include "bench/analysis/summary_open_loop.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "bench/protocol/open_loop.h"
#include "bench/stats/signed_rank.h"
#include "bench/stats/median.h"

/* Values of one sample, in nanoseconds; -1: not known. `point` is of the two that have several. */
typedef int64_t value_of(const struct sample *sample, size_t point);

static int64_t latency_of(const struct sample *s, size_t point) { return s->latency_ns[point]; }
static int64_t late_of(const struct sample *s, size_t point) { return s->open_loop.late_ns[point]; }

static int64_t span_of(const struct sample *s, size_t point)
{
    (void)point;
    return s->open_loop.span_ns;
}

static int64_t ends_of(const struct sample *s, size_t point)
{
    (void)point;
    return s->open_loop.ends_ns;
}

static size_t values(const struct result_cell *cell, value_of *value, size_t point, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->count; i++)
        if (value(&cell->samples[i], point) >= 0)
            room[n++] = (double)value(&cell->samples[i], point);
    return n;
}

static double median_of(const struct result_cell *cell, value_of *value, size_t point, double *room)
{
    const size_t n = values(cell, value, point, room);
    double median = NAN;
    return n > 0 && stats_median(room, n, &median) == 0 ? median : NAN;
}

static struct summary_interval latency_interval(const struct result_cell *cell, size_t point, double *room)
{
    struct stats_interval interval;
    if (stats_median_interval(room, values(cell, latency_of, point, room), 0.95, &interval) != 0)
        return (struct summary_interval){NAN, NAN};
    return (struct summary_interval){interval.low / 1e9, interval.high / 1e9};
}

/* The rate of a median length; NaN where it is not known. */
static double median_rate(const struct summary_cell *cell, value_of *value, double *room)
{
    const double ns = median_of(cell->cell, value, 0, room);
    return isfinite(ns) ? open_loop_rate(cell->group->jobs, (int64_t)ns) : NAN;
}

static void cell_open_loop(struct summary_cell *cell, double *room)
{
    struct summary_rate *out = &cell->open_loop;
    const struct result_cell *from = cell->cell;
    double drift = NAN;
    out->offered = median_rate(cell, span_of, room);
    out->achieved = median_rate(cell, ends_of, room);
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        out->late_s[i] = median_of(from, late_of, i, room) / 1e9;
    for (size_t i = 0; i < from->count; i++) {
        room[i] = (double)from->samples[i].open_loop.drift_ns / 1e9;
        out->missed += from->samples[i].open_loop.missed;
    }
    out->drift_s = from->count > 0 && stats_median(room, from->count, &drift) == 0 ? drift : NAN;
    if (2 * out->missed > from->count)
        cell->marks |= MARK_RATE_NOT_KEPT;
}

int summary_open_loop(struct summary *summary)
{
    size_t longest = 0;
    for (size_t i = 0; i < summary->cell_count; i++)
        longest = summary->cells[i].cell->count > longest ? summary->cells[i].cell->count : longest;
    double *room = calloc(longest + 1, sizeof *room);
    if (room == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < summary->cell_count; i++) {
        struct summary_cell *cell = &summary->cells[i];
        for (size_t point = 0; point < LATENCY_POINTS; point++)
            cell->latency_ci_s[point] = latency_interval(cell->cell, point, room);
        if (cell->group->rate > 0)
            cell_open_loop(cell, room);
    }
    free(room);
    return 0;
}
