/* SPDX-License-Identifier: MIT */
/*
 * How long jobs took: for a group that waits, a row per variant with its p50, p90, p99 and maximum: the medians over all
 * rounds that the table has. A percentile that so few jobs do not tell from the maximum is left out. In an open loop
 * latency counts from when a job was due.
 *
 * The data: "rows" (y, place of the runtime, name, p50, p90, p99, maximum in milliseconds, label); the numbers are NaN
 * where a variant has no latency.
 */
#include "bench/report/cells.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "bench/report/format.h"
#include "bench/report/plot/pictures.h"
#include "bench/report/plot/rows.h"
#include "bench/util/text.h"

enum { P90_JOBS = 10, P99_JOBS = 100 }; /* fewer have no job between it and the maximum */

struct distribution {
    struct plot_rows rows;
    const struct plan_group *group;
};

/* The shortest median on top. */
static double key(const struct summary_cell *cell, const void *what)
{
    (void)what;
    return cell->verified ? -cell->latency_s[LATENCY_P50] : NAN;
}

static void put_label(const struct distribution *d, const struct summary_cell *cell, FILE *out)
{
    struct format a, b;
    const bool p99 = d->group->jobs >= P99_JOBS;
    fprintf(out, " \"%s; %s ", format_time(&a, cell->latency_s[LATENCY_P50]), p99 ? "p99" : "max");
    fprintf(out, "%s\"\n", format_time(&b, cell->latency_s[p99 ? LATENCY_P99 : LATENCY_MAX]));
}

static int print(const void *what, FILE *out)
{
    const struct distribution *d = what;
    fputs("\n\n# rows\n", out);
    for (size_t i = 0; i < d->rows.count; i++) {
        const struct summary_cell *cell = d->rows.items[i].cell;
        plot_rows_put(&d->rows, i, out);
        for (size_t k = 0; k < LATENCY_POINTS; k++)
            if (i < d->rows.known)
                fprintf(out, " %.6g", 1e3 * cell->latency_s[k]);
            else
                fputs(" NaN", out);
        if (i < d->rows.known)
            put_label(d, cell, out);
        else
            fputs(" \"-\"\n", out);
    }
    return 0;
}

static char *settings(const struct distribution *d)
{
    char *rows = plot_rows_settings(&d->rows);
    char *text = rows == NULL
                     ? NULL
                     : text_format("%s; p90=%d; p99=%d", rows, d->group->jobs >= P90_JOBS, d->group->jobs >= P99_JOBS);
    free(rows);
    return text;
}

static char *alt(const struct distribution *d)
{
    const struct summary_cell *best = d->rows.items[0].cell;
    struct format a, b;
    return text_format(
        "%s, %s loop: the job latency of %zu variants, medians of all rounds; the lowest median is that of "
        "%s:%s, %s, with a maximum of %s",
        d->group->name, d->group->rate > 0 ? "open" : "closed", d->rows.known, best->cell->runtime, best->cell->model,
        format_time(&a, best->latency_s[LATENCY_P50]), format_time(&b, best->latency_s[LATENCY_MAX]));
}

static char *subtitle(const struct plan_group *group)
{
    char *shape = format_shape(group);
    char *text = shape == NULL ? NULL
                               : text_format("%s; %s loop: latency from %s to its end, medians of all rounds", shape,
                                             group->rate > 0 ? "open" : "closed",
                                             group->rate > 0 ? "when a job was due" : "a job's start");
    free(shape);
    return text;
}

static int latency_add(struct pictures *out, const struct picture_source *source, const struct plan_group *group)
{
    struct distribution d = {.group = group};
    struct picture *p = NULL;
    if (!cells_wait(group))
        return 0;
    int rc = plot_rows_make(&d.rows, source->summary, group, key, NULL);
    for (size_t i = 0; rc == 0 && i < d.rows.known; i++)
        for (size_t k = 0; k < LATENCY_POINTS; k++)
            plot_rows_stretch(&d.rows, 1e3 * d.rows.items[i].cell->latency_s[k]);
    if (rc == 0 && d.rows.known > 0) {
        p = pictures_add(out, source->summary, "latency", group);
        rc = p == NULL ? -ENOMEM : 0;
    }
    if (p != NULL) {
        picture_take(p, &p->subtitle, subtitle(group));
        picture_set_data(p, "latency.c", print, &d);
        picture_take(p, &p->settings, settings(&d));
        picture_take(p, &p->alt, alt(&d));
        rc = p->rc;
    }
    plot_rows_free(&d.rows);
    return rc;
}

int picture_latency(struct pictures *out, const struct picture_source *source, struct error *err)
{
    (void)err;
    return pictures_each_group(out, source, latency_add);
}
