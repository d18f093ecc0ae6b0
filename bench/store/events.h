/* SPDX-License-Identifier: MIT */
/* events.jsonl: what happened to a run besides its samples (docs/run-directory.md; common/schema/event.schema.json). A
 * run to which nothing happened has no such file. */
#ifndef BENCH_STORE_EVENTS_H
#define BENCH_STORE_EVENTS_H

#include <jansson.h>
#include <stddef.h>

#include "bench/util/error.h"

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
