/* SPDX-License-Identifier: MIT */
/* A plan made again from plan.json, for a run that is taken up again: the suite it came from may have changed since. */
#ifndef BENCH_PLAN_PLAN_READ_H
#define BENCH_PLAN_PLAN_READ_H

#include <jansson.h>

#include "bench/plan/plan.h"

/*
 * The inverse of plan_json. -EINVAL where plan.json is not one of this version, or names a runtime, a model or a task
 * that the hosts do not offer any more. `catalog` outlives the plan; `json` is kept by it. plan_free is needed after 0
 * only.
 */
int plan_read(json_t *json, const struct catalog *catalog, struct plan *out, struct error *err);

#endif
