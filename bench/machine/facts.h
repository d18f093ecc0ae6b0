/* SPDX-License-Identifier: MIT */
/* Facts about this machine that belong to a result. What cannot be found out is "unknown". */
#ifndef BENCH_MACHINE_FACTS_H
#define BENCH_MACHINE_FACTS_H

#include <jansson.h>

#include "bench/protocol/catalog.h"

/* What can be found out from files below `root` ("": this machine), a flat object; NULL: no memory. */
json_t *machine_facts(const char *root);
/* machine.json; NULL: no memory. `versions` is an object of tools' versions to take in ("hyperfine", ...). */
json_t *machine_json(const struct catalog *catalog, json_t *versions);
/* This machine's name with letters, digits, '.', '_' and '-' only. */
void machine_short_name(char *out, size_t size);

/* The part of machine_facts that is counted over all CPUs and control groups. */
void machine_cpu_facts(const char *root, json_t *facts);

#endif
