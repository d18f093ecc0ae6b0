/* SPDX-License-Identifier: MIT */
/*
 * What a result hangs on besides the plan: the programs that were measured and the machine. A run goes on
 * only where both are what they were (store/json_diff compares).
 *
 * Programs are told apart by their size and CRC-32 (zlib, which the project uses anyway): this guards against a
 * rebuild or an update nobody thought of, not against somebody who wants to deceive.
 */
#ifndef BENCH_MACHINE_CHECKSUMS_H
#define BENCH_MACHINE_CHECKSUMS_H

#include <jansson.h>

#include "bench/util/error.h"
#include "bench/protocol/paths.h"
#include "bench/util/text.h"

/* An object of texts, one a file: "build/cobench-host": "123456 bytes, CRC-32 89abcdef". `tasks_dir` may be NULL;
 * `more` are files by their paths. */
int checksums_make(const struct paths *paths, const char *tasks_dir, const struct string_list *more, json_t **out,
                   struct error *err);

#endif
