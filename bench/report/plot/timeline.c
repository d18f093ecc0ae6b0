/* SPDX-License-Identifier: MIT */
/*
 * Who ran when: the jobs of the round with the median time as lines from start to end, in lanes; the models of one
 * runtime under one another on one time axis. A lane is a worker's where the model has workers that stay; jobs that
 * overlap in one worker (an event loop's), or that have a worker each, get as many lanes as there are in flight at once.
 *
 * The data: "jobs K" (start, y, length, 0; milliseconds since the gate) for each model K from 1, "names" (y, model) and
 * "bounds" (y between two models).
 */
#include "bench/report/plot/pictures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/store/job_samples.h"
#include "bench/util/text.h"

#define MS          1e-3 /* of a microsecond */
#define SHORT_LANES 6    /* so many have the full height; more are thinner */

struct model_lanes {
    const struct summary_cell *cell;
    struct job_rows rows;
    size_t *lane; /* of each row */
    size_t lanes;
    double bottom, height; /* of the model's part of the axis; lane i of n stands in it */
};

struct timeline {
    const struct summary *summary;
    const struct plan_group *group;
    const char *runtime;
    struct model_lanes *models;
    size_t count;
    double end, top; /* of the axes */
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
    double *busy = calloc(m->rows.count + 1, sizeof *busy); /* until when each lane is taken */
    m->lane = calloc(m->rows.count + 1, sizeof *m->lane);
    if (busy == NULL || m->lane == NULL) {
        free(busy);
        return -ENOMEM;
    }
    qsort(m->rows.rows, m->rows.count, sizeof *m->rows.rows, by_start);
    for (size_t i = 0; i < m->rows.count; i++) {
        const size_t lane = free_lane(busy, m->lanes, &m->rows.rows[i]);
        m->lanes += lane == m->lanes;
        m->lane[i] = lane;
        busy[lane] = m->rows.rows[i].end;
    }
    free(busy);
    return 0;
}

static int take_model(struct timeline *t, const char *run_dir, const struct summary_cell *cell)
{
    struct model_lanes *m = &t->models[t->count];
    *m = (struct model_lanes){.cell = cell};
    const size_t index = (size_t)(cell->cell - t->summary->results->cells);
    const int rc = cell->verified ? jobs_read(run_dir, index, cell->median_round, &m->rows) : -ENOENT;
    if (rc != 0) /* an older run, or a file cut short or not to be read: there is no picture of it */
        return rc == -ENOMEM ? rc : 0;
    t->count++;
    t->every = m->rows.every > t->every ? m->rows.every : t->every;
    for (size_t i = 0; i < m->rows.count; i++)
        t->end = fmax(t->end, m->rows.rows[i].end * MS);
    return find_lanes(m);
}

/* From the top down; a model's part is as high as its lanes, up to a limit. */
static void place_models(struct timeline *t)
{
    for (size_t k = t->count; k-- > 0;) {
        struct model_lanes *m = &t->models[k];
        m->bottom = t->top;
        m->height = m->lanes < SHORT_LANES ? fmax(2, (double)m->lanes) : SHORT_LANES;
        t->top += m->height + 0.8;
    }
}

