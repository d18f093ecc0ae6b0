/* SPDX-License-Identifier: MIT */
/* The kinds of pictures in one table, and what their makers share. */
#include "bench/report/plot/picture.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/util/alloc.h"
#include "bench/util/text.h"

#define SUBTITLE_COLUMNS 110 /* a long URL must not run out of the picture */
#define STEM_LONGEST     100
#define LOG_SPAN         20.0 /* ratios that span more have a logarithmic axis */
#define AXIS_SPACE       1.15 /* on both ends of the logarithmic axis of rows */

/* Of what there is one: of each group that compares, of the run, of each group of serving. */
enum subject { OF_MODELS, OF_RUN, OF_SERVERS };

static const struct {
    const char *name;
    picture_maker *make;
    enum subject of;
} kinds[] = {
    {"ranking", picture_ranking, OF_MODELS},
    {"speedup", picture_speedup, OF_MODELS},
    {"square", picture_square, OF_MODELS},
    {"timeline", picture_timeline, OF_MODELS},
    {"phases", picture_phases, OF_MODELS},
    {"scaling", picture_scaling, OF_RUN},
    {"latency", picture_latency, OF_MODELS},
    {"memory", picture_memory, OF_RUN},
    {"claims", picture_claims, OF_RUN},
    {"pythons", picture_pythons, OF_RUN},
    {"ladder", picture_ladder, OF_RUN},
    {"updates", picture_updates, OF_RUN},
    {"throughput", picture_throughput, OF_SERVERS},
    {"connections", picture_connections, OF_SERVERS},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const char *picture_kind(size_t index) { return index < KINDS ? kinds[index].name : NULL; }

void pictures_free(struct pictures *pictures)
{
    for (struct picture *p = pictures->items; p != NULL && p < pictures->items + pictures->count; p++) {
        char *const owned[] = {p->stem,     p->settings, p->title,    p->subtitle, p->data,
                               p->words[0], p->words[1], p->words[2], p->words[3], p->alt};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
            free(owned[i]);
    }
    free(pictures->items);
    *pictures = (struct pictures){.items = NULL};
}

static void block_end(struct picture *p)
{
    if (*p->block == '\0')
        return;
    picture_set(p, "%s=%zu; %s_known=\"", p->block, p->rows, p->block);
    for (size_t i = 0; i < p->columns; i++)
        picture_append(&p->settings, i > 0 ? " " : "", "%zu", p->known[i]);
    picture_append(&p->settings, "", "\"");
    *p->block = '\0';
}

/* Ends the last picture, if there is one: its stream points into its place, which more pictures may move. */
static void finish_last(struct pictures *out)
{
    struct picture *p = out->count > 0 ? &out->items[out->count - 1] : NULL;
    if (p == NULL)
        return;
    block_end(p);
    picture_set(p, "longest=%d", p->longest);
    text_close(p->out);
    p->out = NULL;
}

void pictures_make(struct pictures *out, const struct picture_source *source, const char *only)
{
    const struct results *results = source->summary->results;
    *out = (struct pictures){.source = source};
    for (size_t k = 0; k < KINDS; k++) {
        if (only != NULL && strcmp(only, kinds[k].name) != 0)
            continue;
        for (size_t g = 0; kinds[k].of != OF_RUN && g < results->group_count; g++)
            if (!plan_prices(&results->groups[g]) && plan_serves(&results->groups[g]) == (kinds[k].of == OF_SERVERS))
                kinds[k].make(out, &results->groups[g]);
        if (kinds[k].of == OF_RUN)
            kinds[k].make(out, NULL);
    }
    finish_last(out);
}

/* -- one picture ------------------------------------------------------------------------------------------------------ */

static bool stem_taken(const struct pictures *out, const char *stem)
{
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(out->items[i].stem, stem) == 0)
            return true;
    return false;
}

