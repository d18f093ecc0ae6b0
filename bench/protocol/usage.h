/* SPDX-License-Identifier: MIT */
/* The "usage" of a record (common/schema/record.schema.json): what a command cost, from getrusage. */
#ifndef BENCH_PROTOCOL_USAGE_H
#define BENCH_PROTOCOL_USAGE_H

#include <jansson.h>

/* Adds `more` to *sum (NULL: nothing yet): counts add up, the memory of the largest process stays the largest. What one
 * of them does not know is not known. 0 or -ENOMEM. */
int usage_add(json_t **sum, const json_t *more);

#endif
