/* SPDX-License-Identifier: MIT */
/*
 * Where the time of a variant goes: a bar from the start of the command to its end, cut into start (exec to main's
 * clock), ready (to the opening of the gate), work (to the end of the last job) and end. Medians of the durations, as
 * shares of their sum, which stands beside: a command in C is over before one in Python has started, and all bars have
 * one axis.
 *
 * The data: "bars R" for each runtime R (y, then the five boundaries in percent, then the total as text) and "names
 * R" (y, name).
 */
#include "bench/report/plot/pictures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/util/text.h"

struct phases {
    const struct summary *summary;
    const struct plan_group *group;
    struct string_list runtimes;
};

static double total_of(const struct summary_cell *c)
{
    double sum = 0;
    for (size_t i = 0; i < PHASES; i++)
        sum += fmax(0, c->phase_s[i]);
    return sum;
}

static bool has_phases(const struct summary_cell *c)
{
    for (size_t i = 0; i < PHASES; i++)
        if (!isfinite(c->phase_s[i]))
            return false;
    return c->verified && c->rounds > 0 && total_of(c) > 0;
}

static bool belongs(const struct phases *p, const struct summary_cell *c, const char *runtime)
{
    return c->group == p->group && strcmp(c->cell->runtime, runtime) == 0 && has_phases(c);
}

static size_t rows_of(const struct phases *p, const char *runtime)
{
    size_t rows = 0;
    for (size_t i = 0; i < p->summary->cell_count; i++)
        rows += belongs(p, &p->summary->cells[i], runtime);
    return rows;
}

static int find_runtimes(struct phases *p)
{
    char *all = picture_runtimes(p->summary, p->group);
    int rc = all == NULL ? -ENOMEM : 0;
    for (char *rest = all, *word; rc == 0 && (word = strtok_r(rest, " ", &rest)) != NULL;)
        if (rows_of(p, word) > 0)
            rc = string_list_add(&p->runtimes, word);
    free(all);
    return rc;
}

static void put_bars(const struct phases *p, const char *runtime, FILE *out)
{
    size_t y = rows_of(p, runtime);
    fprintf(out, "\n\n# bars %s\n", runtime);
    for (size_t i = 0; i < p->summary->cell_count; i++) {
        const struct summary_cell *c = &p->summary->cells[i];
        if (!belongs(p, c, runtime))
            continue;
        double at = 0;
        struct format f;
        const double total = total_of(c);
        fprintf(out, "%zu 0", --y);
        for (size_t k = 0; k < PHASES; k++)
            fprintf(out, " %.6g", 100 * (at += fmax(0, c->phase_s[k])) / total);
        fprintf(out, " \"%s\"\n", format_time(&f, total));
    }
}

static void put_names(const struct phases *p, const char *runtime, FILE *out)
{
    size_t y = rows_of(p, runtime);
    fprintf(out, "\n\n# names %s\n", runtime);
    for (size_t i = 0; i < p->summary->cell_count; i++)
        if (belongs(p, &p->summary->cells[i], runtime)) {
            fprintf(out, "%zu ", --y);
            picture_put_name(out, p->summary->cells[i].cell->model);
            fputc('\n', out);
        }
}

static int print(const void *what, FILE *out)
{
    const struct phases *p = what;
    for (size_t r = 0; r < p->runtimes.count; r++) {
        put_bars(p, p->runtimes.items[r], out);
        put_names(p, p->runtimes.items[r], out);
    }
    return 0;
}

/* "; rows_1=6" */
static void put_rows(const void *what, size_t r, FILE *out)
{
    const struct phases *p = what;
    fprintf(out, "; rows_%zu=%zu", r + 1, rows_of(p, p->runtimes.items[r]));
}

/* The rows of each runtime, and the longest name of all. */
static char *settings(const struct phases *p)
{
    int longest = 0;
    for (size_t i = 0; i < p->summary->cell_count; i++)
        if (p->summary->cells[i].group == p->group) {
            const int columns = format_columns(p->summary->cells[i].cell->model);
            longest = columns > longest ? columns : longest;
        }
    char *rows = picture_join(put_rows, p, p->runtimes.count, "");
    char *text = rows == NULL ? NULL : text_format("runtimes=%zu; longest=%d%s", p->runtimes.count, longest, rows);
    free(rows);
    return text;
}

/* "distance: where each variant's time goes; c:sync spends 89% of it working, py:async 81%": the extremes. */
static char *alt(const struct phases *p)
{
    const struct summary_cell *least = NULL, *most = NULL;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < p->summary->cell_count; i++) {
        const struct summary_cell *c = &p->summary->cells[i];
        if (c->group != p->group || !has_phases(c) || !(total_of(c) > 0))
            continue;
        const double share = c->phase_s[PHASE_WORK] / total_of(c);
        if (share < low) {
            low = share;
            least = c;
        }
        if (share > high) {
            high = share;
            most = c;
        }
    }
    if (least == NULL)
        return text_format("%s: no variant has its phases", p->group->name);
    return text_format(
        "%s: start, ready, work and end of every variant; %s:%s spends %.0f%% of its command working, %s:%s %.0f%%",
        p->group->name, most->cell->runtime, most->cell->model, 100 * high, least->cell->runtime, least->cell->model,
        100 * low);
}

static int phases_add(struct pictures *out, const struct picture_source *source, const struct plan_group *group)
{
    const struct summary *summary = source->summary;
    struct phases phases = {.summary = summary, .group = group};
    int rc = find_runtimes(&phases);
    struct picture *p = rc == 0 ? pictures_add(out, summary, "phases", group) : NULL;
    if (p != NULL) {
        picture_set_data(p, "phases.c", print, &phases);
        picture_take(p, &p->settings, settings(&phases));
        picture_take(p, &p->alt, alt(&phases));
        picture_take(p, &p->words[0], picture_join(picture_put_item, &phases.runtimes, phases.runtimes.count, " "));
        p->empty = phases.runtimes.count == 0;
    }
    rc = rc != 0 ? rc : p == NULL ? -ENOMEM : p->rc;
    string_list_free(&phases.runtimes);
    return rc;
}

int picture_phases(struct pictures *out, const struct picture_source *source, struct error *err)
{
    (void)err;
    return pictures_each_group(out, source, phases_add);
}
