/* SPDX-License-Identifier: MIT */
/* The variants of a group as pictures show them: their names, their order, how they compare; and pictures of one row for
 * each, the best on top, coloured by the runtime. */
#ifndef BENCH_REPORT_PLOT_ROWS_H
#define BENCH_REPORT_PLOT_ROWS_H

#include "bench/report/plot/picture.h"

struct picture_text {
    char text[240];
};

/* The next cell of a group after `cell` (NULL: the first); NULL: there is none. */
const struct summary_cell *picture_next(const struct summary *summary, const struct plan_group *group,
                                        const struct summary_cell *cell);
/* The place of a runtime in the fixed order c, embed, ext, py; 4 for others. */
size_t picture_runtime_place(const char *runtime);
/* The runtimes of the cells of a group in the fixed order, or (`models`) the models in the plan's. 0 or -ENOMEM. */
int picture_names(struct string_list *out, const struct summary *summary, const struct plan_group *group, bool models);
/* Which of the words it is; their count where it is none. */
size_t picture_place(const struct string_list *words, const char *word);
/* The columns of the longest word. */
int picture_longest(const struct string_list *words);
/* By which time variants compare over a baseline: the work, which shows the model alone; the whole command where all work
 * is too short for a ratio. */
enum ratio_time picture_time(const struct summary *summary, const struct plan_group *group, enum ratio_base base);
/* Has any variant a ratio, beside the baseline itself? */
bool picture_compares(const struct summary *summary, const struct plan_group *group, enum ratio_time time,
                      enum ratio_base base);
/* Has any cell a ratio to show, over either baseline? */
bool picture_has_ratio(const struct summary *summary, const struct plan_group *group);
/* "over its own sync from 0.64x (ext:processes) to 2.10x (c:threads)": the extremes of picture_time. */
struct picture_text picture_extremes(const struct summary *summary, const struct plan_group *group);
/* Why there is no ratio: "wrong result", "too short". */
const char *picture_why(const struct summary_cell *cell, const struct ratio *ratio);
/* The ends of an interval; the ratio itself where it has none. */
double picture_low(const struct ratio *ratio);
double picture_high(const struct ratio *ratio);
/* "c:threads" */
struct picture_text picture_variant(const struct result_cell *cell);

/* An axis that holds every value it was widened by; no number, or none above 0, does nothing. */
struct picture_axis {
    double low, high;
};
void picture_stretch(struct picture_axis *axis, double value);

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
/* The rows of a group. No memory: none, and out->rc says so. */
struct plot_rows plot_rows_make(struct pictures *out, const struct summary *summary, const struct plan_group *group,
                                plot_key *key, const void *what);
/* A row: Y PLACE NUMBERS "NAME" "LABEL", Y from below, PLACE the runtime's; the numbers are NaN where its key is. */
enum { ROW_NUMBERS = 8 };
void plot_rows_put(struct picture *p, const struct plot_rows *rows, size_t row, const char *label,
                   const double *numbers, size_t count);
/* low=0.1; high=40; longest=18: the axis, with some space at both ends, and the columns of the longest name. */
void plot_rows_set(struct picture *p, const struct plot_rows *rows);

#endif
