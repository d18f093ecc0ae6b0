/* SPDX-License-Identifier: MIT */
/* The member "serving" of a line of samples.jsonl, written and read by one table. */
#include "bench/store/serving.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct member {
    const char *key;
    size_t at;
};

#define OF(type, field) offsetof(struct type, field)
static const struct member sample_members[] = {
    {"ready_ns", OF(serving_sample, ready_ns)},         {"workers", OF(serving_sample, workers)},
    {"requests", OF(serving_sample, requests)},         {"most", OF(serving_sample, most)},
    {"refused", OF(serving_sample, refused)},           {"errors", OF(serving_sample, errors)},
    {"wrk_answered", OF(serving_sample, wrk_answered)}, {"wrk_span_ns", OF(serving_sample, wrk_span_ns)},
};
static const struct member load_members[] = {
    {"percent", OF(serving_load, percent)},
    {"gap_ns", OF(serving_load, gap_ns)},
    {"requests", OF(serving_load, requests)},
    {"answered", OF(serving_load, answered)},
    {"timed_out", OF(serving_load, timed_out)},
    {"refused", OF(serving_load, refused)},
    {"span_ns", OF(serving_load, span_ns)},
    {"p50_ns", OF(serving_load, p50_ns)},
    {"p99_ns", OF(serving_load, p99_ns)},
    {"p999_ns", OF(serving_load, p999_ns)},
    {"server_cpu_ns", OF(serving_load, server_cpu_ns)},
    {"client_cpu_ns", OF(serving_load, client_cpu_ns)},
};
static const struct member idle_members[] = {
    {"connections", OF(serving_idle, connections)},
    {"bytes", OF(serving_idle, bytes)},
};
#define COUNT(table) (sizeof(table) / sizeof *(table))

static json_t *members_json(const struct member *members, size_t count, const void *of)
{
    json_t *object = json_object();
    for (const struct member *m = members; m < members + count; m++) {
        const int64_t value = *(const int64_t *)(const void *)((const char *)of + m->at);
        json_object_set_new(object, m->key, value < 0 ? json_null() : json_integer((json_int_t)value));
    }
    return object;
}

static void members_read(const struct json_field *object, const struct member *members, size_t count, void *of)
{
    for (const struct member *m = members; m < members + count; m++) {
        const struct json_field *field = json_field_get(object, m->key);
        const bool known = field != NULL && field->kind == JSON_INTEGER && field->integer >= 0;
        *(int64_t *)(void *)((char *)of + m->at) = known ? field->integer : -1;
    }
}

/* Loads and idle connections are objects in an object, by number: a line's arrays are not kept (bench/util/json_line.h). */
json_t *serving_json(const struct serving_sample *s)
{
    json_t *object = members_json(sample_members, COUNT(sample_members), s), *loads = json_object(),
           *idle = json_object();
    char number[24];
    for (size_t i = 0; i < s->load_count; i++) {
        snprintf(number, sizeof number, "%zu", i);
        json_object_set_new(loads, number, members_json(load_members, COUNT(load_members), &s->loads[i]));
    }
    for (size_t i = 0; i < s->idle_count; i++) {
        snprintf(number, sizeof number, "%zu", i);
        json_object_set_new(idle, number, members_json(idle_members, COUNT(idle_members), &s->idle[i]));
    }
    json_object_set_new(object, "loads", loads);
    json_object_set_new(object, "idle", idle);
    return object;
}

/* The member called so; NULL: there is none. */
static const struct json_field *numbered(const struct json_field *object, size_t i)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", i);
    return json_field_get(object, number);
}

void serving_read(const struct json_field *object, struct serving_sample *out)
{
    const struct json_field *loads = json_field_get(object, "loads"), *idle = json_field_get(object, "idle"), *row;
    *out = (struct serving_sample){.load_count = 0};
    members_read(object, sample_members, COUNT(sample_members), out);
    for (; out->load_count < SERVING_LOADS && (row = numbered(loads, out->load_count)) != NULL; out->load_count++)
        members_read(row, load_members, COUNT(load_members), &out->loads[out->load_count]);
    for (; out->idle_count < SERVING_IDLE && (row = numbered(idle, out->idle_count)) != NULL; out->idle_count++)
        members_read(row, idle_members, COUNT(idle_members), &out->idle[out->idle_count]);
}
