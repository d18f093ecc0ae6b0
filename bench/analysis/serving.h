/* SPDX-License-Identifier: MIT */
/*
 * What servers do under load, from the samples of groups of serving (docs/serving.md): medians over the rounds, each round's
 * throughput compared with that of the group's fastest, and the same server with its work native and in Python. Pure. A double that
 * is not known is NaN.
 */
#ifndef BENCH_ANALYSIS_SERVING_H
#define BENCH_ANALYSIS_SERVING_H

#include "bench/analysis/summary.h"

#define SERVING_CLIENT_BOUND 0.95 /* of a CPU: the client, which is one thread, was the limit */

enum serving_point_number {
    SERVING_OFFERED, /* requests a second; NaN: a closed loop */
    SERVING_RATE,    /* answers a second, of all of the load */
    SERVING_P50,     /* seconds; of open loops from when a request was due */
    SERVING_P99,
    SERVING_P999,
    SERVING_TIMED_OUT, /* shares of the requests */
    SERVING_REFUSED,
    SERVING_CPU,    /* the server's, in seconds for each answer */
    SERVING_CLIENT, /* the client's, in CPUs */
    SERVING_NUMBERS
};

/* One load. */
struct serving_point {
    int64_t percent; /* of the saturation; 0: the closed loop that found it */
    double value[SERVING_NUMBERS];
    struct summary_interval rate_ci, p99_ci;
};

struct serving_row {
    const struct summary_cell *cell;
    struct serving_point points[SERVING_LOADS]; /* the first is the saturation */
    size_t count;                               /* 0: it was not timed */
    struct ratio against;                       /* its throughput at saturation over that of the group's fastest */
    bool fastest;
    double ready_s;
    double unanswered; /* at saturation: the share of requests without an answer */
    double fair;       /* what a worker answered on average over what the busiest one did; NaN: there is one */
    double bytes;      /* memory (PSS) without a connection */
    double wrk_rate;   /* answers a second, by wrk; NaN: it was not asked to */
    double connection_bytes, held; /* what each idle connection costs, how many it held */
};

/* The same server, task and load with its work native and in Python. */
struct serving_native {
    const struct serving_row *native, *python;
    struct ratio ratio; /* throughput of the native one over the other's */
};

struct serving {
    struct serving_row *rows; /* in the order of the plan */
    struct serving_native *natives;
    size_t count, native_count;
    double margin; /* the run's */
};

/* `summary` is borrowed. */
void serving_make(struct serving *out, const struct summary *summary);
void serving_free(struct serving *serving);
/* The fastest of a group, or of one runtime of it; NULL: none was timed. */
const struct serving_row *serving_fastest(const struct serving *serving, const struct plan_group *group,
                                          const char *runtime);
/* Its load at so many per cent; NULL: there is none. */
const struct serving_point *serving_at(const struct serving_row *row, int64_t percent);
/* Whether a ratio lies clearly above 1, or clearly below: by its interval and the margin; without an interval by RATIO_UNRESOLVED. */
bool serving_is_more(const struct ratio *ratio, double margin);
bool serving_is_less(const struct ratio *ratio, double margin);
/* Whether the client was the limit of its saturation. */
bool serving_client_bound(const struct serving_row *row);

#endif
