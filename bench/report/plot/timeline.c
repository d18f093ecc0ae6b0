/* SPDX-License-Identifier: MIT */
/*
 * Who ran when: the jobs of the round with the median time as bars from start to end, in lanes; the models of one
 * runtime under one another on one time axis. A lane is a worker's where the model has workers that stay; jobs that
 * overlap in one worker (an event loop's), or that have a worker each, get as many lanes as there are in flight at once.
 *
 * Jobs of threads that take turns overlap all the same, each as long as both: so a bar is solid for as long as a job takes
 * under sync, and pale for what it takes longer, and where it waited for a lock at least for so long.
 *
 * The data, for each model K from 1: "jobs_K" (start, y, length under sync, how much longer or NaN; milliseconds since the
 * gate); "names" (y, model, how long its jobs take beside sync's, by the medians) and "bounds" (y between two models).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/plot/picture.h"
#include "bench/stats/order.h"
#include "bench/store/job_samples.h"
#include "bench/util/alloc.h"
#include "bench/util/text.h"

#define MS          1e-3 /* of a microsecond */
#define SHORT_LANES 6    /* so many have the full height; more are thinner */
#define MODEL_GAP   0.8  /* in lanes */
#define LONGER      1.05 /* less beyond sync's is no difference to be seen */

struct model_lanes {
    const struct result_cell *cell;
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
    bool waited;     /* some job did, for a connection or a lock */
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

static void find_lanes(struct model_lanes *m)
{
    double *busy = xcalloc(m->rows.count, sizeof *busy); /* until when each lane is taken; then the jobs' lengths */
    m->lane = xcalloc(m->rows.count, sizeof *m->lane);
    qsort(m->rows.rows, m->rows.count, sizeof *m->rows.rows, by_start);
    for (size_t i = 0; i < m->rows.count; i++) {
        m->lane[i] = free_lane(busy, m->lanes, &m->rows.rows[i]);
        m->lanes += m->lane[i] == m->lanes;
        busy[m->lane[i]] = m->rows.rows[i].end;
    }
    for (size_t i = 0; i < m->rows.count; i++)
        busy[i] = m->rows.rows[i].end - m->rows.rows[i].start;
    m->job = NAN;
    stats_median(busy, m->rows.count, &m->job);
    free(busy);
}

/* Of an older run, or of a file cut short or not to be read, there is no picture. */
static void take_model(struct timeline *t, const struct picture_source *source, const struct summary_cell *cell)
{
    struct model_lanes *m = &t->models[t->count];
    *m = (struct model_lanes){.cell = cell->cell};
    const size_t index = (size_t)(cell->cell - source->summary->results->cells);
    if (jobs_read(source->run_dir, index, cell->median_round, &m->rows) != 0)
        return;
    t->count++;
    t->every = m->rows.every > t->every ? m->rows.every : t->every;
    for (size_t i = 0; i < m->rows.count; i++) {
        t->end = fmax(t->end, m->rows.rows[i].end * MS);
        t->waited |= m->rows.rows[i].waited > 0;
    }
    find_lanes(m);
    if (cell->cell->baseline)
        t->alone = m->job;
}

static void take_models(struct timeline *t, const struct picture_source *source, const struct plan_group *group,
                        const char *runtime)
{
    const struct summary *summary = source->summary;
    t->models = xcalloc(summary->cell_count, sizeof *t->models);
    for (const struct summary_cell *c = NULL; (c = picture_next(summary, group, c)) != NULL;)
        if (c->verified && strcmp(c->cell->runtime, runtime) == 0)
            take_model(t, source, c);
    /* From the top down; a model's part is as high as its lanes, up to a limit. */
    for (size_t k = t->count; k-- > 0;) {
        struct model_lanes *m = &t->models[k];
        m->bottom = t->top;
        m->height = m->lanes < SHORT_LANES ? fmax(2, (double)m->lanes) : SHORT_LANES;
        t->top += m->height + MODEL_GAP;
    }
}

static void timeline_free(struct timeline *t)
{
    for (size_t k = 0; k < t->count; k++) {
        jobs_free(&t->models[k].rows);
        free(t->models[k].lane);
    }
    free(t->models);
}

static void put_jobs(struct picture *p, const struct timeline *t, const struct model_lanes *m)
{
    for (size_t i = 0; i < m->rows.count; i++) {
        const struct job_row *row = &m->rows.rows[i];
        const double y = m->bottom + m->height * (1 - ((double)m->lane[i] + 0.5) / (double)m->lanes);
        const double whole = row->end - row->start;
        const double longer = !m->cell->baseline && whole > LONGER * t->alone ? whole - t->alone : 0;
        const double pale = fmin(whole, fmax(longer, row->waited));
        picture_row(p, NULL, NULL, row->start * MS, y, (whole - pale) * MS, pale > 0 ? pale * MS : NAN);
    }
}

static void put_models(struct picture *p, const struct timeline *t)
{
    for (size_t k = 0; k < t->count; k++) {
        picture_block(p, "jobs_%zu", k + 1);
        put_jobs(p, t, &t->models[k]);
        picture_set(p, "lane_%zu=%.6g", k + 1,
                    t->models[k].height / (double)t->models[k].lanes); /* the height of one */
    }
    picture_block(p, "names");
    for (const struct model_lanes *m = t->models; m != NULL && m < t->models + t->count; m++) {
        struct format label = {""}, ratio;
        if (isfinite(t->alone) && !m->cell->baseline)
            snprintf(label.text, sizeof label.text, "%.20s as long", format_ratio(&ratio, m->job / t->alone));
        picture_row(p, m->cell->model, label.text, m->bottom + m->height / 2);
    }
    picture_block(p, "bounds");
    for (size_t k = 0; k < t->count; k++)
        picture_row(p, NULL, NULL, t->models[k].bottom - MODEL_GAP / 2);
    picture_set(p, "models=%zu; end=%.6g; top=%.6g", t->count, t->end, t->top);
}

static void say(struct picture *p, const struct timeline *t, const char *runtime)
{
    const struct model_lanes *most = &t->models[0];
    char *shape = format_shape(p->group);
    for (size_t k = 1; k < t->count; k++)
        if (t->models[k].lanes > most->lanes)
            most = &t->models[k];
    picture_say(&p->words[0], "%s", runtime);
    picture_say(
        &p->subtitle,
        "%s: %s; median round%s. Solid: a job's time under %s; pale: what it takes longer, such as by taking turns%s",
        runtime, shape, t->every > 1 ? ", not every job" : "", plan_baseline(p->group), t->waited ? ", or waits" : "");
    picture_say(&p->alt, "%s, %s: when each job ran, model by model; %s had the most at once, %zu", p->group->name,
                runtime, most->cell->model, most->lanes);
    free(shape);
}

void picture_timeline(struct pictures *out, const struct plan_group *group)
{
    struct string_list runtimes = picture_names(out->source->summary, group, false);
    for (size_t i = 0; i < runtimes.count; i++) {
        struct timeline t = {.alone = NAN};
        take_models(&t, out->source, group, runtimes.items[i]);
        if (t.count > 0) {
            char *name = text_format("%.80s-%.20s", group->name, runtimes.items[i]);
            struct picture *p = picture_add(out, "timeline", group, name);
            put_models(p, &t);
            say(p, &t, runtimes.items[i]);
            free(name);
        }
        timeline_free(&t);
    }
    string_list_free(&runtimes);
}
