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
#include "bench/analysis/scaling.h"
#include "bench/analysis/summary.h"

enum { PICTURE_WORDS = 4, PICTURE_NUMBERS = 9 };

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
    char block[40];                /* the block of data that rows go into */
    size_t rows, columns;          /* of it */
    size_t known[PICTURE_NUMBERS]; /* of each column: how many rows know the number */
    int longest;                   /* columns of the longest name */
};

/* What a run's pictures are made from. */
struct picture_source {
    const struct summary *summary;
    const char *run_dir;         /* for what a run keeps beside its journal */
    const struct claims *claims; /* NULL: the run names none */
};

struct pictures {
    struct picture *items;
    size_t count;
    const struct picture_source *source; /* while they are made */
};

/* All pictures, in the order people look at them; `only`: one kind, NULL all. */
void pictures_make(struct pictures *out, const struct picture_source *source, const char *only);
void pictures_free(struct pictures *pictures);
/* "speedup" and so on; NULL past the last. */
const char *picture_kind(size_t index);

/* -- for the makers (bench/report/plot/KIND.c) --------------------------------------------------------------------- */

/* Adds the pictures of one kind: of a group that compares, or (NULL) of the whole run. What there is nothing to draw of
 * gets no picture. */
typedef void picture_maker(struct pictures *out, const struct plan_group *group);
picture_maker picture_ranking, picture_speedup, picture_square, picture_phases, picture_timeline, picture_latency,
    picture_scaling, picture_memory, picture_claims, picture_pythons, picture_ladder, picture_throughput,
    picture_connections, picture_updates;

/*
 * Adds a picture, whose stem is KIND-NAME (`name` NULL: the group's): what is no letter, digit, point, dash or underscore
 * becomes an underscore, and then, or where the stem is taken, the group's id is appended. Title and subtitle are the
 * group's. It is the last one's until the next is added.
 */
struct picture *picture_add(struct pictures *out, const char *kind, const struct plan_group *group, const char *name);
/* The same of the sweep that a curve belongs to. */
struct picture *picture_add_sweep(struct pictures *out, const char *kind, const struct scaling_curve *curve);
/*
 * The rows that follow are the block NAME. `NAME=ROWS` and `NAME_known="..."`, of each column of numbers how many are known,
 * become settings: gnuplot warns of what has nothing to draw, and a warning is an error.
 */
void picture_block(struct picture *p, const char *name, ...) __attribute__((format(printf, 2, 3)));
/* A row: numbers, NaN where one is not known, then (unless NULL) a name and a label in quotes. */
void picture_row_of(struct picture *p, const char *name, const char *label, const double *numbers, size_t count);
#define picture_row(p, name, label, ...)                          \
    picture_row_of(p, name, label, (const double[]){__VA_ARGS__}, \
                   sizeof((const double[]){__VA_ARGS__}) / sizeof(double))
/* Replaces one of a picture's texts; control characters, which no SVG may have, become blanks. */
void picture_say(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends to one, with a separator between. */
void picture_append(char **text, const char *separator, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define picture_set(p, ...) picture_append(&(p)->settings, "; ", __VA_ARGS__)

/* An axis that holds every value it was widened by; no number, or none above 0, does nothing. */
struct picture_axis {
    double low, high;
};
void picture_stretch(struct picture_axis *axis, double value);

/* -- the variants of a group: names, order, comparison ------------------------------------------------------------- */

struct picture_text {
    char text[300];
};

/* "c:threads" */
struct picture_text picture_variant(const struct result_cell *cell);
/* The next cell of a group after `cell` (NULL: the first); NULL: there is none. */
const struct summary_cell *picture_next(const struct summary *summary, const struct plan_group *group,
                                        const struct summary_cell *cell);
/* The place of a runtime in the fixed order c, embed, ext, py; 4 for others. */
size_t picture_runtime_place(const char *runtime);
/* The runtimes of the cells of a group in the fixed order, or (`models`) the models in the plan's. */
struct string_list picture_names(const struct summary *summary, const struct plan_group *group, bool models);
/* Which of the words it is; their count where it is none. */
size_t picture_place(const struct string_list *words, const char *word);
/* By which time variants compare over a baseline: the work, which shows the model alone; the whole command where all work
 * is too short for a ratio. */
enum ratio_time picture_time(const struct summary *summary, const struct plan_group *group, enum ratio_base base);
/* Has any variant a ratio over the baseline, beside the baseline itself? */
bool picture_compares(const struct summary *summary, const struct plan_group *group, enum ratio_base base);
/* "over its own sync from 0.64x (ext:processes) to 2.10x (c:threads)": the extremes of picture_time. */
struct picture_text picture_extremes(const struct summary *summary, const struct plan_group *group);
/* Why there is no ratio: "wrong result", "too short". */
const char *picture_why(const struct summary_cell *cell, const struct ratio *ratio);
/* The ends of an interval; the ratio itself where it has none. */
double picture_low(const struct ratio *ratio);
double picture_high(const struct ratio *ratio);

/* -- bars of ratios ------------------------------------------------------------------------------------------------ */

/* Bars are narrow: four characters. */
struct picture_text picture_bar_label(double ratio);
/* NAME_log, NAME_low and NAME_high: the axis of bars, with some space above, for the labels. */
void picture_set_bars(struct picture *p, const char *name, const struct picture_axis *values);

/* -- sweeps: the curves of one table are a picture ------------------------------------------------------------------ */

/* What a picture shows of a point; NaN: nothing. */
typedef double picture_value(const struct scaling_point *point);
/* The next of the curves, from `from` on, that is in the table of curve `of` and has something to show; their count where
 * there is none. So curve i begins a picture where picture_next_curve(scaling, i, 0, value) is i. */
size_t picture_next_curve(const struct scaling *scaling, size_t of, size_t from, picture_value *value);

/* -- pictures of one row for each variant, the best on top, coloured by the runtime -------------------------------- */

struct plot_row {
    const struct summary_cell *cell;
    double key; /* what they are sorted by, falling; NaN comes last */
};

struct plot_rows {
    struct plot_row *items; /* owned */
    size_t count, known;    /* with a key that is a number */
    struct picture_axis axis;
};

/* Of a cell; `what` is handed on to it. */
typedef double plot_key(const struct summary_cell *cell, const void *what);
struct plot_rows plot_rows_make(const struct summary *summary, const struct plan_group *group, plot_key *key,
                                const void *what);
/* A row: Y PLACE NUMBERS "NAME" "LABEL", Y from below, PLACE the runtime's; the numbers are NaN where its key is, else the
 * axis is stretched by them. */
void plot_rows_put(struct picture *p, struct plot_rows *rows, size_t row, const char *label, const double *numbers,
                   size_t count);
/* low=0.1; high=40: the axis, with some space at both ends. */
void plot_rows_set(struct picture *p, const struct plot_rows *rows);

#endif
