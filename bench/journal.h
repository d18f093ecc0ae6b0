/* SPDX-License-Identifier: MIT */
/* samples.jsonl: one line appended and fsynced a sample, so that a run cut off at any instant loses at most the sample
 * in flight. */
#ifndef BENCH_JOURNAL_H
#define BENCH_JOURNAL_H

#include <jansson.h>
#include <stdint.h>

#include "bench/error.h"

struct journal {
    int fd;
    char *path;
    int64_t length; /* bytes of whole lines */
};

/* Creates the file; it must not exist. */
int journal_create(const char *path, struct journal *out, struct error *err);
/* Appends one line. Where it does not fit (a full disk) what came of it is cut off again and the journal stays whole. */
int journal_append(struct journal *journal, const json_t *line, struct error *err);
void journal_close(struct journal *journal);

#endif
