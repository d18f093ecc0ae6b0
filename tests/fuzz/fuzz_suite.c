/* SPDX-License-Identifier: MIT */
/* Suite files (bench/plan/suite.c). An accepted suite has groups with names of their own, each with a task, and
 * numbers in range. What is refused has a reason of one line that begins with the file's name. */
#include <string.h>

#include "bench/plan/suite.h"
#include "common/arrivals.h"
#include "support.h"

static void check_words(const struct string_list *words)
{
    for (size_t i = 0; i < words->count; i++)
        FUZZ_MUST(words->items[i][0] != '\0' && strchr(words->items[i], ',') == NULL);
}

static void check_group(const struct suite *suite, size_t g)
{
    const struct suite_group *group = &suite->groups[g];
    FUZZ_MUST(group->name[0] != '\0' && group->task != NULL && group->task[0] != '\0');
    for (size_t i = 0; i < g; i++)
        FUZZ_MUST(strcmp(suite->groups[i].name, group->name) != 0);
    for (size_t i = 0; i < group->jobs.count; i++)
        FUZZ_MUST(setting_allows(SETTING_JOBS, group->jobs.items[i]));
    for (size_t i = 0; i < group->workers.count; i++)
        FUZZ_MUST(setting_allows(SETTING_WORKERS, group->workers.items[i]));
    FUZZ_MUST(group->rate == 0 || (group->rate >= ARRIVALS_RATE_MIN && group->rate <= ARRIVALS_RATE_MAX));
    FUZZ_MUST(group->arrivals == NULL || setting_allows(SETTING_ARRIVALS, group->arrivals));
    FUZZ_MUST(group->scaling == NULL || setting_allows(SETTING_SCALING, group->scaling));
    check_words(&group->runtimes);
    check_words(&group->models);
}

static void check_ranges(const struct suite *suite)
{
    FUZZ_MUST(suite->count > 0);
    fuzz_check_stopping(&suite->stopping);
    FUZZ_MUST(suite->timeout_s >= 0 && suite->timeout_s <= TIMEOUT_MAX_S);
    check_words(&suite->runtimes);
    check_words(&suite->models);
    for (size_t g = 0; g < suite->count; g++)
        check_group(suite, g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct suite suite;
    struct error err = {.text = ""};
    const int rc = suite_parse("x.ini", (const char *)data, size, &suite, &err);
    if (rc != 0) {
        fuzz_check_refusal(rc, err.text);
        FUZZ_MUST(strncmp(err.text, "x.ini:", 6) == 0);
        return 0;
    }
    check_ranges(&suite);
    suite_free(&suite);
    return 0;
}