static int timeline_make(struct timeline *t, const char *run_dir)
{
    t->models = calloc(t->summary->cell_count + 1, sizeof *t->models);
    int rc = t->models == NULL ? -ENOMEM : 0;
    for (size_t i = 0; rc == 0 && i < t->summary->cell_count; i++) {
        const struct summary_cell *c = &t->summary->cells[i];
        if (c->group == t->group && strcmp(c->cell->runtime, t->runtime) == 0)
            rc = take_model(t, run_dir, c);
    }
    if (rc == 0)
        place_models(t);
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

static int print(const void *what, FILE *out)
{
    const struct timeline *t = what;
    for (size_t k = 0; k < t->count; k++) {
        const struct model_lanes *m = &t->models[k];
        fprintf(out, "\n\n# jobs %zu\n", k + 1);
        for (size_t i = 0; i < m->rows.count; i++) {
            const struct job_row *row = &m->rows.rows[i];
            const double y = m->bottom + m->height * (1 - ((double)m->lane[i] + 0.5) / (double)m->lanes);
            fprintf(out, "%.6g %.4f %.6g 0\n", row->start * MS, y, (row->end - row->start) * MS);
        }
    }
    fputs("\n\n# names\n", out);
    for (size_t k = 0; k < t->count; k++) {
        fprintf(out, "%.4f ", t->models[k].bottom + t->models[k].height / 2);
        picture_put_name(out, t->models[k].cell->cell->model);
        fputc('\n', out);
    }
    fputs("\n\n# bounds\n", out);
    for (size_t k = 0; k < t->count; k++)
        fprintf(out, "%.4f\n", t->models[k].bottom - 0.4);
    return 0;
}

/* lane_1=0.5; the height of a lane in rows, for each model. */
static void put_height(const void *what, size_t k, FILE *out)
{
    const struct model_lanes *m = &((const struct timeline *)what)->models[k];
    fprintf(out, "; lane_%zu=%.6g", k + 1, m->height / (double)m->lanes);
}

static char *settings(const struct timeline *t)
{
    int longest = 0;
    for (size_t k = 0; k < t->count; k++) {
        const int columns = format_columns(t->models[k].cell->cell->model);
        longest = columns > longest ? columns : longest;
    }
    char *heights = picture_join(put_height, t, t->count, "");
    char *text = heights == NULL ? NULL
                                 : text_format("models=%zu; longest=%d; end=%.6g; top=%.6g%s", t->count, longest,
                                               t->end, t->top, heights);
    free(heights);
    return text;
}

static char *alt(const struct timeline *t)
{
    const struct model_lanes *most = &t->models[0];
    for (size_t k = 1; k < t->count; k++)
        if (t->models[k].lanes > most->lanes)
            most = &t->models[k];
    return text_format("%s, %s: when each job ran, model by model; %s had the most at once, %zu", t->group->name,
                       t->runtime, most->cell->cell->model, most->lanes);
}

static char *subtitle(const struct timeline *t)
{
    char *shape = format_shape(t->group);
    char *text = shape == NULL ? NULL
                               : text_format("%s: %s; the round with the median time%s", t->runtime, shape,
                                             t->every > 1 ? "; not every job is shown" : "");
    free(shape);
    return text;
}

static int picture_add(struct pictures *out, const struct timeline *t)
{
    struct picture *p = pictures_add(out, t->summary, "timeline", t->group);
    if (p == NULL)
        return -ENOMEM;
    picture_take(p, &p->subtitle, subtitle(t));
    picture_take(p, &p->stem, text_format("%s-%s", p->stem, t->runtime));
    picture_set_data(p, "timeline.c", print, t);
    picture_take(p, &p->settings, settings(t));
    picture_take(p, &p->alt, alt(t));
    picture_take(p, &p->words[0], text_format("%s", t->runtime));
    return p->rc;
}

static int runtime_add(struct pictures *out, const struct picture_source *source, const struct plan_group *group,
                       const char *runtime)
{
    struct timeline t = {.summary = source->summary, .group = group, .runtime = runtime};
    int rc = timeline_make(&t, source->run_dir);
    if (rc == 0 && t.count > 0)
        rc = picture_add(out, &t);
    timeline_free(&t);
    return rc;
}

static int group_add(struct pictures *out, const struct picture_source *source, const struct plan_group *group)
{
    char *runtimes = picture_runtimes(source->summary, group);
    int rc = runtimes == NULL ? -ENOMEM : 0;
    for (char *rest = runtimes, *word; rc == 0 && (word = strtok_r(rest, " ", &rest)) != NULL;)
        rc = runtime_add(out, source, group, word);
    free(runtimes);
    return rc;
}

int picture_timeline(struct pictures *out, const struct picture_source *source, struct error *err)
{
    (void)err;
    return pictures_each_group(out, source, group_add);
}
