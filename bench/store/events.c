/* SPDX-License-Identifier: MIT */
/* events.jsonl, in and out. There are few of them, so the file is opened for each. */
#include "bench/store/events.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/util/files.h"
#include "bench/store/journal.h"

#define EVENTS_MAX     (16u << 20) /* bytes */
#define EVENTS_VERSION 1

static int no_memory(struct error *err) { return error_set(err, -ENOMEM, "out of memory"); }

static int line_add(struct events *events, const char *line, size_t length, size_t number, struct error *err)
{
    json_error_t problem;
    json_t *json = json_loadb(line, length, JSON_REJECT_DUPLICATES, &problem);
    const json_t *version = json_object_get(json, "event");
    if (!json_is_string(json_object_get(json, "what")) || json_integer_value(version) != EVENTS_VERSION) {
        json_decref(json);
        return error_set(err, -EPROTO, "events.jsonl line %zu: %s", number,
                         json == NULL ? problem.text : "no event of version 1");
    }
    return json_array_append_new(events->lines, json) == 0 ? 0 : no_memory(err);
}

int events_parse(const char *text, size_t length, struct events *out, struct error *err)
{
    size_t number = 0;
    const char *end, *stop = text + length;
    *out = (struct events){.lines = json_array()};
    int rc = out->lines == NULL ? no_memory(err) : 0;
    for (const char *at = text; rc == 0 && at < stop && (end = memchr(at, '\n', (size_t)(stop - at))) != NULL;
         at = end + 1)
        rc = line_add(out, at, (size_t)(end - at), ++number, err);
    if (rc != 0)
        events_free(out);
    return rc;
}

int events_load(const char *folder, struct events *out, struct error *err)
{
    *out = (struct events){.lines = NULL};
    char *path = text_format("%s/events.jsonl", folder), *text = NULL;
    size_t length = 0;
    int rc = path == NULL ? -ENOMEM : file_read(path, EVENTS_MAX, &text, &length);
    if (rc == 0 || rc == -ENOENT)
        rc = events_parse(rc == 0 ? text : "", length, out, err);
    else
        error_set(err, rc, "%s/events.jsonl: %s", folder, strerror(-rc));
    free(text);
    free(path);
    return rc;
}

void events_free(struct events *events)
{
    json_decref(events->lines);
    events->lines = NULL;
}

static bool has_text(const json_t *array, const json_t *text)
{
    size_t i;
    const json_t *other;
    json_array_foreach(array, i, other) if (json_equal(other, text)) return true;
    return false;
}

json_t *events_forced(const struct events *events)
{
    json_t *out = json_array(), *text;
    const json_t *line;
    size_t i, k;
    json_array_foreach(events->lines, i, line)
    {
        if (strcmp(json_string_value(json_object_get(line, "what")), "forced") != 0)
            continue;
        json_array_foreach(json_object_get(line, "differences"), k,
                           text) if (json_is_string(text) && !has_text(out, text) && json_array_append(out, text) != 0)
        {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

/* Where in the array the run stands that a line is about; the array's size: it does not yet. */
static size_t neighbour_place(const json_t *array, const json_t *line)
{
    size_t i;
    const json_t *other;
    json_array_foreach(array, i,
                       other) if (json_equal(json_object_get(other, "pid"), json_object_get(line, "pid")) &&
                                  json_equal(json_object_get(other, "from"), json_object_get(line, "from"))) return i;
    return json_array_size(array);
}

json_t *events_neighbours(const struct events *events)
{
    static const char *const keys[] = {"pid", "user", "from", "until"};
    json_t *out = json_array();
    const json_t *line;
    size_t i;
    json_array_foreach(events->lines, i, line)
    {
        if (strcmp(json_string_value(json_object_get(line, "what")), "neighbour") != 0)
            continue;
        json_t *one = json_object();
        const size_t place = neighbour_place(out, line);
        int rc = one == NULL ? -1 : 0;
        for (size_t k = 0; rc == 0 && k < sizeof keys / sizeof *keys; k++) {
            json_t *value = json_object_get(line, keys[k]);
            rc = json_is_number(value) ? json_object_set(one, keys[k], value)
                                       : json_object_set_new(one, keys[k], json_null());
        }
        if (rc == 0)
            rc = place < json_array_size(out) ? json_array_set(out, place, one) : json_array_append(out, one);
        json_decref(one);
        if (rc != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

/* The end of the last whole line: a crash may have left half a one behind it. */
static int whole_length(const char *path, int64_t *out)
{
    char *text = NULL;
    size_t length = 0;
    const int rc = file_read(path, EVENTS_MAX, &text, &length);
    while (rc == 0 && length > 0 && text[length - 1] != '\n')
        length--;
    *out = (int64_t)length;
    free(text);
    return rc;
}

int events_append(const char *folder, const char *what, json_t *more, struct error *err)
{
    struct timespec now;
    struct journal journal = {.fd = -1};
    int64_t whole = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    json_t *line = json_pack("{si ss sf}", "event", EVENTS_VERSION, "what", what, "at",
                             (double)now.tv_sec + (double)now.tv_nsec / 1e9);
    char *path = text_format("%s/events.jsonl", folder);
    int rc = line == NULL || more == NULL || path == NULL || json_object_update(line, more) != 0 ? no_memory(err) : 0;
    if (rc == 0)
        rc = journal_open(path, &journal, err);
    if (rc == 0 && (rc = whole_length(path, &whole)) != 0)
        error_set(err, rc, "%s: %s", path, strerror(-rc));
    if (rc == 0)
        rc = journal_cut(&journal, whole, err);
    if (rc == 0)
        rc = journal_append(&journal, line, err);
    journal_close(&journal);
    free(path);
    json_decref(line);
    json_decref(more);
    return rc;
}
