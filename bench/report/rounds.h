/* SPDX-License-Identifier: MIT */
/* How many rounds it was, and why: what every report says of it. */
#ifndef BENCH_REPORT_ROUNDS_H
#define BENCH_REPORT_ROUNDS_H

#include <jansson.h>
#include <stddef.h>

#include "bench/analysis/summary.h"

/* "10 rounds", "16 to 40 rounds (as many rounds as fit into 2 min)". */
void rounds_text(const struct results *results, char *out, size_t room);
/* {"rounds", "budget_s", "precision"}: what was asked for, null for what was not. NULL: no memory. */
json_t *rounds_asked_json(const struct results *results);
/* One object a group: {"group", "rounds", "why", "half_width"}. NULL: no memory. */
json_t *rounds_stopping_json(const struct summary *summary);

#endif
