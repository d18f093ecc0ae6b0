/* SPDX-License-Identifier: MIT */
/*
 * How long jobs took: for a group that waits, the distribution of job latency of every variant's round with the median
 * time, from the kept jobs; p50 and p99 marked. In an open loop latency counts from when a job was due.
 *
 * The data, for each variant K from 1: "curve K" (milliseconds, share of the jobs that took no longer) and "marks K" (the
 * same at p50 and p99).
 */
#include "bench/report/plot/pictures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/store/job_samples.h"
#include "bench/report/latency.h"
#include "bench/util/text.h"

#define MS           1e-3 /* of a microsecond */
#define CURVE_POINTS 200

struct curve {
    const struct summary_cell *cell;
    double *latency; /* milliseconds, sorted */
    double *share;   /* of the jobs that took no longer, rising to 1 */
    size_t count;
    bool open;
};

struct distribution {
    struct curve *curves;
    size_t count;
    double low, high;
    bool open;
};

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void curve_free(struct curve *c)
{
    free(c->latency);
    free(c->share);
}

/* From the quantiles of all jobs where not all of them are here, else from the jobs themselves. */
static void curve_fill(struct curve *c, const struct job_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        c->open |= isfinite(rows->rows[i].due);
    for (size_t i = 0; i < rows->quantile_count; i++) {
        c->latency[c->count] = fmax(1e-3, rows->quantiles[i].latency * MS);
        c->share[c->count++] = rows->quantiles[i].share;
    }
    if (rows->quantile_count > 0)
        return;
    for (size_t i = 0; i < rows->count; i++) {
        const struct job_row *row = &rows->rows[i];
        c->latency[c->count++] = fmax(1e-3, (row->end - (isfinite(row->due) ? row->due : row->start)) * MS);
    }
    qsort(c->latency, c->count, sizeof *c->latency, by_size);
    for (size_t i = 0; i < c->count; i++)
        c->share[i] = (double)(i + 1) / (double)c->count;
}

static int take_curve(struct distribution *d, const struct picture_source *source, const struct summary_cell *cell)
{
    struct job_rows rows;
    int rc = jobs_read_median(source->summary, source->run_dir, cell, &rows);
    if (rc != 0) /* as in plot_timeline.c */
        return rc == -ENOMEM ? rc : 0;
    const size_t room = rows.count + rows.quantile_count + 1;
    struct curve c = {.cell = cell, .latency = calloc(room, sizeof *c.latency), .share = calloc(room, sizeof *c.share)};
    rc = c.latency == NULL || c.share == NULL ? -ENOMEM : 0;
    if (rc == 0)
        curve_fill(&c, &rows);
    jobs_free(&rows);
    if (rc != 0 || c.count == 0) {
        curve_free(&c);
        return rc;
    }
    d->low = fmin(d->low, c.latency[0]);
    d->high = fmax(d->high, c.latency[c.count - 1]);
    d->open |= c.open;
    d->curves[d->count++] = c;
    return 0;
}

static int distribution_make(struct distribution *d, const struct picture_source *source,
                             const struct result_group *group)
{
    *d = (struct distribution){
        .low = INFINITY, .high = 0, .curves = calloc(source->summary->cell_count + 1, sizeof *d->curves)};
    int rc = d->curves == NULL ? -ENOMEM : 0;
    for (size_t i = 0; rc == 0 && i < source->summary->cell_count; i++)
        if (source->summary->cells[i].group == group)
            rc = take_curve(d, source, &source->summary->cells[i]);
    return rc;
}

static void distribution_free(struct distribution *d)
{
    for (size_t k = 0; k < d->count; k++)
        curve_free(&d->curves[k]);
    free(d->curves);
}

/* By nearest rank, as everywhere; the last digit of a share may be lost. */
static double quantile(const struct curve *c, double share)
{
    size_t i = 0;
    while (i + 1 < c->count && c->share[i] < share - 1e-9)
        i++;
    return c->latency[i];
}

