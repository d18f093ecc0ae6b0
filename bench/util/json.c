/* SPDX-License-Identifier: MIT */
/* What jansson lacks. */
#include "bench/util/json.h"

#include <math.h>
#include <string.h>

json_t *json_number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

const char *json_misshapen(const json_t *object, const struct json_shape *fields)
{
    static const char letters[] = {[JSON_OBJECT] = 'o', [JSON_ARRAY] = 'a', [JSON_STRING] = 's', [JSON_INTEGER] = 'i',
                                   [JSON_REAL] = 'r',   [JSON_TRUE] = 'b',  [JSON_FALSE] = 'b',  [JSON_NULL] = 'n'};
    for (; fields->key != NULL; fields++) {
        const json_t *value = json_object_get(object, fields->key);
        if (value == NULL || strchr(fields->types, letters[json_typeof(value)]) == NULL)
            return fields->key;
    }
    return NULL;
}

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

bool fact_is_unknown(const json_t *fact)
{
    const char *text = json_string_value(fact);
    return text != NULL && strcmp(text, FACT_UNKNOWN) == 0;
}
