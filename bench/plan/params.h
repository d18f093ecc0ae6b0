/* SPDX-License-Identifier: MIT */
/* A task's parameters: defaults, the suite's, the command line's (`--set key=value` or `--set task.key=value`), each
 * checked against the task's own table. */
#ifndef BENCH_PLAN_PARAMS_H
#define BENCH_PLAN_PARAMS_H

#include <jansson.h>
#include <stdbool.h>

#include "bench/protocol/catalog.h"
#include "bench/util/error.h"
#include "bench/plan/suite.h"

/* Every --set has to reach at least one group of `tasks` (none: of all): else it names a parameter nobody has. */
int params_check_sets(const struct suite *suite, const struct string_list *sets, const struct string_list *tasks,
                      const struct catalog *catalog, struct error *err);
/* All of a task's parameters as texts (a URL without a default only where given). *out is to be released. */
int params_resolve(const struct catalog_task *task, const json_t *given, const struct string_list *sets, json_t **out,
                   struct error *err);
/* Whether the task asks for URLs and nobody gave one. */
bool params_need_url(const struct catalog_task *task, const json_t *params);
/* Whether the task can fill in what --url says (NULL: nothing): 0 or -EINVAL. */
int params_check_url(const struct catalog_task *task, const char *url, struct error *err);

#endif
