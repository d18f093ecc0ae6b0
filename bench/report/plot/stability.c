/* SPDX-License-Identifier: MIT */
/*
 * Every sample of a group in run order: a strip for each cell, in it a dot a round, at the whole command's time relative
 * to the cell's median. A strip's edge is STRIP_EDGE off; what lies beyond stands on the edge. Below, the ratio of each
 * sync to its A/A control, round by round, which must scatter about 1.
 *
 * The data: "samples" (round, y, place of the runtime); of them "outliers", "disturbed", "beyond" (round, y); "names"
 * (y, name); and "controls" (round, ratio, place of the runtime), with a gap between two runtimes.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/plot/rows.h"
#include "bench/stats/order.h"
#include "bench/util/text.h"

#define STRIP_EDGE 0.20 /* of the median */
#define STRIP_HALF 0.42 /* of the distance of two strips */
#define AXIS_SPACE 1.03

struct strip {
    const struct result_cell *cell;
    double median; /* of the whole command, in ns */
};

struct stability {
    const struct summary *summary;
    struct strip *strips; /* from the top */
    size_t count;
    int64_t rounds;
};

enum block { SAMPLES, OUTLIERS, DISTURBED, BEYOND, BLOCKS };
static const char *const block_names[BLOCKS] = {"samples", "outliers", "disturbed", "beyond"};

static int take_strip(struct stability *s, const struct result_cell *cell)
{
    double *times = calloc(cell->count, sizeof *times);
    int rc = times == NULL ? -ENOMEM : 0;
    for (size_t i = 0; rc == 0 && i < cell->count; i++)
        times[i] = (double)cell->samples[i].whole_ns;
    s->strips[s->count].cell = cell;
    if (rc == 0)
        rc = stats_median(times, cell->count, &s->strips[s->count++].median);
    free(times);
    s->rounds = cell->samples[cell->count - 1].round > s->rounds ? cell->samples[cell->count - 1].round : s->rounds;
    return rc;
}

/* The cells of the group that have samples, controls and copies too, by runtime. */
static int take_strips(struct stability *s, const struct plan_group *group, const struct string_list *runtimes)
{
    const struct results *r = s->summary->results;
    int rc = 0;
    s->strips = calloc(r->cell_count + 1, sizeof *s->strips);
    if (s->strips == NULL)
        return -ENOMEM;
    for (size_t k = 0; k < runtimes->count; k++)
        for (size_t i = 0; rc == 0 && i < r->cell_count; i++) {
            const struct result_cell *c = &r->cells[i];
            if (&r->groups[c->group] == group && c->count > 0 && strcmp(c->runtime, runtimes->items[k]) == 0)
                rc = take_strip(s, c);
        }
    return rc;
}

static bool is_outlier(const struct summary *summary, const struct result_cell *cell, int32_t round)
{
    for (size_t i = 0; i < summary->cell_count; i++)
        for (size_t k = 0; summary->cells[i].cell == cell && k < summary->cells[i].outlier_count; k++)
            if (summary->cells[i].outliers[k] == round)
                return true;
    return false;
}

static void put_samples(struct picture *p, const struct stability *s, enum block block)
{
    picture_block(p, "%s", block_names[block]);
    for (size_t k = 0; k < s->count; k++) {
        const struct result_cell *cell = s->strips[k].cell;
        for (const struct sample *sample = cell->samples; sample < cell->samples + cell->count; sample++) {
            const double offset = ((double)sample->whole_ns / s->strips[k].median - 1) / STRIP_EDGE;
            const double y = (double)(s->count - 1 - k) + STRIP_HALF * fmin(1, fmax(-1, offset));
            if (block == SAMPLES)
                picture_row(p, NULL, NULL, sample->round, y, (double)picture_runtime_place(cell->runtime));
            else if (block == OUTLIERS    ? is_outlier(s->summary, cell, sample->round)
                     : block == DISTURBED ? sample->disturbances != 0
                                          : fabs(offset) > 1)
                picture_row(p, NULL, NULL, sample->round, y);
        }
    }
}

