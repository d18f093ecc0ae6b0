/* SPDX-License-Identifier: MIT */
/* The "usage" of several copies of a command, as of one. */
#include "bench/protocol/usage.h"

#include <errno.h>
#include <string.h>

static json_int_t add(const char *key, json_int_t a, json_int_t b)
{
    if (strcmp(key, "max_rss_bytes") == 0)
        return a > b ? a : b;
    return a + b;
}

int usage_add(json_t **sum, const json_t *more)
{
    const char *key;
    json_t *value;
    if (!json_is_object(more))
        return 0;
    if (*sum == NULL)
        return (*sum = json_deep_copy(more)) == NULL ? -ENOMEM : 0;
    json_object_foreach(*sum, key, value)
    {
        const json_t *other = json_object_get(more, key);
        if (!json_is_integer(value))
            continue;
        const json_int_t both = add(key, json_integer_value(value), json_integer_value(other));
        if (!json_is_integer(other) ? json_object_set_new_nocheck(*sum, key, json_null()) != 0
                                    : json_integer_set(value, both) != 0)
            return -ENOMEM;
    }
    return 0;
}
