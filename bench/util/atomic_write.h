/* SPDX-License-Identifier: MIT */
/* Files that appear whole or not at all. */
#ifndef BENCH_UTIL_ATOMIC_WRITE_H
#define BENCH_UTIL_ATOMIC_WRITE_H

#include <stddef.h>
#include <stdio.h>

#include "bench/util/error.h"

/*
 * Waits until nobody else makes the files of a run's folder, so that two at once do not write the same temporary file. Gives a
 * descriptor for atomic_write_unlock; -1 where the folder has no plan.json or its file system no locks.
 */
int atomic_write_lock(const char *folder);
void atomic_write_unlock(int fd);

/*
 * Writes FOLDER/NAME: to a temporary name beside it, fsync, rename, fsync of the folder. 0 or a negative errno with err
 * filled in; then the old file, if there was one, is still there and no temporary is.
 */
int atomic_write_bytes(const char *folder, const char *name, const char *bytes, size_t length, struct error *err);

/* A function that prints something of `what` to `out`. */
typedef void atomic_write_print(const void *what, FILE *out);
/* The same for what `print` prints. */
int atomic_write_printed(const char *folder, const char *name, atomic_write_print *print, const void *what,
                         struct error *err);

/* fsyncs FOLDER/FROM, written by another program, and renames it to FOLDER/NAME. -EIO: it is empty or not there. */
int atomic_write_file(const char *folder, const char *from, const char *name, struct error *err);

#endif
