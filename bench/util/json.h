/* SPDX-License-Identifier: MIT */
/* What jansson lacks: numbers and facts that may not be known, and the types of an object's fields. */
#ifndef BENCH_UTIL_JSON_H
#define BENCH_UTIL_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The number, null where it is not finite: what is not known is never 0. */
json_t *json_number(double value);

/* A field that an object must have, and of which types: b boolean, i integer, r real, s string, o object, a array,
 * n null. A table of them ends with a NULL key. */
struct json_shape {
    const char *key, *types;
};

/* The key of the first field that is missing or of another type; NULL: there is none. */
const char *json_misshapen(const json_t *object, const struct json_shape *fields);

/*
 * Facts of machine.json: names and what was found out. What could not be found out is "unknown", never a guess.
 */
#define FACT_UNKNOWN "unknown"

/* NULL, "" and what is no UTF-8 are unknown. */
void fact_text(json_t *facts, const char *name, const char *text);
/* Negative: unknown. */
void fact_count(json_t *facts, const char *name, int64_t value);
void fact_real(json_t *facts, const char *name, double value);
bool fact_is_unknown(const json_t *fact);

#endif
