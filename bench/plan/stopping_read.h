/* SPDX-License-Identifier: MIT */
/* What a plan.json asked for in rounds, for whoever reads one. */
#ifndef BENCH_PLAN_STOPPING_READ_H
#define BENCH_PLAN_STOPPING_READ_H

#include <jansson.h>

#include "bench/plan/stopping.h"

/* `rounds`, `budget_s` and `precision`, null or absent for what was not asked. -EINVAL: one is out of range, or nothing
 * was asked. */
int stopping_read(const json_t *plan, struct stopping *out);

#endif
