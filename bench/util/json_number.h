/* SPDX-License-Identifier: MIT */
/* A number that may not be known, as JSON. */
#ifndef BENCH_UTIL_JSON_NUMBER_H
#define BENCH_UTIL_JSON_NUMBER_H

#include <jansson.h>

/* The number, null where it is not finite; NULL: no memory. */
json_t *json_number(double value);

#endif
