/* SPDX-License-Identifier: MIT */
/*
 * Every sample of a group in run order: a strip for each cell, in it a dot a round, at the whole command's time relative
 * to the cell's median. A strip's edge is STRIP_EDGE off; what lies beyond stands on the edge. Below, the ratio of each
 * sync to its A/A control, round by round, which must scatter about 1.
 *
 * The data: "samples R" for each runtime R (round, y), "outliers", "disturbed", "beyond" (round, y; where there are any),
 * "names" (y, name), and "control R" (round, ratio) where there is one.
 */
#include "bench/report/plot/pictures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/util/text.h"

#define STRIP_EDGE 0.20 /* of the median */
#define STRIP_HALF 0.42 /* of the distance of two strips */

struct stability {
    const struct summary *summary;
    const struct plan_group *group;
    struct string_list runtimes, controls;
    const struct result_cell **cells; /* from the top */
    size_t count;
    int64_t rounds;
    size_t marked[3]; /* outliers, disturbed, beyond */
    double low, high; /* of the controls' axis */
};

enum mark_kind { OUTLIERS, DISTURBED, BEYOND, MARK_KINDS };
static const char *const mark_names[MARK_KINDS] = {"outliers", "disturbed", "beyond"};

static const struct summary_cell *summary_of(const struct stability *s, const struct result_cell *cell)
{
    for (size_t i = 0; i < s->summary->cell_count; i++)
        if (s->summary->cells[i].cell == cell)
            return &s->summary->cells[i];
    return NULL; /* a control or a capacity */
}

static int collect(struct stability *s)
{
    const struct results *r = s->summary->results;
    s->cells = calloc(r->cell_count + 1, sizeof *s->cells);
    char *runtimes = picture_runtimes(s->summary, s->group);
    int rc = s->cells == NULL || runtimes == NULL ? -ENOMEM : 0;
    for (char *rest = runtimes, *word; rc == 0 && (word = strtok_r(rest, " ", &rest)) != NULL;) {
        size_t before = s->count;
        for (size_t i = 0; i < r->cell_count; i++) {
            const struct result_cell *c = &r->cells[i];
            if (&r->groups[c->group] != s->group || c->count == 0 || strcmp(c->runtime, word) != 0)
                continue;
            s->cells[s->count++] = c;
            s->rounds = c->samples[c->count - 1].round > s->rounds ? c->samples[c->count - 1].round : s->rounds;
        }
        if (s->count > before)
            rc = string_list_add(&s->runtimes, word);
    }
    free(runtimes);
    return rc;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The middle of the whole command's times, in ns; NaN: no memory. */
static double median_of(const struct result_cell *c)
{
    int64_t *times = malloc((c->count + 1) * sizeof *times);
    double middle = NAN;
    for (size_t i = 0; times != NULL && i < c->count; i++)
        times[i] = c->samples[i].whole_ns;
    if (times != NULL) {
        qsort(times, c->count, sizeof *times, by_size);
        middle = ((double)times[(c->count - 1) / 2] + (double)times[c->count / 2]) / 2;
    }
    free(times);
    return middle;
}

static double offset_of(const struct sample *sample, double median)
{
    return ((double)sample->whole_ns / median - 1) / STRIP_EDGE;
}

static double strip_place(const struct stability *s, size_t strip, double offset)
{
    return (double)(s->count - 1 - strip) + STRIP_HALF * fmin(1, fmax(-1, offset));
}

static bool is_outlier(const struct summary_cell *cell, int32_t round)
{
    for (size_t i = 0; cell != NULL && i < cell->outlier_count; i++)
        if (cell->outliers[i] == round)
            return true;
    return false;
}

static bool is_marked(const struct stability *s, size_t strip, const struct sample *sample, enum mark_kind kind,
                      double offset)
{
    switch (kind) {
    case OUTLIERS:
        return is_outlier(summary_of(s, s->cells[strip]), sample->round);
    case DISTURBED:
        return sample->disturbances != 0;
    default:
        return fabs(offset) > 1;
    }
}

/* Prints the samples of a kind (out NULL: counts them). */
static size_t each_marked(const struct stability *s, enum mark_kind kind, FILE *out)
{
    size_t found = 0;
    for (size_t strip = 0; strip < s->count; strip++) {
        const double median = median_of(s->cells[strip]);
        for (size_t i = 0; isfinite(median) && i < s->cells[strip]->count; i++) {
            const struct sample *sample = &s->cells[strip]->samples[i];
            const double offset = offset_of(sample, median);
            if (!is_marked(s, strip, sample, kind, offset))
                continue;
            found++;
            if (out != NULL)
                fprintf(out, "%d %.4f\n", (int)sample->round, strip_place(s, strip, offset));
        }
    }
    return found;
}

static void put_samples(const struct stability *s, const char *runtime, FILE *out)
{
    fprintf(out, "\n\n# samples %s\n", runtime);
    for (size_t strip = 0; strip < s->count; strip++) {
        const struct result_cell *c = s->cells[strip];
        const double median = strcmp(c->runtime, runtime) == 0 ? median_of(c) : NAN;
        for (size_t i = 0; isfinite(median) && i < c->count; i++)
            fprintf(out, "%d %.4f\n", (int)c->samples[i].round,
                    strip_place(s, strip, offset_of(&c->samples[i], median)));
    }
}

static void put_names(const struct stability *s, FILE *out)
{
    static const char *const roles[] = {
        [ROLE_MODEL] = "", [ROLE_CONTROL] = " (A/A control)", [ROLE_CAPACITY] = " (copies)"};
    fputs("\n\n# names\n", out);
    for (size_t strip = 0; strip < s->count; strip++) {
        const struct result_cell *c = s->cells[strip];
        char name[160];
        snprintf(name, sizeof name, "%.60s:%.60s%s", c->runtime, c->model, roles[c->role]);
        fprintf(out, "%zu ", s->count - 1 - strip);
        picture_put_name(out, name);
        fputc('\n', out);
    }
}

/* -- controls --------------------------------------------------------------------------------------------------------- */

static const struct result_cell *find(const struct stability *s, const char *runtime, bool control)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct result_cell *c = s->cells[i];
        if (strcmp(c->runtime, runtime) == 0 && (control ? c->role == ROLE_CONTROL : c->baseline))
            return c;
    }
    return NULL;
}