static char *stem_make(const struct pictures *out, const char *kind, const char *name, const struct plan_group *group)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    bool changed = strlen(name) > STEM_LONGEST || *name == '\0';
    char *stem = text_format("%s-%.*s", kind, STEM_LONGEST, name);
    for (char *p = stem; *p != '\0'; p++)
        if (strchr(plain, *p) == NULL) {
            *p = '_';
            changed = true;
        }
    if (!changed && !stem_taken(out, stem))
        return stem;
    char *unique = text_format("%s-%zu", stem, (size_t)(group - out->source->summary->results->groups));
    free(stem);
    return unique;
}

static void say_group(struct picture *p, const struct plan_group *group)
{
    char *params = format_params(group), *shape = format_shape(group);
    picture_say(&p->title, "%s", group->name);
    picture_say(&p->subtitle, "%s%s%s", params, *params != '\0' ? "; " : "", shape);
    if (format_columns(p->subtitle) > SUBTITLE_COLUMNS)
        picture_say(&p->subtitle, "%s", shape);
    free(shape);
    free(params);
}

struct picture *picture_add(struct pictures *out, const char *kind, const struct plan_group *group, const char *name)
{
    finish_last(out);
    char *stem = group == NULL ? xstrdup(kind) : stem_make(out, kind, name != NULL ? name : group->name, group);
    out->items = array_grow(out->items, out->count, sizeof *out->items);
    struct picture *p = &out->items[out->count++];
    *p = (struct picture){.kind = kind, .group = group, .stem = stem};
    p->out = text_open(&p->data, &p->length);
    fprintf(p->out, "# Made by cobench from the run's files; the blocks are described in bench/report/plot/%s.c.\n",
            kind);
    if (group != NULL)
        say_group(p, group);
    if (group != NULL && group->baseline != NULL)
        picture_set(p, "BASELINE=\"%s\"", group->baseline);
    if (results_several(out->source->summary->results))
        picture_set(p, "COMMON=\"%s\"", out->source->summary->results->common);
    return p;
}

struct picture *picture_add_sweep(struct pictures *out, const char *kind, const struct scaling_curve *curve)
{
    char *name = text_format("%s%s", curve->sweep, scaling_is_weak(curve->scaling) ? "-weak" : "");
    struct picture *p = picture_add(out, kind, curve->group, name);
    picture_say(&p->title, "%s", curve->sweep);
    free(name);
    return p;
}

void picture_block(struct picture *p, const char *name, ...)
{
    va_list args;
    block_end(p);
    va_start(args, name);
    vsnprintf(p->block, sizeof p->block, name, args);
    va_end(args);
    p->rows = p->columns = 0;
    memset(p->known, 0, sizeof p->known);
}

/* What is no letter in a string of gnuplot's data files becomes '?'. */
static void put_name(FILE *out, const char *text)
{
    fputs(" \"", out);
    for (size_t control; *text != '\0'; text += control > 0 ? control : 1) {
        control = text_control(text);
        fputc(control > 0 || *text == '"' || *text == '\\' ? '?' : *text, out);
    }
    fputc('"', out);
}

void picture_row_of(struct picture *p, const char *name, const char *label, const double *numbers, size_t count)
{
    if (p->rows++ == 0)
        fprintf(p->out, "\n\n# %s\n", p->block);
    p->columns = count;
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? " " : "", p->out);
        if (isfinite(numbers[i]))
            fprintf(p->out, "%.6g", numbers[i]);
        else
            fputs("NaN", p->out);
        p->known[i] += isfinite(numbers[i]) ? 1 : 0;
    }
    if (name != NULL) {
        put_name(p->out, name);
        p->longest = format_columns(name) > p->longest ? format_columns(name) : p->longest;
    }
    if (label != NULL)
        put_name(p->out, label);
    fputc('\n', p->out);
}

void picture_say(char **text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *said = text_format_va(format, args);
    va_end(args);
    text_one_line(said);
    free(*text);
    *text = said;
}

void picture_append(char **text, const char *separator, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *more = text_format_va(format, args);
    va_end(args);
    picture_say(text, "%s%s%s", *text == NULL ? "" : *text, *text == NULL ? "" : separator, more);
    free(more);
}

