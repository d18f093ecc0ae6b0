/* SPDX-License-Identifier: MIT */
/* What a request for a body or a page asks for: one table of keys, each with its range. */
#include "bench/origin/query.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/num.h"

enum { KEY_SIZE, KEY_DELAY, KEY_STATUS, KEY_SHORT, KEY_STALL, KEY_PAUSE, KEY_AT, KEY_ITEMS, KEY_LINKS, KEYS };

static const struct key {
    const char *name;
    int64_t min, max, fallback;
} key_table[KEYS] = {
    [KEY_SIZE] = {"size", 0, QUERY_SIZE_MAX, 1024},
    [KEY_DELAY] = {"delay", 0, QUERY_DELAY_MAX_MS, 0},
    [KEY_STATUS] = {"status", 200, 599, 200},
    [KEY_SHORT] = {"short", 0, QUERY_SIZE_MAX - 1, -1},
    [KEY_STALL] = {"stall", 0, 1, 0},
    [KEY_PAUSE] = {"pause", 0, QUERY_PAUSE_MAX_MS, 0},
    [KEY_AT] = {"at", 0, UINT32_MAX, -1},
    [KEY_ITEMS] = {"items", 0, QUERY_ITEMS_MAX, 100},
    [KEY_LINKS] = {"links", 0, QUERY_LINKS_MAX, 0},
};

/* The one line for a person; -EINVAL. */
static int refuse(struct query *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(struct query *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(out->problem, sizeof out->problem, format, args);
    va_end(args);
    return -EINVAL;
}

/* One "key=value"; `seen` has a bit for each key that was there before. */
static int pair_parse(char *pair, int64_t values[KEYS], unsigned *seen, struct query *out)
{
    char *equals = strchr(pair, '=');
    if (equals != NULL)
        *equals = '\0';
    size_t k = 0;
    while (k < KEYS && strcmp(key_table[k].name, pair) != 0)
        k++;
    if (k == KEYS || equals == NULL)
        return refuse(out, "'%.40s' is no key=value of size, delay, status, short, stall, pause, at, items or links",
                      pair);
    const struct key *key = &key_table[k];
    if (*seen & 1u << k)
        return refuse(out, "'%s' is given twice", key->name);
    *seen |= 1u << k;
    if (num_parse_i64(equals + 1, key->min, key->max, &values[k]) != 0)
        return refuse(out, "%s must be a number in %" PRId64 "..%" PRId64 ", not '%.40s'", key->name, key->min,
                      key->max, equals + 1);
    return 0;
}

static int pairs_parse(const char *text, int64_t values[KEYS], struct query *out)
{
    char copy[256], *rest = NULL; /* all keys with their longest values take far less */
    unsigned seen = 0;
    if (strlen(text) >= sizeof copy)
        return refuse(out, "the query is longer than %zu bytes", sizeof copy - 1);
    strcpy(copy, text);
    for (char *pair = strtok_r(copy, "&", &rest); pair != NULL; pair = strtok_r(NULL, "&", &rest))
        if (pair_parse(pair, values, &seen, out) != 0)
            return -EINVAL;
    return 0;
}

int query_parse(const char *job, const char *text, struct query *out)
{
    int64_t number = 0, values[KEYS];
    for (size_t k = 0; k < KEYS; k++)
        values[k] = key_table[k].fallback;
    if (num_parse_i64(job, 0, UINT32_MAX, &number) != 0)
        return refuse(out, "the job must be a number in 0..%" PRIu32 ", not '%.40s'", UINT32_MAX, job);
    if (text != NULL && pairs_parse(text, values, out) != 0)
        return -EINVAL;
    if (values[KEY_SHORT] >= values[KEY_SIZE])
        return refuse(out, "short must be less than size, which is %" PRId64, values[KEY_SIZE]);
    *out = (struct query){.job = (uint32_t)number,
                          .size = values[KEY_SIZE],
                          .delay_ms = values[KEY_DELAY],
                          .status = values[KEY_STATUS],
                          .sent = values[KEY_SHORT] >= 0 ? values[KEY_SHORT] : values[KEY_SIZE],
                          .stall = values[KEY_STALL],
                          .items = values[KEY_ITEMS],
                          .links = values[KEY_LINKS],
                          .pause_ms = values[KEY_AT] < 0 || values[KEY_AT] == number ? values[KEY_PAUSE] : 0};
    return 0;
}