/* Prints round and ratio of each pair; returns how many there are. */
static size_t each_pair(struct stability *s, const char *runtime, FILE *out)
{
    const struct result_cell *base = find(s, runtime, false), *control = find(s, runtime, true);
    size_t pairs = 0;
    for (size_t i = 0, k = 0; base != NULL && control != NULL && i < base->count && k < control->count;) {
        const struct sample *a = &base->samples[i], *b = &control->samples[k];
        if (a->round == b->round && b->whole_ns > 0) {
            const double ratio = (double)a->whole_ns / (double)b->whole_ns;
            s->low = fmin(s->low, ratio);
            s->high = fmax(s->high, ratio);
            pairs++;
            if (out != NULL)
                fprintf(out, "%d %.6g\n", (int)a->round, ratio);
        }
        const int32_t round = a->round;
        i += round <= b->round;
        k += b->round <= round;
    }
    return pairs;
}

static int find_controls(struct stability *s)
{
    int rc = 0;
    s->low = 0.95;
    s->high = 1.05;
    for (size_t r = 0; rc == 0 && r < s->runtimes.count; r++)
        if (each_pair(s, s->runtimes.items[r], NULL) > 0)
            rc = string_list_add(&s->controls, s->runtimes.items[r]);
    return rc;
}

/* -- the picture ------------------------------------------------------------------------------------------------------ */

static int print(const void *what, FILE *out)
{
    struct stability s = *(const struct stability *)what; /* each_pair widens the axis, which is settled by now */
    for (size_t r = 0; r < s.runtimes.count; r++)
        put_samples(&s, s.runtimes.items[r], out);
    for (size_t k = 0; k < MARK_KINDS; k++)
        if (s.marked[k] > 0) {
            fprintf(out, "\n\n# %s\n", mark_names[k]);
            each_marked(&s, (enum mark_kind)k, out);
        }
    put_names(&s, out);
    for (size_t r = 0; r < s.controls.count; r++) {
        fprintf(out, "\n\n# control %s\n", s.controls.items[r]);
        each_pair(&s, s.controls.items[r], out);
    }
    return 0;
}

static char *settings(const struct stability *s)
{
    return text_format(
        "strips=%zu; rounds=%lld; outliers=%zu; disturbed=%zu; beyond=%zu; half=%.6g; edge=%.6g; margin=%.6g; "
        "low=%.6g; high=%.6g",
        s->count, (long long)s->rounds, s->marked[OUTLIERS], s->marked[DISTURBED], s->marked[BEYOND], STRIP_HALF,
        STRIP_EDGE, s->summary->results->margin, s->low / 1.03, s->high * 1.03);
}

static char *alt(const struct stability *s)
{
    return text_format(
        "%s: every sample of %zu cells over %lld rounds; %zu outliers, %zu disturbed samples, %zu more than "
        "%.0f%% off their median; the controls' ratios lie between %.3f and %.3f",
        s->group->name, s->count, (long long)s->rounds, s->marked[OUTLIERS], s->marked[DISTURBED], s->marked[BEYOND],
        100 * STRIP_EDGE, s->low, s->high);
}

static int stability_add(struct pictures *out, const struct picture_source *source, const struct plan_group *group)
{
    const struct summary *summary = source->summary;
    struct stability s = {.summary = summary, .group = group};
    int rc = collect(&s);
    if (rc == 0)
        rc = find_controls(&s);
    for (size_t k = 0; rc == 0 && k < MARK_KINDS; k++)
        s.marked[k] = each_marked(&s, (enum mark_kind)k, NULL);
    struct picture *p = rc == 0 ? pictures_add(out, summary, "stability", group) : NULL;
    if (p != NULL) {
        picture_set_data(p, "stability.c", print, &s);
        picture_take(p, &p->settings, settings(&s));
        picture_take(p, &p->alt, alt(&s));
        picture_take(p, &p->words[0], picture_join(picture_put_item, &s.runtimes, s.runtimes.count, " "));
        picture_take(p, &p->words[1], picture_join(picture_put_item, &s.controls, s.controls.count, " "));
        p->empty = s.count == 0;
    }
    rc = rc != 0 ? rc : p == NULL ? -ENOMEM : p->rc;
    string_list_free(&s.runtimes);
    string_list_free(&s.controls);
    free(s.cells);
    return rc;
}

int picture_stability(struct pictures *out, const struct picture_source *source, struct error *err)
{
    (void)err;
    return pictures_each_group(out, source, stability_add);
}
