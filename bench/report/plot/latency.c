/* SPDX-License-Identifier: MIT */
/*
 * How long jobs took: for a group that waits, a row per variant with its p50, p90, p99 and maximum: the medians over all
 * rounds that the table has. A percentile that so few jobs do not tell from the maximum is left out. In an open loop
 * latency counts from when a job was due.
 *
 * The data: "rows" (y, place of the runtime, p50, p90, p99, maximum in milliseconds, name, label); the numbers are NaN
 * where a variant has no latency.
 */
#include <math.h>
#include <stdlib.h>

#include "bench/report/document.h"
#include "bench/report/format.h"
#include "bench/report/plot/picture.h"

enum { P90_JOBS = 10, P99_JOBS = 100 }; /* fewer have no job between it and the maximum */

/* The shortest median on top. */
static double key(const struct summary_cell *cell, const void *what)
{
    (void)what;
    return cell->verified ? -cell->latency_s[LATENCY_P50] : NAN;
}

static void put_row(struct picture *p, struct plot_rows *rows, size_t row)
{
    const double *s = rows->items[row].cell->latency_s;
    const bool p99 = p->group->jobs >= P99_JOBS;
    double ms[LATENCY_POINTS];
    struct format a, b;
    char label[160] = "-";
    for (size_t k = 0; k < LATENCY_POINTS; k++)
        ms[k] = 1e3 * s[k];
    if (row < rows->known)
        snprintf(label, sizeof label, "%s; %s %s", format_time(&a, s[LATENCY_P50]), p99 ? "p99" : "max",
                 format_time(&b, s[p99 ? LATENCY_P99 : LATENCY_MAX]));
    plot_rows_put(p, rows, row, label, ms, LATENCY_POINTS);
}

static void say(struct picture *p, const struct plot_rows *rows)
{
    const struct summary_cell *best = rows->items[0].cell;
    const char *loop = p->group->rate > 0 ? "open" : "closed";
    char *shape = format_shape(p->group);
    struct format a, b;
    picture_say(&p->subtitle, "%s; %s loop: latency from %s to its end, medians of all rounds", shape, loop,
                p->group->rate > 0 ? "when a job was due" : "a job's start");
    picture_say(
        &p->alt,
        "%s, %s loop: the job latency of %zu variants, medians of all rounds; the lowest median is that of %s, %s, "
        "with a maximum of %s",
        p->group->name, loop, rows->known, picture_variant(best->cell).text,
        format_time(&a, best->latency_s[LATENCY_P50]), format_time(&b, best->latency_s[LATENCY_MAX]));
    free(shape);
}

void picture_latency(struct pictures *out, const struct plan_group *group)
{
    if (!cells_wait(group))
        return;
    struct plot_rows rows = plot_rows_make(out->source->summary, group, key, NULL);
    struct picture *p = rows.known > 0 ? picture_add(out, "latency", group, NULL) : NULL;
    if (p != NULL) {
        picture_block(p, "rows");
        for (size_t i = 0; i < rows.count; i++)
            put_row(p, &rows, i);
        plot_rows_set(p, &rows);
        picture_set(p, "p90=%d; p99=%d", group->jobs >= P90_JOBS, group->jobs >= P99_JOBS);
        say(p, &rows);
    }
    free(rows.items);
}
