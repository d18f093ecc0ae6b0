/* SPDX-License-Identifier: MIT */
/* What went wrong, as one line for a person. Functions of the driver return a negative errno and fill one in; only
 * main.c prints it. */
#ifndef BENCH_UTIL_ERROR_H
#define BENCH_UTIL_ERROR_H

struct error {
    char text[1024];
};

/* Writes the line, cut at the buffer's end and control characters as '?', and returns `rc`. */
int error_set(struct error *err, int rc, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