static void put_names(struct picture *p, const struct stability *s)
{
    static const char *const roles[] = {
        [ROLE_MODEL] = "", [ROLE_CONTROL] = " (A/A control)", [ROLE_CAPACITY] = " (copies)"};
    picture_block(p, "names");
    for (size_t k = 0; k < s->count; k++) {
        struct picture_text name;
        snprintf(name.text, sizeof name.text, "%.160s%s", picture_variant(s->strips[k].cell).text,
                 roles[s->strips[k].cell->role]);
        picture_row(p, name.text, NULL, (double)(s->count - 1 - k));
    }
}

/* The rounds that both have. */
static void put_control(struct picture *p, const struct result_cell *base, const struct result_cell *control,
                        struct picture_axis *axis)
{
    picture_gap(p);
    for (size_t i = 0, k = 0; i < base->count && k < control->count; i++) {
        const struct sample *a = &base->samples[i];
        while (k < control->count && control->samples[k].round < a->round)
            k++;
        if (k == control->count || control->samples[k].round != a->round)
            continue;
        const double ratio = (double)a->whole_ns / (double)control->samples[k].whole_ns;
        picture_row(p, NULL, NULL, a->round, ratio, (double)picture_runtime_place(base->runtime));
        picture_stretch(axis, ratio);
    }
}

static void put_controls(struct picture *p, const struct stability *s, struct picture_axis *axis)
{
    picture_block(p, "controls");
    for (size_t k = 0; k < s->count; k++) {
        const struct result_cell *control = s->strips[k].cell;
        const struct result_cell *base = results_baseline(s->summary->results, control->group, control->runtime);
        if (control->role != ROLE_CONTROL || base == NULL)
            continue;
        put_control(p, base, control, axis);
        picture_append(p, &p->words[1], " ", "%s", control->runtime);
    }
}

static void put_picture(struct picture *p, const struct stability *s, const struct string_list *runtimes)
{
    struct picture_axis axis = {0.95, 1.05}; /* at least */
    size_t marked[BLOCKS] = {0};
    for (size_t k = 0; k < BLOCKS; k++) {
        put_samples(p, s, (enum block)k);
        marked[k] = p->rows;
    }
    put_names(p, s);
    put_controls(p, s, &axis);
    for (size_t i = 0; i < runtimes->count; i++)
        picture_append(p, &p->words[0], " ", "%s", runtimes->items[i]);
    picture_set(p, "rounds=%lld; edge=%.6g; low=%.6g; high=%.6g", (long long)s->rounds, STRIP_EDGE,
                axis.low / AXIS_SPACE, axis.high * AXIS_SPACE);
    picture_say(p, &p->alt,
                "%s: every sample of %zu cells over %lld rounds; %zu outliers, %zu disturbed samples, %zu more than "
                "%.0f%% off their median; the controls' ratios lie between %.3f and %.3f",
                p->group->name, s->count, (long long)s->rounds, marked[OUTLIERS], marked[DISTURBED], marked[BEYOND],
                100 * STRIP_EDGE, axis.low, axis.high);
}

void picture_stability(struct pictures *out, const struct picture_source *source, const struct plan_group *group)
{
    struct stability s = {.summary = source->summary};
    struct string_list runtimes = {NULL, 0};
    int rc = picture_names(&runtimes, source->summary, group, false);
    if (rc == 0)
        rc = take_strips(&s, group, &runtimes);
    struct picture *p = rc == 0 && s.count > 0 ? picture_add(out, source->summary, "stability", group, NULL) : NULL;
    if (p != NULL)
        put_picture(p, &s, &runtimes);
    out->rc = rc != 0 ? rc : out->rc;
    free(s.strips);
    string_list_free(&runtimes);
}
