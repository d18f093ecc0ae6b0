/* SPDX-License-Identifier: MIT */
/*
 * The square of a group: a tile for each runtime and model with its ratio, coloured by how far it is from 1. The panel
 * "own" is what the model buys (over the runtime's own sync), "base" what language and model buy together.
 *
 * The data: "P tiles" (x, y, log2 of the ratio, label), "P gaps" (x, y, why there is none) for each panel P, and "models"
 * (x, name), "runtimes" (y, name).
 */
#include "bench/report/plot/pictures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/util/text.h"

struct square {
    const struct summary *summary;
    const struct plan_group *group;
    struct string_list runtimes, models; /* in the order they are shown */
    enum ratio_time time[RATIO_BASES];
    size_t tiles[RATIO_BASES], gaps[RATIO_BASES];
    double reach[RATIO_BASES]; /* the furthest from 1, in powers of 2 */
};

static const char *const panel_names[RATIO_BASES] = {[RATIO_OWN_SYNC] = "own", [RATIO_PY_SYNC] = "base"};

static size_t place_of(const struct string_list *words, const char *word)
{
    size_t i = 0;
    while (i < words->count && strcmp(words->items[i], word) != 0)
        i++;
    return i;
}

static int find_names(struct square *s)
{
    char *runtimes = picture_runtimes(s->summary, s->group);
    int rc = runtimes == NULL ? -ENOMEM : 0;
    for (char *rest = runtimes, *word; rc == 0 && (word = strtok_r(rest, " ", &rest)) != NULL;)
        rc = string_list_add(&s->runtimes, word);
    for (size_t i = 0; rc == 0 && i < s->summary->cell_count; i++) {
        const struct summary_cell *c = &s->summary->cells[i];
        if (c->group == s->group && !string_list_have(&s->models, c->cell->model))
            rc = string_list_add(&s->models, c->cell->model);
    }
    free(runtimes);
    return rc;
}

static bool any_known(const struct square *s, enum ratio_time time, enum ratio_base base)
{
    for (size_t i = 0; i < s->summary->cell_count; i++) {
        const struct ratio *r = &s->summary->cells[i].speedup[time][base];
        if (s->summary->cells[i].group == s->group && ratio_known(r) && r->state != RATIO_SELF)
            return true;
    }
    return false;
}

static void measure(struct square *s, enum ratio_base base)
{
    /* The work shows the model alone; where it is too short for a ratio the whole command is what there is. */
    s->time[base] = any_known(s, RATIO_WORK, base) ? RATIO_WORK : RATIO_WHOLE;
    for (size_t i = 0; i < s->summary->cell_count; i++) {
        const struct summary_cell *c = &s->summary->cells[i];
        const struct ratio *r = &c->speedup[s->time[base]][base];
        if (c->group != s->group)
            continue;
        if (!ratio_known(r)) {
            s->gaps[base]++;
            continue;
        }
        s->tiles[base]++;
        s->reach[base] = fmax(s->reach[base], fabs(log2(r->ratio)));
    }
    s->reach[base] = fmax(s->reach[base], 0.5); /* noise must not look like a difference */
}

static void put_tiles(const struct square *s, enum ratio_base base, bool known, FILE *out)
{
    fprintf(out, "\n\n# %s %s\n", panel_names[base], known ? "tiles" : "gaps");
    for (size_t i = 0; i < s->summary->cell_count; i++) {
        const struct summary_cell *c = &s->summary->cells[i];
        const struct ratio *r = &c->speedup[s->time[base]][base];
        if (c->group != s->group || ratio_known(r) != known)
            continue;
        const size_t y = s->runtimes.count - 1 - place_of(&s->runtimes, c->cell->runtime);
        fprintf(out, "%zu %zu ", place_of(&s->models, c->cell->model), y);
        struct format f;
        if (known)
            fprintf(out, "%.6g \"%s%s\"\n", log2(r->ratio), r->unresolved ? "≈" : "", format_ratio(&f, r->ratio));
        else {
            picture_put_name(out, c->verified ? format_ratio_state(r->state) : "failed");
            fputc('\n', out);
        }
    }
}

