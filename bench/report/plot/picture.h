/* SPDX-License-Identifier: MIT */
/*
 * The pictures of a run before they are drawn: what is in each, as data for gnuplot, with its words and what it shows.
 * Pure; the same summary gives the same bytes. bench/report/plot/plot.h draws them.
 *
 * A script (scripts/plots/KIND.gp) gets ARG1 the data file, ARG2 the output, ARG3 its format, ARG4 the title, ARG5 the
 * subtitle, ARG6 to ARG9 the picture's own words, and the settings as statements run before it.
 */
#ifndef BENCH_REPORT_PLOT_PICTURE_H
#define BENCH_REPORT_PLOT_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/analysis/summary.h"

enum {
    PICTURE_WORDS = 4,
    PICTURE_RUNTIMES = 4, /* that have a place of their own: c, embed, ext, py */
};

/* All strings are owned. */
struct picture {
    const char *kind;               /* "square": the script's name, and what --only takes */
    char *stem;                     /* "square-count": the files' name without its ending */
    const struct plan_group *group; /* what it is about; NULL: the whole run */
    char *settings;                 /* gnuplot statements with numbers only */
    char *title, *subtitle;
    char *words[PICTURE_WORDS]; /* NULL: "" */
    char *data;                 /* the data file */
    size_t length;
    char *alt;  /* what it shows, in a sentence: for whoever cannot see it */
    bool empty; /* there is nothing to draw: only the data are written */
    int rc;     /* of what its maker did, 0 so far or the first error */
};

struct pictures {
    struct picture *items;
    size_t count;
};

/* What a run's pictures are made from. */
struct picture_source {
    const struct summary *summary;
    const char *run_dir;    /* for what a run keeps beside its journal */
    const char *claims_dir; /* where the files of claims are */
};

/* -- for the makers (bench/report/plot/KIND.c) --------------------------------------------------------------------- */

void pictures_free(struct pictures *pictures);
/* Adds an empty one of a kind about a group or (NULL) the run; its stem, title and subtitle are made. NULL: no memory. */
struct picture *pictures_add(struct pictures *pictures, const struct summary *summary, const char *kind,
                             const struct plan_group *group);
/* KIND-NAME as the name of a file, to be freed: what is no letter, digit, point, dash or underscore becomes an underscore,
 * and then, or where the name is shared with others, the id is appended. */
char *picture_stem(const char *kind, const char *name, size_t id, bool shared);
/* Adds the pictures of one group. 0 or a negative errno. */
typedef int picture_of_group(struct pictures *out, const struct picture_source *source, const struct plan_group *group);
/* Calls it for each group that compares, in the order of the plan, until one fails. */
int pictures_each_group(struct pictures *out, const struct picture_source *source, picture_of_group *add);
/* Keeps what `print` prints as the data, after a line that says where they are described: its file's name. A failure is
 * kept in picture->rc, as those of the next two are. */
void picture_set_data(struct picture *picture, const char *file, int (*print)(const void *what, FILE *out),
                      const void *what);
/* Takes a string from text_format into one of its own, in place of what is there; NULL: no memory. */
void picture_take(struct picture *picture, char **into, char *text);
/* What `put` prints of each of `count`, with a separator between, to be freed; NULL: no memory. */
typedef void picture_put_one(const void *what, size_t index, FILE *out);
char *picture_join(picture_put_one *put, const void *what, size_t count, const char *separator);
/* A picture_put_one for the items of a string list. */
picture_put_one picture_put_item;
/* A name in quotes, as gnuplot's data files take it: what is no letter there becomes '?'. */
void picture_put_name(FILE *out, const char *text);
/* The place of a runtime in the fixed order c, embed, ext, py; 4 for others. */
size_t picture_runtime_place(const char *runtime);
/* "c embed py": the runtimes of the cells of a group (NULL: of all), in the fixed order, to be freed. */
char *picture_runtimes(const struct summary *summary, const struct plan_group *group);

#endif
