/* SPDX-License-Identifier: MIT */
/*
 * Facts of machine.json: names and what was found out. What could not be found out is "unknown", never a guess. Setting
 * one can only fail for want of memory; then the fact is missing.
 */
#ifndef BENCH_UTIL_JSON_FACTS_H
#define BENCH_UTIL_JSON_FACTS_H

#include <jansson.h>
#include <stdint.h>

#define FACT_UNKNOWN "unknown"

/* NULL, "" and what is no UTF-8 are unknown. */
void fact_text(json_t *facts, const char *name, const char *text);
/* Negative: unknown. */
void fact_count(json_t *facts, const char *name, int64_t value);
void fact_real(json_t *facts, const char *name, double value);

/* What a row of machine.json is made by: adds facts from files below `root` ("": this machine). */
typedef void facts_collect(const char *root, json_t *facts);
/* The rest of machine.c, by noun. */
facts_collect machine_cpu_facts, machine_system_facts, machine_memory_facts;

#endif