static void put_names(const struct string_list *words, const char *title, bool from_below, FILE *out)
{
    fprintf(out, "\n\n# %s\n", title);
    for (size_t i = 0; i < words->count; i++) {
        fprintf(out, "%zu ", from_below ? words->count - 1 - i : i);
        picture_put_name(out, words->items[i]);
        fputc('\n', out);
    }
}

static int print(const void *what, FILE *out)
{
    const struct square *s = what;
    for (size_t b = 0; b < RATIO_BASES; b++) {
        if (s->tiles[b] > 0)
            put_tiles(s, (enum ratio_base)b, true, out);
        if (s->gaps[b] > 0)
            put_tiles(s, (enum ratio_base)b, false, out);
    }
    put_names(&s->models, "models", false, out);
    put_names(&s->runtimes, "runtimes", true, out);
    return 0;
}

static int longest_of(const struct string_list *words)
{
    int longest = 0;
    for (size_t i = 0; i < words->count; i++)
        longest = format_columns(words->items[i]) > longest ? format_columns(words->items[i]) : longest;
    return longest;
}

static char *settings(const struct square *s)
{
    return text_format("columns=%zu; rows=%zu; longest=%d; own_tiles=%zu; own_gaps=%zu; own_reach=%.6g; own_work=%d; "
                       "base_tiles=%zu; base_gaps=%zu; base_reach=%.6g; base_work=%d",
                       s->models.count, s->runtimes.count, longest_of(&s->models), s->tiles[0], s->gaps[0], s->reach[0],
                       s->time[0] == RATIO_WORK, s->tiles[1], s->gaps[1], s->reach[1], s->time[1] == RATIO_WORK);
}

/* "distance: a tile for each of 4 runtimes and 7 models; over its own sync from 0.64x (ext:processes) to 2.10x (...)". */
static char *alt(const struct square *s)
{
    const struct summary_cell *low = NULL, *high = NULL;
    const enum ratio_time time = s->time[RATIO_OWN_SYNC];
    for (size_t i = 0; i < s->summary->cell_count; i++) {
        const struct summary_cell *c = &s->summary->cells[i];
        const struct ratio *r = &c->speedup[time][RATIO_OWN_SYNC];
        if (c->group != s->group || !ratio_known(r) || r->state == RATIO_SELF)
            continue;
        low = low == NULL || r->ratio < low->speedup[time][RATIO_OWN_SYNC].ratio ? c : low;
        high = high == NULL || r->ratio > high->speedup[time][RATIO_OWN_SYNC].ratio ? c : high;
    }
    if (low == NULL)
        return text_format("%s: no model has a speedup to show", s->group->name);
    struct format a, b;
    return text_format(
        "%s: a tile for each of %zu runtimes and %zu models; over its own sync from %s (%s:%s) to %s (%s:%s)",
        s->group->name, s->runtimes.count, s->models.count, format_ratio(&a, low->speedup[time][RATIO_OWN_SYNC].ratio),
        low->cell->runtime, low->cell->model, format_ratio(&b, high->speedup[time][RATIO_OWN_SYNC].ratio),
        high->cell->runtime, high->cell->model);
}

static int square_add(struct pictures *out, const struct picture_source *source, const struct plan_group *group)
{
    const struct summary *summary = source->summary;
    struct square s = {.summary = summary, .group = group};
    int rc = find_names(&s);
    for (size_t b = 0; rc == 0 && b < RATIO_BASES; b++)
        measure(&s, (enum ratio_base)b);
    struct picture *p = rc == 0 ? pictures_add(out, summary, "square", group) : NULL;
    if (p != NULL) {
        picture_set_data(p, "square.c", print, &s);
        picture_take(p, &p->settings, settings(&s));
        picture_take(p, &p->alt, alt(&s));
        p->empty = s.tiles[RATIO_OWN_SYNC] == 0 && s.tiles[RATIO_PY_SYNC] == 0;
    }
    rc = rc != 0 ? rc : p == NULL ? -ENOMEM : p->rc;
    string_list_free(&s.runtimes);
    string_list_free(&s.models);
    return rc;
}

int picture_square(struct pictures *out, const struct picture_source *source, struct error *err)
{
    (void)err;
    return pictures_each_group(out, source, square_add);
}
