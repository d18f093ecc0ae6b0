/* SPDX-License-Identifier: MIT */
/* The makers, one a kind of picture and a file each (bench/report/plot/KIND.c): each adds its pictures and returns 0, -ENOMEM, or
 * another negative errno with err filled in. A run that has nothing for a kind gets none of it. */
#ifndef BENCH_REPORT_PLOT_PICTURES_H
#define BENCH_REPORT_PLOT_PICTURES_H

#include "bench/report/plot/picture.h"

typedef int picture_maker(struct pictures *out, const struct picture_source *source, struct error *err);

picture_maker picture_ranking;   /* a group: all variants sorted, with their intervals */
picture_maker picture_speedup;   /* a group: bars of every variant over both baselines */
picture_maker picture_square;    /* a group: runtime x model, each ratio in a tile */
picture_maker picture_phases;    /* a group: where the time of a variant goes */
picture_maker picture_timeline;  /* a group and runtime: when each job ran, model by model */
picture_maker picture_latency;   /* a group that waits: how long jobs took */
picture_maker picture_scaling;   /* a sweep: gains over workers, with the fitted laws */
picture_maker picture_memory;    /* a sweep: peak memory over workers, and the price of one more */
picture_maker picture_stability; /* a group: every sample in run order */
picture_maker picture_claims;    /* the run: what was published beside what was measured */

/* All pictures, in the order people look at them; `only`: one kind, NULL all. 0, or a negative errno with err filled
 * in; then *out is empty. */
int pictures_make(struct pictures *out, const struct picture_source *source, const char *only, struct error *err);
/* "speedup" and so on; NULL past the last. */
const char *picture_kind(size_t index);

#endif
