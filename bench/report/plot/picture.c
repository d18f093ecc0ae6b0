/* SPDX-License-Identifier: MIT */
/* What the makers of pictures share. */
#include "bench/report/plot/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/util/text.h"

/* A long URL must not run out of the picture. */
#define SUBTITLE_COLUMNS 110
#define STEM_LONGEST     100

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

static char *stem_of(const struct summary *summary, const char *kind, const struct plan_group *group)
{
    if (group == NULL)
        return text_format("%s", kind);
    const size_t id = (size_t)(group - summary->results->groups);
    bool shared = false;
    for (size_t i = 0; i < summary->results->group_count; i++)
        shared |= i != id && strcmp(summary->results->groups[i].name, group->name) == 0;
    return picture_stem(kind, group->name, id, shared);
}

static char *subtitle_of(const struct plan_group *group)
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
                             const struct plan_group *group)
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
    text_one_line(p->title);
    text_one_line(p->subtitle);
    pictures->count++;
    return p;
}

void picture_take(struct picture *picture, char **into, char *text)
{
    free(*into);
    *into = text;
    if (text != NULL)
        text_one_line(text); /* control characters are not allowed in an SVG */
    if (text == NULL && picture->rc == 0)
        picture->rc = -ENOMEM;
}

char *picture_join(picture_put_one *put, const void *what, size_t count, const char *separator)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? separator : "", out);
        put(what, i, out);
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

int pictures_each_group(struct pictures *out, const struct picture_source *source, picture_of_group *add)
{
    const struct results *results = source->summary->results;
    int rc = 0;
    for (size_t g = 0; rc == 0 && g < results->group_count; g++)
        if (plan_compares(&results->groups[g]))
            rc = add(out, source, &results->groups[g]);
    return rc;
}

void picture_set_data(struct picture *picture, const char *file, int (*print)(const void *what, FILE *out),
                      const void *what)
{
    FILE *out = open_memstream(&picture->data, &picture->length);
    int rc = out == NULL ? -ENOMEM : 0;
    if (rc == 0) {
        fprintf(out, "# Made by cobench from the run's files; the blocks are described in bench/report/plot/%s.\n",
                file);
        rc = print(what, out);
        const int failed = ferror(out);
        rc = (fclose(out) != 0 || failed) && rc == 0 ? -ENOMEM : rc;
    }
    if (picture->rc == 0)
        picture->rc = rc;
}

void picture_put_item(const void *what, size_t index, FILE *out)
{
    fputs(((const struct string_list *)what)->items[index], out);
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

char *picture_runtimes(const struct summary *summary, const struct plan_group *group)
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
