/* SPDX-License-Identifier: MIT */
/* plan.json's numbers about the end. */
#include "bench/plan/stopping_read.h"

#include <errno.h>

#include "bench/plan/suite.h"

/* Null is 0. */
static int read_number(const json_t *plan, const char *key, double min, double max, double *out)
{
    const json_t *value = json_object_get(plan, key);
    *out = json_number_value(value);
    if (value == NULL || json_is_null(value))
        return 0;
    return json_is_number(value) && *out >= min && *out <= max ? 0 : -EINVAL;
}

int stopping_read(const json_t *plan, struct stopping *out)
{
    const json_t *rounds = json_object_get(plan, "rounds");
    *out = (struct stopping){.rounds = json_integer_value(rounds)};
    if (rounds != NULL && !json_is_null(rounds) &&
        (!json_is_integer(rounds) || out->rounds < 1 || out->rounds > ROUNDS_MAX))
        return -EINVAL;
    if (read_number(plan, "budget_s", 0, BUDGET_MAX_S, &out->budget_s) != 0 ||
        read_number(plan, "precision", 0, 1, &out->precision) != 0)
        return -EINVAL;
    return out->rounds > 0 || out->budget_s > 0 ? 0 : -EINVAL;
}
