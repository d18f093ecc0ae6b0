/* SPDX-License-Identifier: MIT */
/* What differs between two runs' machine.json and plan.json: what is not there and null are the same, and so are 2 and
 * 2.0. Pure; JSON values are borrowed. */
#ifndef BENCH_STORE_JSON_DIFF_H
#define BENCH_STORE_JSON_DIFF_H

#include <jansson.h>
#include <stddef.h>

#include "bench/util/text.h"

struct difference {
    char *key;              /* "hosts c compiler" */
    const json_t *value[2]; /* NULL: not there */
};

struct differences {
    struct difference *items;
    size_t count;
};

/* Facts that are not the same, in A's order and then what only B has, but for those that are never the same twice, such as
 * the load: they say nothing of what was changed. */
void differences_of_machines(const json_t *a, const json_t *b, struct differences *out);

/*
 * Adds one line for each fact that has to stay what it was for a run to go on: the programs' checksums ("fingerprint"),
 * and what names the machine and its tools: "kernel: was 6.1, is 6.2".
 */
void differences_of_programs(const json_t *before, const json_t *now, struct string_list *out);

/* Facts that differ in what a plan says of the whole run (not its groups and cells, and not its seed and time). */
void differences_of_plans(const json_t *a, const json_t *b, struct differences *out);

void differences_free(struct differences *differences);

/*
 * Both values of a difference as people read them, to be freed: a text without its quotes, "-" where there is none, and
 * of two long texts without most of what both begin with.
 */
void difference_text(const struct difference *difference, char *text[2]);

#endif
