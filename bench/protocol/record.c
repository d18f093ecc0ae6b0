/* SPDX-License-Identifier: MIT */
/* The record line a host writes of one run. Fields the schema does not know are let pass; those it asks for must be
 * there and of their type. */
#include "bench/protocol/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "bench/util/json.h"

static const struct {
    const char *name;
    int exit;
} statuses[] = {[RECORD_DONE] = {"done", 0},
                [RECORD_FAILED] = {"failed", 1},
                [RECORD_USAGE] = {"usage", 2},
                [RECORD_IMPOSSIBLE] = {"impossible", 77}};

/* What has to be there. */
static const struct json_shape fields[] = {
    {"record", "i"}, {"host", "s"},         {"runtime", "s"},     {"task", "sn"},         {"model", "sn"},
    {"jobs", "in"},  {"workers", "in"},     {"params", "o"},      {"start_method", "sn"}, {"status", "s"},
    {"exit", "i"},   {"reason", "sn"},      {"failed_jobs", "i"}, {"failures", "a"},      {"phases", "o"},
    {"usage", "o"},  {"connections", "in"}, {"python", "on"},     {NULL, NULL},
};

/* What only some runs have; where it is there it is whole. */
static const struct json_shape dependencies[] = {{"edges", "i"}, {"work_ns", "i"}, {"path_ns", "i"}, {NULL, NULL}};
static const struct json_shape audit[] = {{"wrong", "i"}, {"of", "i"}, {"finding", "s"}, {NULL, NULL}};
static const struct json_shape hazard[] = {{"kind", "s"}, {"text", "s"}, {NULL, NULL}};

/* Numbers; where one is there it is not below `least`. `in`: the object that has it, NULL: the record itself. */
static const struct {
    const char *in, *key;
    json_int_t least;
    size_t offset; /* in struct record; 0: not kept as a number */
} numbers[] = {
    {NULL, "jobs", 1, offsetof(struct record, jobs)},
    {NULL, "workers", 1, offsetof(struct record, workers)},
    {NULL, "failed_jobs", 0, offsetof(struct record, failed_jobs)},
    {NULL, "connections", 0, 0},
    {"phases", "start", INT64_MIN, offsetof(struct record, start_ns)},
    {"phases", "ready", INT64_MIN, offsetof(struct record, ready_ns)},
    {"phases", "work", INT64_MIN, offsetof(struct record, work_ns)},
    {"phases", "end", INT64_MIN, offsetof(struct record, end_ns)},
    {"usage", "user_ns", 0, offsetof(struct record, user_ns)},
    {"usage", "system_ns", 0, offsetof(struct record, system_ns)},
    {"dependencies", "edges", 0, 0},
    {"dependencies", "work_ns", 0, 0},
    {"dependencies", "path_ns", 0, 0},
    {"audit", "wrong", 0, 0},
    {"audit", "of", 1, 0},
};

static int read_numbers(struct record *r, struct error *err)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const json_t *in = numbers[i].in == NULL ? r->root : json_object_get(r->root, numbers[i].in);
        const json_t *value = json_object_get(in, numbers[i].key);
        const int64_t number = json_is_integer(value) ? json_integer_value(value) : -1;
        if (json_is_integer(value) && number < numbers[i].least)
            return error_set(err, -EINVAL, "the record's '%s' is %" PRId64, numbers[i].key, number);
        if (numbers[i].offset != 0)
            memcpy((char *)r + numbers[i].offset, &number, sizeof number);
    }
    return 0;
}

static int read_status(struct record *r, struct error *err)
{
    const char *status = json_string_value(json_object_get(r->root, "status"));
    const json_int_t rc = json_integer_value(json_object_get(r->root, "exit"));
    size_t s = 0;
    while (s < sizeof statuses / sizeof *statuses && strcmp(status, statuses[s].name) != 0)
        s++;
    if (s == sizeof statuses / sizeof *statuses)
        return error_set(err, -EINVAL, "the record's status '%s' is unknown", status);
    r->status = (enum record_status)s;
    if (rc != statuses[s].exit)
        return error_set(err, -EINVAL, "the record says %s, and exit status %" JSON_INTEGER_FORMAT, status, rc);
    return 0;
}

