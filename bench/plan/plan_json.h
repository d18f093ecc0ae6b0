/* SPDX-License-Identifier: MIT */
/* plan.json, written and read: by whoever goes on with a run, and by whoever only reads what came of it. */
#ifndef BENCH_PLAN_PLAN_JSON_H
#define BENCH_PLAN_PLAN_JSON_H

#include "bench/plan/plan.h"

/* `created` is a time in ISO 8601; NULL: no memory. */
json_t *plan_json(const struct plan *plan, const char *created);
/*
 * Reads a plan, which keeps `json` and borrows strings from it. -EPROTO: err names what is wrong. To go on with the run
 * the plan is looked up in `catalog`, as only the hosts know why a cell is impossible and whether a group needs a URL;
 * -EINVAL: something is gone. NULL: only to be read. plan_free is needed after 0 only.
 */
int plan_read(json_t *json, const struct catalog *catalog, struct plan *out, struct error *err);

#endif
