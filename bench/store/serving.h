/* SPDX-License-Identifier: MIT */
/*
 * What a sample of a server holds (docs/serving.md): the loads it was put under, what idle connections cost, what the server said
 * at its end. In samples.jsonl it is the member "serving". Times in nanoseconds; -1: not known.
 */
#ifndef BENCH_STORE_SERVING_H
#define BENCH_STORE_SERVING_H

#include <jansson.h>
#include <stdint.h>

#include "bench/plan/plan.h"
#include "bench/util/json_line.h"

#define SERVING_IDLE 8

/* One load. The first of a timed sample is a closed loop, which finds the saturation; the others are open ones. */
struct serving_load {
    int64_t percent; /* of the saturation; 0: the closed loop */
    int64_t gap_ns;  /* between two requests on average; 0: the closed loop */
    int64_t requests, answered;
    int64_t timed_out, refused;      /* the rest: no answer in time; the others */
    int64_t span_ns;                 /* from the opening of the gate to the last answer */
    int64_t p50_ns, p99_ns, p999_ns; /* of what was answered; in an open loop from when the request was due */
    int64_t server_cpu_ns, client_cpu_ns;
};

/* Memory of all processes of the server that holds so many idle connections. */
struct serving_idle {
    int64_t connections, bytes;
};

struct serving_sample {
    int64_t ready_ns;                        /* from its start to its first word */
    int64_t workers;                         /* how many it says it has */
    int64_t requests, most, refused, errors; /* by its own count: of all workers, of the busiest one */
    int64_t wrk_answered, wrk_span_ns;       /* of a closed loop by wrk; 0: there was none */
    struct serving_load loads[SERVING_LOADS];
    size_t load_count;
    struct serving_idle idle[SERVING_IDLE]; /* the last is as many as it held */
    size_t idle_count;
};

/* A new object. */
json_t *serving_json(const struct serving_sample *s);
/* Reads one back; what is missing or of another type is not known. NULL: `out` is one of nothing. */
void serving_read(const struct json_field *object, struct serving_sample *out);

#endif
