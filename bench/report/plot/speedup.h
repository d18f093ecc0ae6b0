/* SPDX-License-Identifier: MIT */
/*
 * One group's speedup chart as data: where each bar stands, its interval, the scale of each axis, the lines. Pure. The
 * upper panel ("own") is what the model buys, over the runtime's own sync; the lower ("base") what language and model
 * buy together. Bars stand together by model, in the order of the plan, and within one by runtime.
 */
#ifndef BENCH_REPORT_PLOT_SPEEDUP_H
#define BENCH_REPORT_PLOT_SPEEDUP_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/analysis/summary.h"

struct plot_bar {
    const struct summary_cell *cell;
    size_t model;       /* which cluster */
    size_t runtime;     /* place in the fixed order c, embed, ext, py, others */
    double x, capacity; /* the capacity of its runtime, NaN where there is none */
};

struct plot_panel {
    const char *name; /* "own", "base" */
    enum ratio_time time;
    enum ratio_base base;
    bool any;                           /* has it a bar at all? */
    bool logarithmic;                   /* the ratios span more than PLOT_LOG_SPAN */
    double low, high;                   /* of the axis */
    double ideal;                       /* NaN: not drawn here */
    size_t errors, missing, capacities; /* how many bars have an interval, no ratio, a capacity to be held against */
};

struct plot_speedup {
    struct plot_bar *bars;
    size_t count, models;
    double left, right; /* of the x axis; a bar is one wide */
    double spacing;     /* the least distance of two neighbouring models' names; the whole axis where there is one */
    int longest;        /* characters of the longest model's name */
    struct plot_panel panels[RATIO_BASES];
};

int plot_speedup_make(struct plot_speedup *plot, const struct summary *summary, const struct result_group *group);
void plot_speedup_free(struct plot_speedup *plot);

/*
 * The data file: named blocks (gnuplot's index "NAME") for each panel P: "P RUNTIME" (x, ratio) and, where the panel
 * has any, "P intervals" (x, ratio, low, high), "P labels" (x, y, text), "P missing" (x, why), "P capacity" (x, ratio);
 * and "models" (x, name). `what` points at a struct plot_speedup.
 */
int plot_speedup_write(const void *what, FILE *out);

/* The runtimes with a bar in a panel, with blanks between, to be freed; NULL: no memory. */
char *plot_speedup_runtimes(const struct plot_speedup *plot, const struct plot_panel *panel);

#endif
