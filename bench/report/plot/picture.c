/* SPDX-License-Identifier: MIT */
/* The kinds of pictures, in one table, and what their makers share. */
#include "bench/report/plot/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/plot/pictures.h"
#include "bench/util/text.h"

/* A long URL must not run out of the picture. */
#define SUBTITLE_COLUMNS 110
#define STEM_LONGEST     100

static const struct {
    const char *kind;
    picture_maker *make;
} kinds[] = {
    {"speedup", picture_speedup}, {"square", picture_square},       {"timeline", picture_timeline},
    {"phases", picture_phases},   {"scaling", picture_scaling},     {"latency", picture_latency},
    {"memory", picture_memory},   {"stability", picture_stability}, {"claims", picture_claims},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const char *picture_kind(size_t index) { return index < KINDS ? kinds[index].kind : NULL; }

int pictures_make(struct pictures *out, const struct picture_source *source, const char *only, struct error *err)
{
    int rc = 0;
    *out = (struct pictures){.items = NULL};
    for (size_t i = 0; rc == 0 && i < KINDS; i++)
        if (only == NULL || strcmp(only, kinds[i].kind) == 0)
            rc = kinds[i].make(out, source, err);
    if (rc == -ENOMEM)
        error_set(err, rc, "no memory for the pictures");
    if (rc != 0)
        pictures_free(out);
    return rc;
}

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

/* -- for the makers --------------------------------------------------------------------------------------------------- */

char *picture_stem(const char *kind, const char *name, size_t id, bool shared)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    bool changed = shared || strlen(name) > STEM_LONGEST || *name == '\0';
    char *stem = text_format("%s-%.*s", kind, STEM_LONGEST, name);
    for (char *p = stem; p != NULL && *p != '\0'; p++)
        if (strchr(plain, *p) == NULL) {
            *p = '_';
            changed = true;
        }
    if (stem == NULL || !changed)
        return stem;
    char *unique = text_format("%s-%zu", stem, id); /* two names may have become the same */
    free(stem);
    return unique;
}

static char *stem_of(const struct summary *summary, const char *kind, const struct result_group *group)
{
    if (group == NULL)
        return text_format("%s", kind);
    const size_t id = (size_t)(group - summary->results->groups);
    bool shared = false;
    for (size_t i = 0; i < summary->results->group_count; i++)
        shared |= i != id && strcmp(summary->results->groups[i].name, group->name) == 0;
    return picture_stem(kind, group->name, id, shared);
}

static char *subtitle_of(const struct result_group *group)
{
    char *params = format_params(group), *shape = format_shape(group);
    char *text = params == NULL || shape == NULL ? NULL
                                                 : text_format("%s%s%s", params, *params != '\0' ? "; " : "", shape);
    if (text != NULL && format_columns(text) > SUBTITLE_COLUMNS) {
        free(text);
        text = text_format("%s", shape);
    }
    free(shape);
    free(params);
    return text;
}

struct picture *pictures_add(struct pictures *pictures, const struct summary *summary, const char *kind,
                             const struct result_group *group)
{
    struct picture *more = realloc(pictures->items, (pictures->count + 1) * sizeof *more);
    if (more == NULL)
        return NULL;
    pictures->items = more;
    struct picture *p = &more[pictures->count];
    *p = (struct picture){.kind = kind, .group = group, .stem = stem_of(summary, kind, group)};
    p->title = text_format("%s", group != NULL ? group->name : summary->results->suite);
    p->subtitle = group != NULL ? subtitle_of(group) : text_format("%s", "");
    if (p->stem == NULL || p->title == NULL || p->subtitle == NULL) {
        picture_free(p);
        return NULL;
    }
    text_one_line(p->title); /* control characters are not allowed in an SVG */
    text_one_line(p->subtitle);
    pictures->count++;
    return p;
}

int picture_take(char **into, char *text)
{
    free(*into);
    *into = text;
    return text == NULL ? -ENOMEM : 0;
}

int pictures_each_group(struct pictures *out, const struct picture_source *source, picture_of_group *add)
{
    const struct results *results = source->summary->results;
    int rc = 0;
    for (size_t g = 0; rc == 0 && g < results->group_count; g++)
        if (result_group_compares(&results->groups[g]))
            rc = add(out, source, &results->groups[g]);
    return rc;
}

int picture_set_data(struct picture *picture, int (*print)(const void *what, FILE *out), const void *what)
{
    FILE *out = open_memstream(&picture->data, &picture->length);
    if (out == NULL)
        return -ENOMEM;
    int rc = print(what, out);
    const int failed = ferror(out);
    if ((fclose(out) != 0 || failed) && rc == 0)
        rc = -ENOMEM;
    return rc;
}

void picture_put_name(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++)
        fputc((unsigned char)*text < 0x20 || *text == 0x7f || *text == '"' || *text == '\\' ? '?' : *text, out);
    fputc('"', out);
}

static const char *const runtime_order[PICTURE_RUNTIMES] = {"c", "embed", "ext", "py"};

size_t picture_runtime_place(const char *runtime)
{
    size_t i = 0;
    while (i < PICTURE_RUNTIMES && strcmp(runtime, runtime_order[i]) != 0)
        i++;
    return i;
}

char *picture_runtimes(const struct summary *summary, const struct result_group *group)
{
    struct string_list words = {NULL, 0};
    int rc = 0;
    for (size_t place = 0; rc == 0 && place <= PICTURE_RUNTIMES; place++)
        for (size_t i = 0; rc == 0 && i < summary->cell_count; i++) {
            const struct summary_cell *cell = &summary->cells[i];
            const char *runtime = cell->cell->runtime;
            if ((group == NULL || cell->group == group) && picture_runtime_place(runtime) == place &&
                !string_list_have(&words, runtime))
                rc = string_list_add(&words, runtime);
        }
    char *text = rc == 0 ? words.count > 0 ? string_list_join(&words, " ") : text_format("%s", "") : NULL;
    string_list_free(&words);
    return text;
}