void picture_stretch(struct picture_axis *axis, double value)
{
    if (!isfinite(value) || value <= 0)
        return;
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

/* -- the variants of a group ------------------------------------------------------------------------------------------ */

struct picture_text picture_variant(const struct result_cell *cell)
{
    struct picture_text name;
    snprintf(name.text, sizeof name.text, "%.60s:%.60s", cell->runtime, cell->model);
    return name;
}

const struct summary_cell *picture_next(const struct summary *summary, const struct plan_group *group,
                                        const struct summary_cell *cell)
{
    for (cell = cell == NULL ? summary->cells : cell + 1; cell < summary->cells + summary->cell_count; cell++)
        if (cell->group == group)
            return cell;
    return NULL;
}

enum { RUNTIMES = 6 };

size_t picture_runtime_place(const char *runtime)
{
    static const char *const order[RUNTIMES] = {"c", "embed", "ext", "py", "cython", "numba"};
    size_t i = 0;
    while (i < RUNTIMES && !runtime_is(runtime, order[i]))
        i++;
    return i;
}

struct string_list picture_names(const struct summary *summary, const struct plan_group *group, bool models)
{
    struct string_list names = {NULL, 0};
    for (size_t place = 0; place <= RUNTIMES; place++)
        for (const struct summary_cell *c = NULL; (c = picture_next(summary, group, c)) != NULL;) {
            const char *name = models ? c->cell->model : c->cell->runtime;
            if (place == (models ? 0 : picture_runtime_place(name)) && !string_list_have(&names, name))
                string_list_add(&names, name);
        }
    return names;
}

size_t picture_place(const struct string_list *words, const char *word)
{
    size_t i = 0;
    while (i < words->count && strcmp(words->items[i], word) != 0)
        i++;
    return i;
}

static bool is_compared(const struct ratio *ratio) { return ratio_known(ratio) && ratio->state != RATIO_SELF; }

enum ratio_time picture_time(const struct summary *summary, const struct plan_group *group, enum ratio_base base)
{
    for (const struct summary_cell *c = NULL; (c = picture_next(summary, group, c)) != NULL;)
        if (is_compared(&c->speedup[RATIO_WORK][base]))
            return RATIO_WORK;
    return RATIO_WHOLE;
}

bool picture_compares(const struct summary *summary, const struct plan_group *group, enum ratio_base base)
{
    for (const struct summary_cell *c = NULL; (c = picture_next(summary, group, c)) != NULL;)
        if (is_compared(&c->speedup[RATIO_WORK][base]) || is_compared(&c->speedup[RATIO_WHOLE][base]))
            return true;
    return false;
}

struct picture_text picture_extremes(const struct summary *summary, const struct plan_group *group)
{
    const enum ratio_time time = picture_time(summary, group, RATIO_OWN_SYNC);
    const struct summary_cell *low = NULL, *high = NULL;
    struct picture_text text = {"no model has a speedup to show"};
    struct format a, b;
    for (const struct summary_cell *c = NULL; (c = picture_next(summary, group, c)) != NULL;) {
        const struct ratio *r = &c->speedup[time][RATIO_OWN_SYNC];
        if (!is_compared(r))
            continue;
        low = low == NULL || r->ratio < low->speedup[time][RATIO_OWN_SYNC].ratio ? c : low;
        high = high == NULL || r->ratio > high->speedup[time][RATIO_OWN_SYNC].ratio ? c : high;
    }
    if (low != NULL)
        snprintf(text.text, sizeof text.text, "over its own %.40s from %s (%.80s) to %s (%.80s)", plan_baseline(group),
                 format_ratio(&a, low->speedup[time][RATIO_OWN_SYNC].ratio), picture_variant(low->cell).text,
                 format_ratio(&b, high->speedup[time][RATIO_OWN_SYNC].ratio), picture_variant(high->cell).text);
    return text;
}

const char *picture_why(const struct summary_cell *cell, const struct ratio *ratio)
{
    const enum cell_status status = cell->cell->status;
    if (status == CELL_REFUSED || status == CELL_IMPOSSIBLE) /* shorter: a tile has not much space */
        return status == CELL_REFUSED ? "wrong result" : "not possible";
    if (status != CELL_OK || ratio->state == RATIO_NOT_RUN)
        return status != CELL_OK ? cell_word(cell->cell) : cell_status_word(CELL_UNSEEN);
    return format_ratio_state(ratio->state);
}

double picture_low(const struct ratio *ratio) { return ratio->state == RATIO_FULL ? ratio->low : ratio->ratio; }

double picture_high(const struct ratio *ratio) { return ratio->state == RATIO_FULL ? ratio->high : ratio->ratio; }

/* -- bars ------------------------------------------------------------------------------------------------------------- */

struct picture_text picture_bar_label(double ratio)
{
    struct picture_text label;
    struct format f;
    snprintf(label.text, sizeof label.text, "%s", format_ratio(&f, ratio));
    label.text[strcspn(label.text, "x")] = '\0'; /* the axis has it */
    if (ratio >= 0.095 && ratio < 0.9995)
        snprintf(label.text, sizeof label.text, "%.2f", ratio);
    return label;
}

void picture_set_bars(struct picture *p, const char *name, const struct picture_axis *values)
{
    const double span = values->high / values->low;
    const bool logarithmic = span > LOG_SPAN;
    picture_set(p, "%s_log=%d; %s_low=%.6g; %s_high=%.6g", name, logarithmic, name,
                logarithmic ? values->low / fmax(1.6, pow(span, 0.06)) : 0, name,
                values->high * (logarithmic ? fmax(2, pow(span, 0.2)) : 1.25));
}

/* -- sweeps ----------------------------------------------------------------------------------------------------------- */

size_t picture_next_curve(const struct scaling *scaling, size_t of, size_t from, picture_value *value)
{
    for (; from < scaling->count; from++) {
        const struct scaling_curve *curve = &scaling->curves[from];
        for (size_t i = 0; scaling_same_table(curve, &scaling->curves[of]) && i < curve->count; i++)
            if (isfinite(value(&curve->points[i])))
                return from;
    }
    return from;
}

/* -- rows ------------------------------------------------------------------------------------------------------------- */

static int row_compare(const void *a, const void *b)
{
    const struct plot_row *x = a, *y = b;
    if (isfinite(x->key) != isfinite(y->key))
        return isfinite(x->key) ? -1 : 1;
    if (isfinite(x->key) && (x->key < y->key || x->key > y->key))
        return x->key > y->key ? -1 : 1;
    return x->cell < y->cell ? -1 : x->cell > y->cell; /* the plan's order */
}

struct plot_rows plot_rows_make(const struct summary *summary, const struct plan_group *group, plot_key *key,
                                const void *what)
{
    struct plot_rows rows = {.items = xcalloc(summary->cell_count, sizeof *rows.items), .axis.low = INFINITY};
    for (const struct summary_cell *c = NULL; (c = picture_next(summary, group, c)) != NULL;) {
        rows.items[rows.count] = (struct plot_row){.cell = c, .key = key(c, what)};
        rows.known += isfinite(rows.items[rows.count++].key) ? 1 : 0;
    }
    qsort(rows.items, rows.count, sizeof *rows.items, row_compare);
    return rows;
}

void plot_rows_put(struct picture *p, struct plot_rows *rows, size_t row, const char *label, const double *numbers,
                   size_t count)
{
    const struct result_cell *c = rows->items[row].cell->cell;
    double all[PICTURE_NUMBERS] = {(double)(rows->count - 1 - row), (double)picture_runtime_place(c->runtime)};
    for (size_t i = 0; i < count; i++) {
        all[2 + i] = row < rows->known ? numbers[i] : NAN;
        picture_stretch(&rows->axis, all[2 + i]);
    }
    picture_row_of(p, picture_variant(c).text, label, all, 2 + count);
}

void plot_rows_set(struct picture *p, const struct plot_rows *rows)
{
    picture_set(p, "low=%.6g; high=%.6g", rows->axis.low / AXIS_SPACE, rows->axis.high * AXIS_SPACE);
}
