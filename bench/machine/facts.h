/* SPDX-License-Identifier: MIT */
/* Facts about this machine that belong to a result. What cannot be found out is "unknown". */
#ifndef BENCH_MACHINE_FACTS_H
#define BENCH_MACHINE_FACTS_H

#include <jansson.h>

#include "bench/protocol/catalog.h"

/* What can be found out from files below `root` ("": this machine), a flat object. */
json_t *machine_facts(const char *root);
/* machine.json. `versions` is an object of tools' versions to take in ("hyperfine", ...). */
json_t *machine_json(const struct catalog *catalog, json_t *versions);
/* The least limit that a control group sets to this process's memory, in bytes; 0: none; -1: unknown. */
int64_t machine_memory_limit(const char *root);
/* This machine's name with letters, digits, '.', '_' and '-' only. */
void machine_short_name(char *out, size_t size);

#endif
