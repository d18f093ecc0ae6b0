/* SPDX-License-Identifier: MIT */
/*
 * Who ran when: the jobs of the round with the median time as bars from start to end, in lanes; the models of one
 * runtime under one another on one time axis. A lane is a worker's where the model has workers that stay; jobs that
 * overlap in one worker (an event loop's), or that have a worker each, get as many lanes as there are in flight at once.
 *
 * Jobs of threads that take turns overlap all the same, each as long as both: so a bar is solid for as long as a job takes
 * under sync, and pale for what it takes longer.
 *
 * The data, for each model K from 1: "jobs_K" and "longer_K" (start, y, length, 0; milliseconds since the gate); "names"
 * (y, model, how long its jobs take beside sync's, by the medians) and "bounds" (y between two models).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/plot/rows.h"
#include "bench/stats/order.h"
#include "bench/store/job_samples.h"
#include "bench/util/text.h"

#define MS          1e-3 /* of a microsecond */
#define SHORT_LANES 6    /* so many have the full height; more are thinner */
#define MODEL_GAP   0.8  /* in lanes */
#define LONGER      1.05 /* less beyond sync's is no difference to be seen */

struct model_lanes {
    const struct summary_cell *cell;
    struct job_rows rows;
    size_t *lane; /* of each row */
    size_t lanes;
    double bottom, height; /* of the model's part of the axis; lane i of n stands in it */
    double job;            /* the median of its jobs' lengths */
};

struct timeline {
    struct model_lanes *models;
    size_t count;
    double end, top; /* of the axes */
    double alone;    /* how long a job takes under sync; NaN: not known */
    int64_t every;   /* the most that a model's jobs were thinned */
};

static int by_start(const void *a, const void *b)
{
    const struct job_row *x = a, *y = b;
    if (x->start < y->start || x->start > y->start)
        return x->start < y->start ? -1 : 1;
    return x->job < y->job ? -1 : x->job > y->job;
}

/* The first lane that is free at `start`: its own worker's where that is one, else the lowest. */
static size_t free_lane(const double *busy, size_t lanes, const struct job_row *row)
{
    if (row->worker >= 0 && (size_t)row->worker < lanes && busy[row->worker] <= row->start)
        return (size_t)row->worker;
    for (size_t i = 0; i < lanes; i++)
        if (busy[i] <= row->start)
            return i;
    return lanes;
}

static int find_lanes(struct model_lanes *m)
{
    double *busy = calloc(m->rows.count + 1, sizeof *busy); /* until when each lane is taken; then the jobs' lengths */
    m->lane = calloc(m->rows.count + 1, sizeof *m->lane);
    int rc = busy == NULL || m->lane == NULL ? -ENOMEM : 0;
    qsort(m->rows.rows, m->rows.count, sizeof *m->rows.rows, by_start);
    for (size_t i = 0; rc == 0 && i < m->rows.count; i++) {
        const size_t lane = free_lane(busy, m->lanes, &m->rows.rows[i]);
        m->lanes += lane == m->lanes;
        m->lane[i] = lane;
        busy[lane] = m->rows.rows[i].end;
    }
    for (size_t i = 0; rc == 0 && i < m->rows.count; i++)
        busy[i] = m->rows.rows[i].end - m->rows.rows[i].start;
    m->job = NAN;
    if (rc == 0 && stats_median(busy, m->rows.count, &m->job) == -ENOMEM)
        rc = -ENOMEM;
    free(busy);
    return rc;
}

static int take_model(struct timeline *t, const struct picture_source *source, const struct summary_cell *cell)
{
    struct model_lanes *m = &t->models[t->count];
    *m = (struct model_lanes){.cell = cell};
    const size_t index = (size_t)(cell->cell - source->summary->results->cells);
    int rc = jobs_read(source->run_dir, index, cell->median_round, &m->rows);
    if (rc != 0) /* an older run, or a file cut short or not to be read: there is no picture of it */
        return rc == -ENOMEM ? rc : 0;
    t->count++;
    t->every = m->rows.every > t->every ? m->rows.every : t->every;
    for (size_t i = 0; i < m->rows.count; i++)
        t->end = fmax(t->end, m->rows.rows[i].end * MS);
    rc = find_lanes(m);
    if (cell->cell->baseline)
        t->alone = m->job;
    return rc;
}

