/* SPDX-License-Identifier: MIT */
/* What targets read their input against: what two hosts list, and a plan. */
#ifndef TESTS_FUZZ_GIVEN_H
#define TESTS_FUZZ_GIVEN_H

#include "bench/protocol/catalog.h"
#include "bench/plan/plan.h"
#include "bench/store/results.h"

/* A catalog of the C host and the Python host, with each type of parameter, each kind of task, and a task that one host
 * lacks. catalog_free takes it back. */
void given_catalog(struct catalog *out);

/* The results of a run of a small plan with each role of a cell, whose samples.jsonl is given; as results_parse. */
int given_results(struct results *out, const char *samples, size_t length, struct error *err);

/* As a run that is resumed reads it: written out and read again it is the same plan. Returns what was written. */
json_t *check_resumed(const struct plan *p, const struct catalog *catalog);

#endif
