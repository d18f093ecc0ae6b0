/* SPDX-License-Identifier: MIT */
/* Values of suite files and of the command line. */
#include "bench/plan/setting.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/plan/stopping.h"
#include "bench/util/text.h"
#include "common/arrivals.h"
#include "common/num.h"
#include "bench/protocol/catalog.h"

typedef int parse_real(const char *text, double min, double max, double *out);

/* What is checked of a value: a whole number, a real one, or one of some words (both of a number and words). */
static const struct {
    const char *why;
    int64_t low, high;
    parse_real *real;
    double min, max;
    const char *words[11];
} checks[] = {
    [SETTING_CLAIMS] = {.why = "no name of a file in bench/claims"},
    [SETTING_URL] = {.why = "not an absolute http or https URL of visible ASCII characters, without a user name"},
    [SETTING_SCALING] = {.why = "neither strong, weak nor prices", .words = {"strong", "weak", "prices"}},
    [SETTING_ARRIVALS] = {.why = "neither fixed nor poisson", .words = {"fixed", "poisson"}},
    [SETTING_FORMAT] = {.why = "none of terminal, md, adoc, csv and json",
                        .words = {"terminal", "md", "adoc", "csv", "json"}},
    [SETTING_TABLE] = {.why = "none of cells, checks, shared_state, scaling, laws, marginal_cost, handover, ladder, "
                              "servers, serving and native",
                       .words = {"cells", "checks", "shared_state", "scaling", "laws", "marginal_cost", "handover",
                                 "ladder", "servers", "serving", "native"}},
    [SETTING_JUDGE] = {.why = "neither time nor speedup", .words = {"time", "speedup"}},
    [SETTING_TIME] = {.why = "neither whole nor work", .words = {"whole", "work"}},
    [SETTING_BEHIND] = {.why = "not nginx", .words = {"nginx"}},
    [SETTING_SHARES] = {.why = "not a whole number of per cent from 1 to 1000", .low = 1, .high = 1000},
    [SETTING_DELAY] = {.why = "not a whole number of milliseconds from 0 to 3600000", .high = 3600000},
    [SETTING_IDLE] = {.why = "not a whole number of connections from 0 to 60000", .high = 60000},
    [SETTING_DRAWINGS] = {.why = "none of svg, png, pdf and txt", .words = {"svg", "png", "pdf", "txt"}},
    [SETTING_NAMES] = {.why = "no list with commas between its words"},
    [SETTING_JOBS] = {.why = "not a whole number from 1 to 100000000", .low = 1, .high = JOBS_MAX},
    [SETTING_WORKERS] = {.why = "not a number from 1 to 100000, 'cpus' or 'jobs'",
                         .low = 1,
                         .high = WORKERS_MAX,
                         .words = {"cpus", "jobs"}},
    [SETTING_ROUNDS] = {.why = "not a whole number from 1 to 100000", .low = 1, .high = ROUNDS_MAX},
    /* What every JSON reader keeps exactly. */
    [SETTING_SEED] = {.why = "not a whole number from 0 to 9007199254740991", .high = INT64_C(9007199254740991)},
    [SETTING_WIDTH] = {.why = "not a whole number from 80 to 1000", .low = 80, .high = 1000},
    [SETTING_SECONDS] = {.why = "not a number of seconds from 0.001 to 86400",
                         .real = num_parse_double,
                         .min = 0.001,
                         .max = TIMEOUT_MAX_S},
    [SETTING_RATE] = {.why = "not a number of jobs a second from 0.001 to 1000000",
                      .real = num_parse_double,
                      .min = ARRIVALS_RATE_MIN,
                      .max = ARRIVALS_RATE_MAX},
    [SETTING_BUDGET] = {.why = "not a time such as 90s, 2m or 1h, up to a week",
                        .real = num_parse_duration,
                        .min = BUDGET_MIN_S,
                        .max = BUDGET_MAX_S},
    [SETTING_PRECISION] = {.why = "not a percentage such as 2%, from 0.01% to 50%",
                           .real = num_parse_percent,
                           .min = PRECISION_MIN,
                           .max = PRECISION_MAX},
    [SETTING_MARGIN] = {.why = "not a percentage from 0% to 90%", .real = num_parse_percent, .max = MARGIN_MAX},
    [SETTING_SLOWER] = {.why = "not a percentage from 0.01% to 1000%",
                        .real = num_parse_percent,
                        .min = 0.0001,
                        .max = 10},
};

/* What both hosts can ask for, alike (docs/interfaces.md). */
static bool is_url(const char *text)
{
    const char *place = strncasecmp(text, "http://", 7) == 0    ? text + 7
                        : strncasecmp(text, "https://", 8) == 0 ? text + 8
                                                                : "";
    const size_t length = strcspn(place, "/?#");
    while (*text > ' ' && *text <= '~')
        text++;
    return length > 0 && memchr(place, '@', length) == NULL && *text == '\0';
}

bool setting_allows(enum setting_kind kind, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    int64_t whole;
    double real;
    for (size_t i = 0; i < sizeof checks[kind].words / sizeof *checks[kind].words; i++)
        if (checks[kind].words[i] != NULL && strcmp(checks[kind].words[i], value) == 0)
            return true;
    if (checks[kind].high > 0)
        return num_parse_i64(value, checks[kind].low, checks[kind].high, &whole) == 0;
    if (checks[kind].real != NULL)
        return checks[kind].real(value, checks[kind].min, checks[kind].max, &real) == 0;
    return kind == SETTING_CLAIMS ? value[strspn(value, plain)] == '\0'
           : kind == SETTING_URL  ? is_url(value)
                                  : checks[kind].words[0] == NULL;
}

static int take_list(enum setting_kind kind, const char *value, struct string_list *into,
                     struct setting_refusal *refusal)
{
    *refusal = (struct setting_refusal){.value = value, .why = checks[kind].why};
    int rc = string_list_split(into, value);
    for (size_t i = 0; rc == 0 && i < into->count; i++)
        if (!setting_allows(kind, into->items[i])) {
            *refusal = (struct setting_refusal){.value = into->items[i], .why = checks[kind].why};
            rc = -EINVAL;
        }
    return rc;
}

int setting_take(enum setting_kind kind, const char *value, void *into, struct setting_refusal *refusal)
{
    if (kind >= SETTING_NAMES && kind <= SETTING_DRAWINGS)
        return take_list(kind, value, into, refusal);
    *refusal = (struct setting_refusal){.value = value, .why = checks[kind].why};
    if (kind == SETTING_FLAG)
        *(bool *)into = true;
    else if (kind == SETTING_ADDED)
        string_list_add(into, value);
    else if (!setting_allows(kind, value))
        return -EINVAL;
    else if (checks[kind].high > 0)
        return num_parse_i64(value, checks[kind].low, checks[kind].high, into);
    else if (checks[kind].real != NULL)
        return checks[kind].real(value, checks[kind].min, checks[kind].max, into);
    else
        text_set(into, value);
    return 0;
}

void setting_free(const struct setting *setting, void *of)
{
    void *at = (char *)of + setting->at;
    if (setting->kind >= SETTING_ADDED && setting->kind <= SETTING_DRAWINGS)
        string_list_free(at);
    else if (setting->kind >= SETTING_TEXT && setting->kind < SETTING_ADDED)
        text_set(at, NULL);
}
