/* SPDX-License-Identifier: MIT */
/*
 * What handing over a job costs, from the gains at several job lengths. A job of length t takes its worker t + h, so that of
 * what a machine can do at once (its capacity) a model reaches
 *
 *   share(t) = gain(t) / capacity = t / (t + h)
 *
 * a half at t = h and a share p at t = h p / (1 - p): 90% at 9 h. (The half-performance length of Hockney and Jesshope:
 * Parallel Computers (1981), section 1.3.2, with the length of a job in the place of a vector's.)
 *
 * Fitted by least squares of log(share), as noise is a factor, in the one unknown h, by Gauss and Newton's steps; the interval
 * is the linear one of 95%, h -+ t(n - 1) standard errors, from the residuals. h is not held above 0: where it was too small
 * to show its interval holds 0. Pure; no state.
 */
#ifndef BENCH_STATS_HANDOVER_H
#define BENCH_STATS_HANDOVER_H

#include <stdbool.h>

#include "bench/stats/order.h"

/* Fewer points, or a longest job that is not ten times the shortest, are no curve. */
#define HANDOVER_POINTS_MIN 3
#define HANDOVER_SPAN_MIN   10.0
/* The points may lie off the curve by this much (root mean square in logarithms); a poorer fit is refused. */
#define HANDOVER_POOR_RMS 0.25

struct handover_point {
    double job_s, share; /* both above 0; noise may lift a share above 1 */
};

struct handover {
    bool accepted;
    char reason[96];              /* why not; "" where accepted */
    double shortest_s, longest_s; /* of the jobs; NaN without points */
    double rms;                   /* NaN where nothing was fitted */
    struct stats_interval each_s; /* h; NaN where not accepted */
};

/* Always fills *out. 0, or -EDOM (a point is no positive number); what cannot be fitted is no error but a refusal with its
 * reason. */
int handover_fit(const struct handover_point *points, size_t n, struct handover *out);
/* The length of job that reaches a share in (0, 1); its ends are never below 0. NaN where the fit was refused. */
struct stats_interval handover_length(const struct handover *fit, double share);
/* Without a law: between the longest job that does not reach the share (0: all do) and the next longer one (NaN: the longest
 * does not), the estimate being NaN. */
struct stats_interval handover_between(const struct handover_point *points, size_t n, double share);

#endif
