/* SPDX-License-Identifier: MIT */
/* JSON lines: append, fsync; what events.jsonl says. There are few events, so that its file is opened for each. */
#define _DEFAULT_SOURCE /* flock */
#include "bench/store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

#define EVENTS_MAX     (16u << 20) /* bytes */
#define EVENTS_VERSION 1

/* A lock that is not to be had for another reason (a file system without locks) keeps nobody from measuring. */
static int lock(int fd)
{
    int rc;
    do
        rc = flock(fd, LOCK_EX | LOCK_NB);
    while (rc != 0 && errno == EINTR);
    return rc != 0 && errno == EWOULDBLOCK ? -EBUSY : 0;
}

int journal_open(const char *path, struct journal *out, struct error *err)
{
    struct stat st;
    *out = (struct journal){.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0666)};
    int rc = out->fd < 0 || fstat(out->fd, &st) != 0 ? -errno : lock(out->fd);
    if (rc == 0) {
        out->path = xstrdup(path);
        out->length = st.st_size;
        return 0;
    }
    journal_close(out);
    return error_set(err, rc, "%s: %s", path, rc == -EBUSY ? "another cobench is writing to it" : strerror(-rc));
}

int journal_cut(struct journal *journal, int64_t length, struct error *err)
{
    if (length >= journal->length)
        return 0;
    if (ftruncate(journal->fd, (off_t)length) != 0 || fsync(journal->fd) != 0)
        return error_set(err, -errno, "%s: its last line is cut short and cannot be cut off: %s", journal->path,
                         strerror(errno));
    journal->length = length;
    return 0;
}

int journal_append(struct journal *journal, const json_t *line, struct error *err)
{
    char *text = json_dumps(line, JSON_COMPACT);
    const size_t length = strlen(text);
    text[length] = '\n'; /* in the place of the NUL */
    int rc = file_write_all(journal->fd, text, length + 1);
    free(text);
    if (rc == 0 && fsync(journal->fd) != 0)
        rc = -errno;
    if (rc == 0) {
        journal->length += (int64_t)length + 1;
        return 0;
    }
    if (ftruncate(journal->fd, (off_t)journal->length) != 0)
        return error_set(err, rc, "%s: %s, and its last line is cut short", journal->path, strerror(-rc));
    return error_set(err, rc, "%s: %s; what was written before is whole", journal->path, strerror(-rc));
}

void journal_close(struct journal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd); /* every line was fsynced */
    free(journal->path);
    *journal = (struct journal){.fd = -1};
}

/* -- events ----------------------------------------------------------------------------------------------------------- */

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

json_t *events_neighbours(const struct events *events)
{
    static const char *const keys[] = {"pid", "user", "from", "until"};
    json_t *runs = json_object(), *out = json_array(), *one;
    const json_t *line;
    const char *name;
    size_t i;
    json_array_foreach(events->lines, i, line)
    {
        if (!is_what(line, "neighbour"))
            continue;
        char *known = text_format("%.17g %.17g", json_number_value(json_object_get(line, "pid")),
                                  json_number_value(json_object_get(line, "from")));
        json_object_set_new(runs, known, one = json_object());
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            json_t *value = json_object_get(line, keys[k]);
            json_object_set_new(one, keys[k], json_is_number(value) ? json_incref(value) : json_null());
        }
        free(known);
    }
    json_object_foreach(runs, name, one) json_array_append(out, one);
    json_decref(runs);
    return out;
}

int events_append(const char *folder, const char *what, json_t *more, struct error *err)
{
    struct timespec now;
    struct journal journal;
    size_t whole = 0;
    char *path = text_format("%s/events.jsonl", folder), *text = NULL;
    clock_gettime(CLOCK_REALTIME, &now);
    json_t *line = json_pack("{si ss sf}", "event", EVENTS_VERSION, "what", what, "at",
                             (double)now.tv_sec + (double)now.tv_nsec / 1e9);
    json_object_update(line, more);
    int rc = journal_open(path, &journal, err);
    if (rc == 0 && (rc = file_read(path, EVENTS_MAX, &text, &whole)) != 0)
        error_set(err, rc, "%s: %s", path, strerror(-rc));
    while (rc == 0 && whole > 0 && text[whole - 1] != '\n') /* a crash may have left half a line */
        whole--;
    if (rc == 0)
        rc = journal_cut(&journal, (int64_t)whole, err);
    if (rc == 0)
        rc = journal_append(&journal, line, err);
    journal_close(&journal);
    free(text);
    free(path);
    json_decref(line);
    json_decref(more);
    return rc;
}
