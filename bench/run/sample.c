/* SPDX-License-Identifier: MIT */
/* What a sample is made of, and the line it is in samples.jsonl. */
#include "bench/run/sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/util/text.h"

void sample_blank(struct sample_taken *s)
{
    struct timespec now;
    *s = (struct sample_taken){.status = CELL_OK,
                               .whole_ns = -1,
                               .exit = -1,
                               .work_ns = -1,
                               .user_ns = -1,
                               .system_ns = -1,
                               .failed_jobs = -1,
                               .peak_pss_bytes = -1,
                               .stuck = -1,
                               .looks = -1,
                               .looks_in_work = -1,
                               .held_pss_bytes = -1,
                               .flight = {-1, -1},
                               .latency = {-1, -1, -1, -1},
                               .origin_cpu_ns = -1,
                               .origin_wait_ns = -1,
                               .origin_wall_ns = -1,
                               .services = {-1, -1, -1},
                               .disturbed = json_array()};
    interference_unknown(&s->around);
    clock_gettime(CLOCK_REALTIME, &now);
    s->at = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void sample_none(enum cell_status status, const char *reason, struct sample_taken *out)
{
    sample_blank(out);
    out->status = status;
    text_set(&out->reason, reason);
}

void sample_free(struct sample_taken *s)
{
    free(s->reason);
    s->reason = NULL;
    json_decref(s->failures);
    json_decref(s->phases);
    json_decref(s->usage);
    json_decref(s->connections);
    json_decref(s->python);
    json_decref(s->knobs);
    json_decref(s->disturbed);
    json_decref(s->nodes);
    json_decref(s->dependencies);
    json_decref(s->audit);
    json_decref(s->hazards);
    free(s->serving);
    s->serving = NULL;
    s->failures = s->phases = s->usage = s->connections = s->python = s->knobs = s->disturbed = s->nodes = NULL;
    s->dependencies = s->audit = s->hazards = NULL;
    slots_close(&s->slots);
}

/* -- its line --------------------------------------------------------------------------------------------------------- */

#define SAMPLE_VERSION 1

static json_t *number(int64_t n) { return n < 0 ? json_null() : json_integer(n); }

static json_t *latency_json(const struct slots_latency *l)
{
    if (l->max < 0)
        return json_null();
    return json_pack("{sI sI sI sI}", "p50", (json_int_t)l->p50, "p90", (json_int_t)l->p90, "p99", (json_int_t)l->p99,
                     "max", (json_int_t)l->max);
}

static json_t *origin_json(const struct sample_taken *s)
{
    if (s->origin_cpu_ns < 0)
        return json_null();
    return json_pack("{sI so sI sn}", "cpu_ns", (json_int_t)s->origin_cpu_ns, "wait_ns", number(s->origin_wait_ns),
                     "wall_ns", (json_int_t)s->origin_wall_ns, "requests");
}

static json_t *services_json(const struct sample_taken *s)
{
    return json_pack("{so so so sI}", "cpu_ns", number(s->services.cpu_ns), "wait_ns", number(s->services.wait_ns),
                     "peak_bytes", number(s->services.peak_bytes), "cpus", (json_int_t)s->services_cpus);
}

static json_t *memory_json(const struct sample_taken *s)
{
    if (s->looks < 0)
        return json_null();
    return json_pack("{sI so so}", "looks", (json_int_t)s->looks, "looks_in_work", number(s->looks_in_work),
                     "held_pss_bytes", number(s->held_pss_bytes));
}

json_t *sample_json(const struct sample_taken *s, const struct sample_place *place)
{
    char digest[17], kinds[INTERFERENCE_TEXT_SIZE];
    snprintf(digest, sizeof digest, "%016" PRIx64, s->digest);
    /* A reason can hold bytes of a program's stderr that are no UTF-8. */
    json_t *reason = s->reason == NULL ? json_null() : json_string(s->reason);
    if (reason == NULL)
        reason = json_string("the reason given is not valid UTF-8");
    json_t *line = json_pack(
        "{si ss sI sI sI ss so sf so so so so so sO? sO? sO? sO? sI so ss? so so so so so so sO ss? ss?}", "sample",
        SAMPLE_VERSION, "pass", place->timed ? "timed" : "verify", "round", (json_int_t)place->round, "order",
        (json_int_t)place->order, "cell", (json_int_t)place->cell, "status", cell_status_name(s->status), "reason",
        reason, "at", s->at, "whole_ns", number(s->whole_ns), "exit", number(s->exit), "work_ns", number(s->work_ns),
        "user_ns", number(s->user_ns), "system_ns", number(s->system_ns), "phases", s->phases, "usage", s->usage,
        "connections", s->connections, "python", s->python, "failed_jobs",
        (json_int_t)(s->failed_jobs < 0 ? 0 : s->failed_jobs), "failures",
        s->failures == NULL ? json_array() : json_incref(s->failures), "digest", s->has_digest ? digest : NULL,
        "latency_ns", latency_json(&s->latency), "peak_pss_bytes", number(s->peak_pss_bytes), "memory", memory_json(s),
        "origin", origin_json(s), "in_flight_max", number(s->flight.most), "busy_ns", number(s->flight.busy_ns),
        "disturbed", s->disturbed, "loop",
        s->latency.max < 0 ? NULL
        : s->opened        ? "open"
                           : "closed",
        "disturbed_by", s->disturbances == 0 ? NULL : interference_text(s->disturbances, kinds));
    if (s->opened)
        json_object_set_new(line, "open_loop", open_loop_json(&s->open_loop));
    if (s->serving != NULL)
        json_object_set_new(line, "serving", serving_json(s->serving));
    if (s->nodes != NULL)
        json_object_set(line, "nodes", s->nodes);
    if (s->services.cpu_ns >= 0)
        json_object_set_new(line, "services", services_json(s));
    if (s->flight.waited_ns > 0)
        json_object_set_new(line, "connection_wait_ns", json_integer(s->flight.waited_ns));
    if (s->flight.most_waited_busy_ns > 0) {
        json_object_set_new(line, "most_waited_ns", json_integer(s->flight.most_waited_ns));
        json_object_set_new(line, "most_waited_busy_ns", json_integer(s->flight.most_waited_busy_ns));
    }
    if (s->dependencies != NULL)
        json_object_set(line, "dependencies", s->dependencies);
    if (s->audit != NULL)
        json_object_set(line, "audit", s->audit);
    if (s->hazards != NULL)
        json_object_set(line, "hazards", s->hazards);
    if (s->deadlock)
        json_object_set_new(line, "deadlock", json_true());
    if (json_object_size(s->knobs) > 0)
        json_object_set(line, "knobs", s->knobs);
    interference_add(&s->around, line);
    return line;
}
