/* SPDX-License-Identifier: MIT */
/* The kinds of pictures in one table, and what their makers share. */
#define _GNU_SOURCE /* vasprintf */
#include "bench/report/plot/picture.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/scaling.h"
#include "bench/report/format.h"
#include "bench/util/text.h"

/* A long URL must not run out of the picture. */
#define SUBTITLE_COLUMNS 110
#define STEM_LONGEST     100

static const struct {
    const char *name;
    picture_maker *make;
    bool of_run; /* else of each group that compares */
} kinds[] = {
    {"ranking", picture_ranking, false},   {"speedup", picture_speedup, false}, {"square", picture_square, false},
    {"timeline", picture_timeline, false}, {"phases", picture_phases, false},   {"scaling", picture_scaling, true},
    {"latency", picture_latency, false},   {"memory", picture_memory, true},    {"stability", picture_stability, false},
    {"claims", picture_claims, true},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const char *picture_kind(size_t index) { return index < KINDS ? kinds[index].name : NULL; }

static void picture_free(struct picture *p)
{
    char *const owned[] = {p->stem, p->settings, p->title, p->subtitle, p->data, p->alt};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    for (size_t i = 0; i < PICTURE_WORDS; i++)
        free(p->words[i]);
}

void pictures_free(struct pictures *pictures)
{
    for (size_t i = 0; i < pictures->count; i++)
        picture_free(&pictures->items[i]);
    free(pictures->items);
    *pictures = (struct pictures){.items = NULL};
}

/* The count of the block's rows becomes a setting. */
static void block_end(struct picture *p)
{
    if (*p->block != '\0')
        picture_set(p, "%s=%zu", p->block, p->rows);
    *p->block = '\0';
}

/* Ends the last picture, if there is one: its stream points into its place, which more pictures may move. */
static void finish_last(struct pictures *out)
{
    struct picture *p = out->count > 0 ? &out->items[out->count - 1] : NULL;
    if (p == NULL || p->out == NULL)
        return;
    block_end(p);
    const bool failed = ferror(p->out) != 0 || p->failed;
    if (fclose(p->out) != 0 || failed)
        out->rc = -ENOMEM;
    p->out = NULL;
}

int pictures_make(struct pictures *out, const struct picture_source *source, const char *only, struct error *err)
{
    const struct results *results = source->summary->results;
    *out = (struct pictures){.items = NULL};
    for (size_t k = 0; k < KINDS; k++) {
        if (only != NULL && strcmp(only, kinds[k].name) != 0)
            continue;
        for (size_t g = 0; !kinds[k].of_run && g < results->group_count; g++)
            if (plan_compares(&results->groups[g]))
                kinds[k].make(out, source, &results->groups[g]);
        if (kinds[k].of_run)
            kinds[k].make(out, source, NULL);
    }
    finish_last(out);
    const int rc = out->rc;
    if (rc == 0)
        return 0;
    pictures_free(out);
    return error_set(err, rc, "out of memory");
}

/* -- one picture ------------------------------------------------------------------------------------------------------ */

static bool stem_taken(const struct pictures *out, const char *stem)
{
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].stem != NULL && strcmp(out->items[i].stem, stem) == 0)
            return true;
    return false;
}

static char *stem_make(const struct pictures *out, const char *kind, const char *name, size_t id)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    bool changed = strlen(name) > STEM_LONGEST || *name == '\0';
    char *stem = text_format("%s-%.*s", kind, STEM_LONGEST, name);
    for (char *p = stem; p != NULL && *p != '\0'; p++)
        if (strchr(plain, *p) == NULL) {
            *p = '_';
            changed = true;
        }
    if (stem == NULL || !(changed || stem_taken(out, stem)))
        return stem;
    char *unique = text_format("%s-%zu", stem, id);
    free(stem);
    return unique;
}

