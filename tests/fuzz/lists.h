/* SPDX-License-Identifier: MIT */
/* What two hosts might list. */
#ifndef TESTS_FUZZ_LISTS_H
#define TESTS_FUZZ_LISTS_H

#include "bench/protocol/catalog.h"

/* A catalog of the C host and the Python host, with each type of parameter, each kind of task, and a task that one host
 * lacks. catalog_free takes it back. */
void lists_catalog(struct catalog *out);

#endif