static int print(const void *what, FILE *out)
{
    const struct distribution *d = what;
    fputs("# Made by cobench from the run's jobs; the blocks are described in bench/report/plot/latency.c.\n", out);
    for (size_t k = 0; k < d->count; k++) {
        const struct curve *c = &d->curves[k];
        const size_t step = (c->count + CURVE_POINTS - 1) / CURVE_POINTS;
        fprintf(out, "\n\n# curve %zu\n%.6g 0\n", k + 1, c->latency[0]);
        for (size_t i = step - 1; i < c->count; i += step)
            fprintf(out, "%.6g %.6g\n", c->latency[i], c->share[i]);
        if (c->count % step != 0)
            fprintf(out, "%.6g 1\n", c->latency[c->count - 1]);
        fprintf(out, "\n\n# marks %zu\n%.6g 0.5\n%.6g 0.99\n", k + 1, quantile(c, 0.5), quantile(c, 0.99));
    }
    return 0;
}

/* "c:threads py:async"; what: 0 the variant, 1 its runtime, 2 its model. */
static char *names(const struct distribution *d, int what)
{
    struct string_list words = {NULL, 0};
    int rc = 0;
    for (size_t k = 0; rc == 0 && k < d->count; k++) {
        const struct result_cell *c = d->curves[k].cell->cell;
        rc = what == 0 ? string_list_addf(&words, "%s:%s", c->runtime, c->model)
                       : string_list_add(&words, what == 1 ? c->runtime : c->model);
    }
    char *text = rc == 0 ? string_list_join(&words, " ") : NULL;
    string_list_free(&words);
    return text;
}

static char *alt(const struct distribution *d, const struct result_group *group)
{
    const struct curve *best = &d->curves[0];
    for (size_t k = 1; k < d->count; k++)
        if (quantile(&d->curves[k], 0.99) < quantile(best, 0.99))
            best = &d->curves[k];
    struct format a, b;
    return text_format(
        "%s, %s loop: the distribution of job latency of %zu variants; the lowest p99 is that of %s:%s, %s, "
        "with a p50 of %s",
        group->name, d->open ? "open" : "closed", d->count, best->cell->cell->runtime, best->cell->cell->model,
        format_time(&a, quantile(best, 0.99) / 1e3), format_time(&b, quantile(best, 0.5) / 1e3));
}

static char *subtitle(const struct distribution *d, const struct result_group *group)
{
    char *shape = format_shape(group);
    char *text = shape == NULL
                     ? NULL
                     : text_format("%s; %s loop: latency from %s to its end", shape, d->open ? "open" : "closed",
                                   d->open ? "when a job was due" : "a job's start");
    free(shape);
    return text;
}

static int latency_add(struct pictures *out, const struct picture_source *source, const struct result_group *group)
{
    struct distribution d;
    struct picture *p = NULL;
    if (!render_latency_speaks(group))
        return 0;
    int rc = distribution_make(&d, source, group);
    if (rc == 0 && d.count > 0) {
        p = pictures_add(out, source->summary, "latency", group);
        rc = p == NULL ? -ENOMEM : picture_take(&p->subtitle, subtitle(&d, group));
        if (rc == 0)
            rc = picture_set_data(p, print, &d);
        if (rc == 0)
            rc = picture_take(&p->settings,
                              text_format("curves=%zu; low=%.6g; high=%.6g", d.count, d.low / 1.2, d.high * 1.2));
        if (rc == 0)
            rc = picture_take(&p->alt, alt(&d, group));
        for (int i = 0; rc == 0 && i < 3; i++)
            rc = picture_take(&p->words[i], names(&d, i));
    }
    distribution_free(&d);
    return rc;
}

int picture_latency(struct pictures *out, const struct picture_source *source, struct error *err)
{
    (void)err;
    return pictures_each_group(out, source, latency_add);
}
