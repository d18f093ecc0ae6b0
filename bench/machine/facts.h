/* SPDX-License-Identifier: MIT */
/* Facts about this machine that belong to a result. What cannot be found out is "unknown". */
#ifndef BENCH_MACHINE_FACTS_H
#define BENCH_MACHINE_FACTS_H

#include <jansson.h>
#include <stdint.h>

#include "bench/protocol/catalog.h"

/* The CPUs this process may use: the affinity mask's count, cut by the quotas of its control groups. At least 0.01. */
double machine_effective_cpus(void);
/* What can be found out from files below `root` ("": this machine), a flat object; NULL: no memory. */
json_t *machine_facts(const char *root);
/* machine.json; NULL: no memory. `versions` is an object of tools' versions to take in ("hyperfine", ...). */
json_t *machine_json(const struct catalog *catalog, json_t *versions);
/* This machine's name with letters, digits, '.', '_' and '-' only. */
void machine_short_name(char *out, size_t room);

/* The parts of machine_facts, by noun: each adds facts from files below `root`. */
typedef void facts_collect(const char *root, json_t *facts);
facts_collect machine_cpu_facts, machine_system_facts, machine_memory_facts;

#endif
