/* SPDX-License-Identifier: MIT */
/* A file of JSON lines (samples.jsonl, events.jsonl): one line appended and fsynced a sample, so that a run cut off at
 * any instant loses at most the sample in flight. */
#ifndef BENCH_STORE_JOURNAL_H
#define BENCH_STORE_JOURNAL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/util/error.h"

struct journal {
    int fd;
    char *path;
    int64_t length; /* bytes of whole lines */
};

/*
 * Opens the file, an empty one where there is none, and keeps others from writing to it until it is closed: -EBUSY
 * where another process has it open. What holds it ends with the process, however that ends.
 */
int journal_open(const char *path, struct journal *out, struct error *err);
/* Cuts off what stands behind the first `length` bytes: the line a crash left half-written. */
int journal_cut(struct journal *journal, int64_t length, struct error *err);
/* Appends one line. Where it does not fit (a full disk) what came of it is cut off again and the journal stays whole. */
int journal_append(struct journal *journal, const json_t *line, struct error *err);
void journal_close(struct journal *journal);

/* events.jsonl: what happened to a run besides its samples (docs/run-directory.md; common/schema/event.schema.json). A
 * run to which nothing happened has no such file. */
struct events {
    json_t *lines; /* an array of objects, in order */
};

/* From the file's bytes. -EPROTO where a line but the last, cut short, is none; nothing has to be freed then. */
int events_parse(const char *text, size_t length, struct events *out, struct error *err);
void events_free(struct events *events);

/* What was different where --force resumed the run: an array of texts, new, each once. */
json_t *events_forced(const struct events *events);

/* Other runs that measured at the same time: an array of new objects {"pid", "user", "from", "until"}, each run once, the
 * last that was said of it. */
json_t *events_neighbours(const struct events *events);

/* Appends {"event": 1, "what": what, "at": now} and all of `more` (taken over). */
int events_append(const char *folder, const char *what, json_t *more, struct error *err);

#endif
