/* SPDX-License-Identifier: MIT */
/* How long jobs took, in every format. Each number says whether its loop was closed or open. */
#ifndef BENCH_REPORT_LATENCY_H
#define BENCH_REPORT_LATENCY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "bench/report/format.h"
#include "bench/analysis/summary.h"

#define RENDER_LATENCY_CLOSED "Latency a job, closed loop: from its start to its end"
#define RENDER_LATENCY_OPEN   "Latency a job, open loop: from when it was to start to its end"
#define RENDER_LATENCY_LEGEND                                                                                          \
    "medians of the rounds' percentiles over the jobs. Closed loop: a worker that waits asks nothing meanwhile, so "   \
    "that a "                                                                                                          \
    "stall costs only the few jobs it meets. Open loop: jobs come at their rate whatever happens, and a late one has " \
    "waited since it was to start; there is no speedup, as the rate decides how long the work takes."

/* Is there something to wait for, so that latency says more than the work time? */
bool render_latency_speaks(const struct result_group *group);
bool render_latency_any(const struct summary *summary);
/* "49.8/s", "?" where it is not known. */
const char *render_latency_rate(struct format *f, double rate);

/* Adds "loop", "latency_ci_s" and "open_loop" to a cell of summary.json. 0 or -ENOMEM. */
int render_latency_json(const struct summary_cell *cell, json_t *object);

#define RENDER_LATENCY_CSV                                                                                       \
    "loop,rate,arrivals,latency_p50_low_s,latency_p50_high_s,latency_p99_low_s,latency_p99_high_s,offered_rate," \
    "achieved_rate,late_p50_s,late_p99_s,late_max_s,rounds_rate_missed"
enum { RENDER_LATENCY_COLUMNS = 13 };
/* A comma and these columns. */
void render_latency_csv(const struct summary_cell *cell, FILE *out);

/* The table of one group, for summary.md. */
void render_latency_markdown(const struct summary *summary, const struct result_group *group, FILE *out);
/* A section of the page, one table for all groups; nothing where no group waits. */
void render_latency_html(const struct summary *summary, FILE *out);
bool render_latency_html_any(const struct summary *summary);

#endif
