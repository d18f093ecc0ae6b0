/* SPDX-License-Identifier: MIT */
/* hyperfine: how it is called and what its JSON says. Versions differ: 1.x has an array `times` (seconds) beside
 * `exit_codes`; 2.0 has `schema_version` 2 and `measurements` whose numbers are objects of a value and its unit. */
#include "bench/process/hyperfine.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    double seconds;
} units[] = {
    {"s", 1.0},   {"second", 1.0},       {"seconds", 1.0},
    {"ms", 1e-3}, {"millisecond", 1e-3}, {"milliseconds", 1e-3},
    {"us", 1e-6}, {"microsecond", 1e-6}, {"microseconds", 1e-6},
    {"ns", 1e-9}, {"nanosecond", 1e-9},  {"nanoseconds", 1e-9},
};

/* Nanoseconds from a number of seconds or from {value, unit}; -1 where it is neither or makes no sense. */
static int64_t read_time(const json_t *value)
{
    double scale = 1.0;
    if (json_is_object(value)) {
        const char *unit = json_string_value(json_object_get(value, "unit"));
        scale = 0.0;
        for (size_t i = 0; unit != NULL && i < sizeof units / sizeof *units; i++)
            if (strcmp(unit, units[i].name) == 0)
                scale = units[i].seconds;
        value = json_object_get(value, "value");
    }
    const double ns = json_is_number(value) ? json_number_value(value) * scale * 1e9 : -1.0;
    return scale > 0.0 && isfinite(ns) && ns >= 0.0 && ns < 9e18 ? (int64_t)llround(ns) : -1;
}

static int read_exit(const json_t *value)
{
    const json_int_t rc = json_is_integer(value) ? json_integer_value(value) : -1;
    return rc >= 0 && rc <= 255 ? (int)rc : -1;
}

static const json_t *only(const json_t *array) { return json_array_size(array) == 1 ? json_array_get(array, 0) : NULL; }

int hyperfine_parse(const char *text, size_t length, struct timing *out, struct error *err)
{
    if (length == 0)
        return error_set(err, -EINVAL, "hyperfine wrote nothing");
    json_error_t where;
    json_t *root = json_loadb(text, length, 0, &where);
    if (root == NULL)
        return error_set(err, -EINVAL, "hyperfine's JSON: line %d: %s", where.line, where.text);
    int rc = 0;
    const json_t *result = only(json_object_get(root, "results"));
    const json_t *runs = json_object_get(result, "measurements");
    if (runs != NULL) {
        const json_t *run = only(runs);
        *out = (struct timing){.wall_ns = read_time(json_object_get(run, "time_wall_clock")),
                               .user_ns = read_time(json_object_get(run, "time_user")),
                               .system_ns = read_time(json_object_get(run, "time_system")),
                               .exit = read_exit(json_object_get(run, "exit_code"))};
        if (out->exit < 0) /* where a version keeps it beside the measurements */
            out->exit = read_exit(json_object_get(result, "exit_code"));
    } else {
        *out = (struct timing){.wall_ns = read_time(only(json_object_get(result, "times"))),
                               .user_ns = read_time(json_object_get(result, "user")),
                               .system_ns = read_time(json_object_get(result, "system")),
                               .exit = read_exit(only(json_object_get(result, "exit_codes")))};
    }
    if (out->wall_ns < 0)
        rc = error_set(err, -EINVAL, "hyperfine's JSON does not hold one result with one time");
    json_decref(root);
    return rc;
}

void hyperfine_argv(struct string_list *out, const struct string_list *command, const char *json)
{
    static const char *const fixed[] = {"hyperfine", "-N", "-i",      "--runs", "1",
                                        "--warmup",  "0",  "--style", "none",   "--export-json"};
    char *line = string_list_quote(command);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        string_list_add(out, fixed[i]);
    string_list_add(out, json);
    string_list_add(out, line);
    free(line);
}
