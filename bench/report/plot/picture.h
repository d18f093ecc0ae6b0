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

#include "bench/analysis/claims.h"
#include "bench/analysis/summary.h"

enum { PICTURE_WORDS = 4 };

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
    char *alt; /* what it shows, in a sentence: for whoever cannot see it */
    /* While it is made: */
    FILE *out;
    char block[40]; /* the block of data that rows go into */
    size_t rows;    /* of it */
    bool failed;    /* there was no memory for a text */
};

struct pictures {
    struct picture *items;
    size_t count;
    int rc; /* 0 or -ENOMEM */
};

/* What a run's pictures are made from. */
struct picture_source {
    const struct summary *summary;
    const char *run_dir;         /* for what a run keeps beside its journal */
    const struct claims *claims; /* NULL: the run names none */
};

/* All pictures, in the order people look at them; `only`: one kind, NULL all. 0 or -ENOMEM; then *out is empty. */
int pictures_make(struct pictures *out, const struct picture_source *source, const char *only, struct error *err);
void pictures_free(struct pictures *pictures);
/* "speedup" and so on; NULL past the last. */
const char *picture_kind(size_t index);

/* -- for the makers (bench/report/plot/KIND.c) --------------------------------------------------------------------- */

/* Adds the pictures of one kind: of a group that compares, or (NULL) of the whole run. What there is nothing to draw of
 * gets no picture; where there is no memory, pictures->rc says so. */
typedef void picture_maker(struct pictures *out, const struct picture_source *source, const struct plan_group *group);
picture_maker picture_ranking;   /* a group: all variants sorted, with their intervals */
picture_maker picture_speedup;   /* a group: bars of every variant over both baselines */
picture_maker picture_square;    /* a group: runtime x model, each ratio in a tile */
picture_maker picture_phases;    /* a group: where the time of a variant goes */
picture_maker picture_timeline;  /* a group and runtime: when each job ran, model by model */
picture_maker picture_latency;   /* a group that waits: how long jobs took */
picture_maker picture_scaling;   /* a sweep: gains over workers, with the fitted laws */
picture_maker picture_memory;    /* a sweep: peak memory over workers, and the cost of one more */
picture_maker picture_stability; /* a group: every sample in run order */
picture_maker picture_claims;    /* the run: what was published beside what was measured */

/*
 * Adds a picture, whose stem is KIND-NAME (`name` NULL: the group's): what is no letter, digit, point, dash or underscore
 * becomes an underscore, and then, or where the stem is taken, the group's id is appended. Title and subtitle are the
 * group's. NULL: no memory.
 */
struct picture *picture_add(struct pictures *out, const struct summary *summary, const char *kind,
                            const struct plan_group *group, const char *name);
/* The same of a sweep over workers whose first group this is. */
struct picture *picture_add_sweep(struct pictures *out, const struct summary *summary, const char *kind,
                                  const struct plan_group *first);
/* The rows that follow are the block NAME; `NAME=COUNT` becomes a setting, for gnuplot has no name for an empty block. */
void picture_block(struct picture *p, const char *name, ...) __attribute__((format(printf, 2, 3)));
/* A row: numbers, NaN where one is not known, then (unless NULL) a name and a label in quotes. */
void picture_row_of(struct picture *p, const char *name, const char *label, const double *numbers, size_t count);
#define picture_row(p, name, label, ...)                          \
    picture_row_of(p, name, label, (const double[]){__VA_ARGS__}, \
                   sizeof((const double[]){__VA_ARGS__}) / sizeof(double))
/* Ends a line of points: the next row begins another. */
void picture_gap(struct picture *p);
/* Replaces one of a picture's texts; control characters, which no SVG may have, become blanks. */
void picture_say(struct picture *p, char **text, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Appends to one, with a separator between. */
void picture_append(struct picture *p, char **text, const char *separator, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
#define picture_set(p, ...) picture_append(p, &(p)->settings, "; ", __VA_ARGS__)

#endif
