/* SPDX-License-Identifier: MIT */
/* Another name of bench/util/json.h. */
#ifndef BENCH_UTIL_JSON_FACTS_H
#define BENCH_UTIL_JSON_FACTS_H

#include "bench/util/json.h"

#endif