static void say_group(struct picture *p, const struct plan_group *group)
{
    char *params = format_params(group), *shape = format_shape(group);
    picture_say(p, &p->title, "%s", group->name);
    if (params != NULL && shape != NULL)
        picture_say(p, &p->subtitle, "%s%s%s", params, *params != '\0' ? "; " : "", shape);
    if (p->subtitle != NULL && format_columns(p->subtitle) > SUBTITLE_COLUMNS)
        picture_say(p, &p->subtitle, "%s", shape);
    free(shape);
    free(params);
}

struct picture *picture_add(struct pictures *out, const struct summary *summary, const char *kind,
                            const struct plan_group *group, const char *name)
{
    finish_last(out);
    struct picture *more = realloc(out->items, (out->count + 1) * sizeof *more);
    if (more == NULL) {
        out->rc = -ENOMEM;
        return NULL;
    }
    out->items = more;
    struct picture *p = &more[out->count];
    *p = (struct picture){.kind = kind, .group = group};
    p->stem = group == NULL
                  ? text_format("%s", kind)
                  : stem_make(out, kind, name != NULL ? name : group->name, (size_t)(group - summary->results->groups));
    p->out = open_memstream(&p->data, &p->length);
    out->count++;
    if (p->stem == NULL || p->out == NULL) {
        out->rc = -ENOMEM;
        return NULL;
    }
    fprintf(p->out, "# Made by cobench from the run's files; the blocks are described in bench/report/plot/%s.c.\n",
            kind);
    if (group != NULL)
        say_group(p, group);
    return p;
}

struct picture *picture_add_sweep(struct pictures *out, const struct summary *summary, const char *kind,
                                  const struct plan_group *first)
{
    char *name = text_format("%s%s", first->sweep, scaling_is_weak(first->scaling) ? "-weak" : "");
    struct picture *p = name != NULL ? picture_add(out, summary, kind, first, name) : NULL;
    if (p != NULL)
        picture_say(p, &p->title, "%s", first->sweep);
    else
        out->rc = -ENOMEM;
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
    p->rows = 0;
}

/* What is no letter in a string of gnuplot's data files becomes '?'. */
static void put_name(FILE *out, const char *text)
{
    fputs(" \"", out);
    for (; *text != '\0'; text++)
        fputc((unsigned char)*text < 0x20 || *text == 0x7f || *text == '"' || *text == '\\' ? '?' : *text, out);
    fputc('"', out);
}

void picture_row_of(struct picture *p, const char *name, const char *label, const double *numbers, size_t count)
{
    if (p->rows++ == 0)
        fprintf(p->out, "\n\n# %s\n", p->block);
    for (size_t i = 0; i < count; i++)
        if (isfinite(numbers[i]))
            fprintf(p->out, "%s%.6g", i > 0 ? " " : "", numbers[i]);
        else
            fprintf(p->out, "%sNaN", i > 0 ? " " : "");
    if (name != NULL)
        put_name(p->out, name);
    if (label != NULL)
        put_name(p->out, label);
    fputc('\n', p->out);
}

void picture_gap(struct picture *p)
{
    if (p->rows > 0)
        fputc('\n', p->out);
}

void picture_say(struct picture *p, char **text, const char *format, ...)
{
    va_list args;
    char *said = NULL;
    va_start(args, format);
    if (vasprintf(&said, format, args) < 0)
        said = NULL;
    va_end(args);
    free(*text);
    *text = said;
    p->failed |= said == NULL;
    if (said != NULL)
        text_one_line(said);
}

void picture_append(struct picture *p, char **text, const char *separator, const char *format, ...)
{
    va_list args;
    char *more = NULL;
    va_start(args, format);
    const bool failed = vasprintf(&more, format, args) < 0;
    va_end(args);
    p->failed |= failed;
    if (failed)
        return;
    picture_say(p, text, "%s%s%s", *text == NULL ? "" : *text, *text == NULL ? "" : separator, more);
    free(more);
}
