/* SPDX-License-Identifier: MIT */
/*
 * Suite files (bench/plan/suite.c). An accepted suite has groups with names of their own, each with a task, and numbers in
 * range; written out as a suite file again and read, it is the same suite. What is refused has a reason of one line
 * that begins with the file's name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/suite.h"
#include "common/arrivals.h"
#include "support.h"

/* -- ranges ------------------------------------------------------------------------------------------------------- */

static void check_words(const struct string_list *words)
{
    for (size_t i = 0; i < words->count; i++)
        FUZZ_MUST(words->items[i][0] != '\0' && strchr(words->items[i], ',') == NULL);
}

static void check_group(const struct suite *suite, size_t g)
{
    const struct suite_group *group = &suite->groups[g];
    FUZZ_MUST(group->name[0] != '\0' && group->task != NULL && group->task[0] != '\0');
    FUZZ_MUST(group->line > 0);
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

/* -- written out again -------------------------------------------------------------------------------------------- */

static void put_text(FILE *out, const char *key, const char *value)
{
    if (value != NULL)
        fprintf(out, "%s=%s\n", key, value);
}

static void put_words(FILE *out, const char *key, const struct string_list *words)
{
    char *line = words->count > 0 ? string_list_join(words, ",") : NULL;
    put_text(out, key, line);
    free(line);
}

static void put_group(FILE *out, const struct suite_group *group)
{
    const char *key;
    json_t *value;
    fprintf(out, "[group %s]\n", group->name);
    put_text(out, "task", group->task);
    put_words(out, "jobs", &group->jobs);
    put_words(out, "workers", &group->workers);
    put_text(out, "scaling", group->scaling);
    if (group->rate > 0)
        fprintf(out, "rate=%.17g\n", group->rate);
    put_text(out, "arrivals", group->arrivals);
    put_words(out, "runtimes", &group->runtimes);
    put_words(out, "models", &group->models);
    put_text(out, "start-method", group->start_method);
    json_object_foreach(group->params, key, value) fprintf(out, "set.%s=%s\n", key, json_string_value(value));
}

static void put_suite(FILE *out, const struct suite *suite)
{
    fputs("[suite]\n", out);
    put_text(out, "about", suite->about != NULL ? suite->about : "-"); /* an empty section is refused */
    put_text(out, "claims", suite->claims);
    if (suite->stopping.rounds > 0)
        fprintf(out, "rounds=%lld\n", (long long)suite->stopping.rounds);
    if (suite->stopping.budget_s > 0)
        fprintf(out, "budget=%.17gs\n", suite->stopping.budget_s);
    if (suite->stopping.precision > 0)
        fprintf(out, "precision=%.12g%%\n", 100 * suite->stopping.precision);
    if (suite->timeout_s > 0)
        fprintf(out, "timeout=%.17g\n", suite->timeout_s);
    put_words(out, "runtimes", &suite->runtimes);
    put_words(out, "models", &suite->models);
    for (size_t g = 0; g < suite->count; g++)
        put_group(out, &suite->groups[g]);
}

static char *suite_text(const struct suite *suite, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    FUZZ_MUST(out != NULL);
    put_suite(out, suite);
    FUZZ_MUST(fclose(out) == 0);
    return text;
}

static void check_again(const struct suite *suite)
{
    struct suite again;
    struct error err = {.text = ""};
    size_t length, length_again;
    char *text = suite_text(suite, &length);
    FUZZ_MUST(suite_parse("again.ini", text, length, &again, &err) == 0);
    char *text_again = suite_text(&again, &length_again);
    FUZZ_MUST(again.count == suite->count);
    FUZZ_MUST(length == length_again && memcmp(text, text_again, length) == 0);
    suite_free(&again);
    free(text_again);
    free(text);
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
    check_again(&suite);
    suite_free(&suite);
    return 0;
}
