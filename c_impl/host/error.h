/* SPDX-License-Identifier: MIT */
/* Filling in a cobench_error, the one way the host's functions say what went wrong. Thread-safe. */
#ifndef HOST_ERROR_H
#define HOST_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "cobench/task.h"

/* Writes the line (cut at the buffer's end) and returns `rc`, so that `return error_fill(err, -EINVAL, ...)` reads
 * well. The type stays as it is. */
int error_fill(struct cobench_error *err, int rc, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with the type of a job's failure, such as "Timeout". */
int error_named(struct cobench_error *err, int rc, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Empties it as the contract promises before each call: every text and the line. */
void error_clear(struct cobench_error *err);

/* Where there is no type: fills it in from the errno's name, and an empty message from its text. */
void error_complete(struct cobench_error *err, int rc);

/* "type: message", or the message alone where the type is none but the errno's name. The error must be complete. */
void error_tell(const struct cobench_error *err, int rc, char *line, size_t size);

/* The same of what a job came to, as a reason says it: with the line, and what is no exception in words. Returns `line`. */
const char *error_words(const struct cobench_error *err, char *line, size_t size);

/* Whether a negative errno means a limit of this machine (exit status 77) and not a mistake. */
bool error_is_limit(int rc);

#endif