/* The parts that a record may do without. */
static int check_parts(const struct record *r, struct error *err)
{
    size_t i;
    const json_t *each;
    if (r->dependencies != NULL && json_misshapen(r->dependencies, dependencies) != NULL)
        return error_set(err, -EINVAL, "the record's 'dependencies' are not as they should be");
    if (r->audit != NULL && json_misshapen(r->audit, audit) != NULL)
        return error_set(err, -EINVAL, "the record's 'audit' is not as it should be");
    bool sound = r->hazards == NULL || json_is_array(r->hazards);
    json_array_foreach(r->hazards, i, each) sound = sound && json_misshapen(each, hazard) == NULL;
    return sound ? 0 : error_set(err, -EINVAL, "the record's 'hazards' are not as they should be");
}

/* What the types alone do not say. */
static int check_values(struct record *r, struct error *err)
{
    int rc = read_status(r, err);
    if (rc == 0)
        rc = check_parts(r, err);
    if (rc == 0)
        rc = read_numbers(r, err);
    if (rc != 0)
        return rc;
    const bool done = r->status == RECORD_DONE;
    if (r->start_ns < 0 || r->end_ns < r->start_ns ||
        (done && (r->ready_ns < r->start_ns || r->work_ns < r->ready_ns || r->end_ns < r->work_ns)))
        return error_set(err, -EINVAL, "the record's phases are out of order");
    if (done && (r->jobs < 0 || r->workers < 0))
        return error_set(err, -EINVAL, "the record says done, and not how many jobs and workers");
    if (done && r->failed_jobs != 0)
        return error_set(err, -EINVAL, "the record says done, and that jobs failed");
    return 0;
}

int record_parse(const char *text, size_t length, struct record *out, struct error *err)
{
    json_error_t where;
    json_t *root = json_loadb(text, length, 0, &where);
    if (root == NULL)
        return error_set(err, -EINVAL, "the record is no JSON: %s", length == 0 ? "it is empty" : where.text);
    *out = (struct record){.root = root,
                           .runtime = json_string_value(json_object_get(root, "runtime")),
                           .task = json_string_value(json_object_get(root, "task")),
                           .model = json_string_value(json_object_get(root, "model")),
                           .reason = json_string_value(json_object_get(root, "reason")),
                           .failures = json_object_get(root, "failures"),
                           .phases = json_object_get(root, "phases"),
                           .usage = json_object_get(root, "usage"),
                           .connections = json_object_get(root, "connections"),
                           .python = json_object_get(root, "python"),
                           .knobs = json_object_get(root, "knobs"),
                           .dependencies = json_object_get(root, "dependencies"),
                           .audit = json_object_get(root, "audit"),
                           .hazards = json_object_get(root, "hazards")};
    const char *wrong = json_misshapen(root, fields);
    int rc;
    if (!json_is_object(root))
        rc = error_set(err, -EINVAL, "the record is no JSON object");
    else if (wrong != NULL)
        rc = error_set(err, -EINVAL, "the record's '%s' is missing or of the wrong type", wrong);
    else if (json_integer_value(json_object_get(root, "record")) != 1)
        rc = error_set(err, -EINVAL, "the record is of a version this program does not know");
    else
        rc = check_values(out, err);
    if (rc != 0)
        record_free(out);
    return rc;
}

void record_free(struct record *record)
{
    json_decref(record->root);
    record->root = NULL;
}

bool record_failed_by(const struct record *record, const char *type)
{
    size_t i;
    const json_t *failure;
    json_array_foreach(record->failures, i, failure)
    {
        const char *its = json_string_value(json_object_get(failure, "type"));
        if (its != NULL && strcmp(its, type) == 0)
            return true;
    }
    return false;
}

void usage_add(json_t **sum, const json_t *more)
{
    const char *key;
    json_t *value;
    if (*sum == NULL && json_is_object(more))
        *sum = json_deep_copy(more);
    else if (json_is_object(more))
        json_object_foreach(*sum, key, value)
        {
            const json_t *other = json_object_get(more, key);
            const json_int_t a = json_integer_value(value), b = json_integer_value(other);
            const bool is_peak = strcmp(key, "max_rss_bytes") == 0;
            if (json_is_integer(value) && json_is_integer(other))
                json_integer_set(value, !is_peak ? a + b : a > b ? a : b);
            else
                json_object_set_new_nocheck(*sum, key, json_null());
        }
}
