/* SPDX-License-Identifier: MIT */
/* A machine in a few words, for the head of a table. */
#ifndef BENCH_REPORT_MACHINE_LINE_H
#define BENCH_REPORT_MACHINE_LINE_H

#include <jansson.h>

#include "bench/util/text.h"

/* Adds the phrases that machine.json gives ("AMD EPYC, 2 CPUs", "governor unknown", "gcc 12.2.0 -O2"); what it does not
 * mention (an older cobench wrote it) is left out. 0 or -ENOMEM; then `out` may hold some. */
int machine_line(const json_t *machine, struct string_list *out);

#endif
