/* SPDX-License-Identifier: MIT */
/* events.jsonl, in and out. There are few of them, so the file is opened for each. */
#include "bench/store/events.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/util/files.h"
#include "bench/store/journal.h"
#include "bench/util/text.h"

#define EVENTS_MAX     (16u << 20) /* bytes */
#define EVENTS_VERSION 1

int events_parse(const char *text, size_t length, struct events *out, struct error *err)
{
    size_t number = 0;
    const char *end, *stop = text + length;
    *out = (struct events){.lines = json_array()};
    for (const char *at = text; at < stop && (end = memchr(at, '\n', (size_t)(stop - at))) != NULL; at = end + 1) {
        json_error_t problem;
        json_t *json = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, &problem);
        number++;
        if (!json_is_string(json_object_get(json, "what")) ||
            json_integer_value(json_object_get(json, "event")) != EVENTS_VERSION) {
            json_decref(json);
            events_free(out);
            return error_set(err, -EPROTO, "events.jsonl line %zu: %s", number,
                             json == NULL ? problem.text : "no event of version 1");
        }
        json_array_append_new(out->lines, json);
    }
    return 0;
}

void events_free(struct events *events)
{
    json_decref(events->lines);
    events->lines = NULL;
}

static bool is_what(const json_t *line, const char *what)
{
    return strcmp(json_string_value(json_object_get(line, "what")), what) == 0;
}

json_t *events_forced(const struct events *events)
{
    json_t *out = json_array(), *seen = json_object(), *text;
    const json_t *line;
    size_t i, k;
    json_array_foreach(events->lines, i, line)
    {
        const json_t *differences = is_what(line, "forced") ? json_object_get(line, "differences") : NULL;
        json_array_foreach(differences, k, text)
        {
            const char *key = json_string_value(text);
            if (key != NULL && json_object_get(seen, key) == NULL) {
                json_object_set_new(seen, key, json_true());
                json_array_append(out, text);
            }
        }
    }
    json_decref(seen);
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
        if (!is_what(line, "neighbour"))
            continue;
        json_t *one = json_object();
        const size_t place = neighbour_place(out, line);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            json_t *value = json_object_get(line, keys[k]);
            json_object_set_new(one, keys[k], json_is_number(value) ? json_incref(value) : json_null());
        }
        if (place < json_array_size(out))
            json_array_set_new(out, place, one);
        else
            json_array_append_new(out, one);
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
    struct journal journal;
    int64_t whole = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    json_t *line = json_pack("{si ss sf}", "event", EVENTS_VERSION, "what", what, "at",
                             (double)now.tv_sec + (double)now.tv_nsec / 1e9);
    json_object_update(line, more);
    char *path = text_format("%s/events.jsonl", folder);
    int rc = journal_open(path, &journal, err);
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