static int take_models(struct timeline *t, const struct picture_source *source, const struct plan_group *group,
                       const char *runtime)
{
    const struct summary *summary = source->summary;
    t->models = calloc(summary->cell_count + 1, sizeof *t->models);
    int rc = t->models == NULL ? -ENOMEM : 0;
    for (const struct summary_cell *c = NULL; rc == 0 && (c = picture_next(summary, group, c)) != NULL;)
        if (c->verified && strcmp(c->cell->runtime, runtime) == 0)
            rc = take_model(t, source, c);
    /* From the top down; a model's part is as high as its lanes, up to a limit. */
    for (size_t k = t->count; k-- > 0;) {
        struct model_lanes *m = &t->models[k];
        m->bottom = t->top;
        m->height = m->lanes < SHORT_LANES ? fmax(2, (double)m->lanes) : SHORT_LANES;
        t->top += m->height + MODEL_GAP;
    }
    return rc;
}

static void timeline_free(struct timeline *t)
{
    for (size_t k = 0; k < t->count; k++) {
        jobs_free(&t->models[k].rows);
        free(t->models[k].lane);
    }
    free(t->models);
}

/* -- the picture ------------------------------------------------------------------------------------------------------ */

/* Of each job as much as it takes under sync, or (`longer`) the rest. */
static void put_jobs(struct picture *p, const struct timeline *t, size_t k, bool longer)
{
    const struct model_lanes *m = &t->models[k];
    picture_block(p, longer ? "longer_%zu" : "jobs_%zu", k + 1);
    for (size_t i = 0; i < m->rows.count; i++) {
        const struct job_row *row = &m->rows.rows[i];
        const double y = m->bottom + m->height * (1 - ((double)m->lane[i] + 0.5) / (double)m->lanes);
        const double whole = row->end - row->start,
                     solid = !m->cell->cell->baseline && whole > LONGER * t->alone ? t->alone : whole;
        if (!longer)
            picture_row(p, NULL, NULL, row->start * MS, y, solid * MS, 0);
        else if (whole > solid)
            picture_row(p, NULL, NULL, (row->start + solid) * MS, y, (whole - solid) * MS, 0);
    }
}

static void put_models(struct picture *p, const struct timeline *t)
{
    int longest = 0;
    for (size_t k = 0; k < 2 * t->count; k++)
        put_jobs(p, t, k / 2, k % 2 == 1);
    picture_block(p, "names");
    for (size_t k = 0; k < t->count; k++) {
        const struct model_lanes *m = &t->models[k];
        struct format label = {""}, ratio;
        if (isfinite(t->alone) && !m->cell->cell->baseline)
            snprintf(label.text, sizeof label.text, "%.20s as long", format_ratio(&ratio, m->job / t->alone));
        const int columns = format_columns(m->cell->cell->model);
        longest = columns > longest ? columns : longest;
        picture_row(p, m->cell->cell->model, label.text, m->bottom + m->height / 2);
        picture_set(p, "lane_%zu=%.6g", k + 1, m->height / (double)m->lanes); /* the height of one */
    }
    picture_block(p, "bounds");
    for (size_t k = 0; k < t->count; k++)
        picture_row(p, NULL, NULL, t->models[k].bottom - MODEL_GAP / 2);
    picture_set(p, "models=%zu; longest=%d; end=%.6g; top=%.6g", t->count, longest, t->end, t->top);
}

static void say(struct picture *p, const struct timeline *t, const char *runtime)
{
    const struct model_lanes *most = &t->models[0];
    char *shape = format_shape(p->group);
    for (size_t k = 1; k < t->count; k++)
        if (t->models[k].lanes > most->lanes)
            most = &t->models[k];
    picture_say(p, &p->words[0], "%s", runtime);
    picture_say(
        p, &p->subtitle,
        "%s: %s; median round%s. Solid: a job's time under sync; pale: what it takes longer, such as by taking turns",
        runtime, shape != NULL ? shape : "", t->every > 1 ? ", not every job" : "");
    picture_say(p, &p->alt, "%s, %s: when each job ran, model by model; %s had the most at once, %zu", p->group->name,
                runtime, most->cell->cell->model, most->lanes);
    free(shape);
}

void picture_timeline(struct pictures *out, const struct picture_source *source, const struct plan_group *group)
{
    struct string_list runtimes = {NULL, 0};
    int rc = picture_names(&runtimes, source->summary, group, false);
    for (size_t i = 0; rc == 0 && i < runtimes.count; i++) {
        struct timeline t = {.alone = NAN};
        rc = take_models(&t, source, group, runtimes.items[i]);
        struct picture_text name;
        snprintf(name.text, sizeof name.text, "%.80s-%.20s", group->name, runtimes.items[i]);
        struct picture *p = rc == 0 && t.count > 0 ? picture_add(out, source->summary, "timeline", group, name.text)
                                                   : NULL;
        if (p != NULL) {
            put_models(p, &t);
            say(p, &t, runtimes.items[i]);
        }
        timeline_free(&t);
    }
    out->rc = rc != 0 ? rc : out->rc;
    string_list_free(&runtimes);
}
