/* SPDX-License-Identifier: MIT */
/* Facts of machine.json. */
#include "bench/util/json_facts.h"

#include <math.h>

void fact_text(json_t *facts, const char *name, const char *text)
{
    json_t *value = text == NULL || *text == '\0' ? NULL : json_string(text);
    (void)json_object_set_new(facts, name, value != NULL ? value : json_string(FACT_UNKNOWN));
}

void fact_count(json_t *facts, const char *name, int64_t value)
{
    (void)json_object_set_new(facts, name, value < 0 ? json_string(FACT_UNKNOWN) : json_integer(value));
}

void fact_real(json_t *facts, const char *name, double value)
{
    (void)json_object_set_new(facts, name,
                              isfinite(value) && value >= 0 ? json_real(value) : json_string(FACT_UNKNOWN));
}
