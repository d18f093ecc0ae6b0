/* SPDX-License-Identifier: MIT */
/* The folder of a run: made under a temporary name, .new-PID-XXXXXX, renamed once it is whole. */
#ifndef BENCH_STORE_RUN_FOLDER_H
#define BENCH_STORE_RUN_FOLDER_H

#include <jansson.h>
#include <stddef.h>

#include "bench/util/error.h"
#include "bench/util/text.h"

/* What goes into the folder's name and into it. */
struct run_folder_facts {
    const char *results; /* the folder it is made in; made where it is missing */
    const char *created; /* ISO 8601, in UTC */
    const char *host, *suite;
    const json_t *machine, *plan;
    const struct string_list *files; /* are copied into it */
};

/* The folder's path, to be freed. Where it cannot be made nothing is left behind; what killed runs left in `results` goes
 * too. */
int run_folder_make(const struct run_folder_facts *facts, char **path, struct error *err);
/* Removes what killed runs left beside the folder of a run that is resumed. */
void run_folder_sweep(const char *path);
/* Points `latest` beside the folder at it, atomically, unless it points at a newer one: a run that is resumed may not be
 * the newest. */
int run_folder_publish(const char *path, struct error *err);
/* The last by name, which is the newest, of the folders beside `path` that are runs of a suite; to be freed. NULL: none is. */
char *run_folder_beside(const char *path, const char *suite);
/* Now, as "2026-11-21T01:40:00Z". */
void run_folder_time(char *out, size_t size);

#endif
