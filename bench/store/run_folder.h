/* SPDX-License-Identifier: MIT */
/* The folder of a run: made under a temporary name, PARENT/.new-PID-XXXXXX, renamed once it is whole. */
#ifndef BENCH_STORE_RUN_FOLDER_H
#define BENCH_STORE_RUN_FOLDER_H

#include <jansson.h>
#include <stddef.h>

#include "bench/util/error.h"

/* What goes into the folder's name and into it. */
struct run_folder_facts {
    const char *results; /* the folder it is made in; made where it is missing */
    const char *created; /* ISO 8601, in UTC */
    const char *host, *suite;
    const json_t *machine, *plan;
};

/* The folder's path, to be freed. Where it cannot be made nothing is left behind; what killed runs left in `results` goes
 * too. */
int run_folder_make(const struct run_folder_facts *facts, char **path, struct error *err);
/* Removes what killed runs left beside the folder of a run that is resumed. */
void run_folder_sweep(const char *path);
/* Points `latest` beside the folder at it, atomically, unless it points at a newer one: a run that is resumed may not be
 * the newest. */
int run_folder_publish(const char *path, struct error *err);
/* Now, as "2026-11-21T01:40:00Z". */
void run_folder_time(char *out, size_t room);

/* A temporary folder. Its maker holds a lock on it, so that one a killed process left behind can be told from one being
 * made, whatever process has the same number by now. */
struct temporary {
    char *path; /* NULL: closed */
    int fd;     /* holds the lock */
};

/* Makes one. 0 or a negative errno. temporary_close in every case. */
int temporary_open(const char *parent, struct temporary *out);
/* Removes the folder and the files in it, unless it was renamed, and lets go of the lock. */
void temporary_close(struct temporary *temporary);
/* Removes those in `parent` that nobody is making any more. One whose lock is not to be had, also because the file
 * system has no locks or another user owns it, stays. */
void temporary_sweep(const char *parent);

#endif
