/* SPDX-License-Identifier: MIT */
/* Facts about this machine that belong to a result. What cannot be found out is "unknown". */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <jansson.h>
#include <stdint.h>

#include "bench/catalog.h"

/* The CPUs this process may use: the affinity mask's count, cut by the cgroup's quota (v1 and v2, of this group and all
 * above it). At least 0.01. */
double machine_effective_cpus(void);
/* machine.json; NULL: no memory. `versions` is an object of tools' versions to take in ("hyperfine", ...). */
json_t *machine_json(const struct catalog *catalog, json_t *versions);
/* This machine's name with letters, digits, '.', '_' and '-' only. */
void machine_short_name(char *out, size_t room);

/* The load of the last minute; negative: unknown. */
double machine_load1(void);
/* Time stolen by the hypervisor since boot, all CPUs together; -1: unknown. */
int64_t machine_steal_ns(void);

/* Pure: CPUs from "QUOTA PERIOD" of a cpu.max ("max 100000": no limit). No limit, or no sense: -1. */
double machine_parse_cpu_max(const char *text);

#endif
