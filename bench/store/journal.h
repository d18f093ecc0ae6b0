/* SPDX-License-Identifier: MIT */
/* A file of JSON lines (samples.jsonl, events.jsonl): one line appended and fsynced a sample, so that a run cut off at
 * any instant loses at most the sample in flight. */
#ifndef BENCH_STORE_JOURNAL_H
#define BENCH_STORE_JOURNAL_H

#include <jansson.h>
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

#endif
