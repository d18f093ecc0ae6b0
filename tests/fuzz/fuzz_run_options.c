/* SPDX-License-Identifier: MIT */
/*
 * The command line of `cobench run` (bench/cmd/run_options.c); a line of the input is a word. What is accepted is in range,
 * and the options written out as a command line give the same options again. What is refused has a reason of one line,
 * but for what argp refuses by itself.
 */
#define _GNU_SOURCE /* argp.h wants error_t */
#include <stdlib.h>
#include <string.h>

#include "argp_quiet.h"
#include "bench/cmd/run_options.h"
#include "support.h"

error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *arg_index, void *input)
{
    return __real_argp_parse(argp, argc, argv, flags | ARGP_QUIET, arg_index, input);
}

/* -- ranges ------------------------------------------------------------------------------------------------------- */

static void check_words(const struct string_list *words)
{
    for (size_t i = 0; i < words->count; i++)
        FUZZ_MUST(words->items[i][0] != '\0');
}

static void check_ranges(const struct run_options *o)
{
    const struct plan_options *p = &o->plan;
    fuzz_check_stopping(&p->stopping);
    FUZZ_MUST(p->seed >= -1 && p->seed <= INT64_C(9007199254740991));
    FUZZ_MUST(p->timeout_s >= 0 && p->timeout_s <= TIMEOUT_MAX_S);
    FUZZ_MUST(p->margin == -1 || (p->margin >= 0 && p->margin <= MARGIN_MAX));
    FUZZ_MUST(p->start_method == NULL || strcmp(p->start_method, "fork") == 0 || strcmp(p->start_method, "spawn") == 0);
    FUZZ_MUST(p->rate == 0 || (p->rate >= ARRIVALS_RATE_MIN && p->rate <= ARRIVALS_RATE_MAX));
    FUZZ_MUST(p->scaling == NULL || setting_allows(SETTING_SCALING, p->scaling));
    FUZZ_MUST(p->tasks_dir == NULL || p->tasks_dir[0] == '/');
    for (size_t i = 0; i < p->jobs.count; i++)
        FUZZ_MUST(setting_allows(SETTING_JOBS, p->jobs.items[i]));
    for (size_t i = 0; i < p->workers.count; i++)
        FUZZ_MUST(setting_allows(SETTING_WORKERS, p->workers.items[i]));
    check_words(&p->tasks);
    check_words(&p->runtimes);
    check_words(&p->models);
}

/* -- written out again -------------------------------------------------------------------------------------------- */

static void add_text(struct string_list *w, const char *option, const char *value)
{
    if (value != NULL)
        FUZZ_MUST(string_list_addf(w, "--%s=%s", option, value) == 0);
}

static void add_words(struct string_list *w, const char *option, const struct string_list *values)
{
    char *text = values->count > 0 ? string_list_join(values, ",") : NULL;
    add_text(w, option, text);
    free(text);
}

static struct string_list command_line(const struct run_options *o)
{
    struct string_list w = {NULL, 0};
    const struct plan_options *p = &o->plan;
    FUZZ_MUST(string_list_add(&w, "run") == 0);
    add_text(&w, "suite", o->suite);
    add_words(&w, "task", &p->tasks);
    add_words(&w, "runtime", &p->runtimes);
    add_words(&w, "model", &p->models);
    add_words(&w, "jobs", &p->jobs);
    add_words(&w, "workers", &p->workers);
    add_text(&w, "scaling", p->scaling);
    for (size_t i = 0; i < p->sets.count; i++)
        add_text(&w, "set", p->sets.items[i]);
    if (p->stopping.rounds > 0)
        FUZZ_MUST(string_list_addf(&w, "--rounds=%lld", (long long)p->stopping.rounds) == 0);
    if (p->stopping.budget_s > 0)
        FUZZ_MUST(string_list_addf(&w, "--budget=%.17gs", p->stopping.budget_s) == 0);
    if (p->stopping.precision > 0)
        FUZZ_MUST(string_list_addf(&w, "--precision=%.12g%%", 100 * p->stopping.precision) == 0);
    if (p->seed >= 0)
        FUZZ_MUST(string_list_addf(&w, "--seed=%lld", (long long)p->seed) == 0);
    if (p->timeout_s > 0)
        FUZZ_MUST(string_list_addf(&w, "--timeout=%.17g", p->timeout_s) == 0);
    if (p->rate > 0)
        FUZZ_MUST(string_list_addf(&w, "--rate=%.17g", p->rate) == 0);
    add_text(&w, "arrivals", p->arrivals);
    add_text(&w, "start-method", p->start_method);
    add_text(&w, "url", p->url);
    add_text(&w, "tasks", p->tasks_dir);
    add_text(&w, "results", o->results);
    add_text(&w, "resume", o->resume);
    if (p->margin >= 0)
        FUZZ_MUST(string_list_addf(&w, "--margin=%.12g%%", 100 * p->margin) == 0);
    if (o->force)
        FUZZ_MUST(string_list_add(&w, "--force") == 0);
    if (o->no_plots)
        FUZZ_MUST(string_list_add(&w, "--no-plots") == 0);
    if (o->quiet)
        FUZZ_MUST(string_list_add(&w, "--quiet") == 0);
    return w;
}

static void check_again(const struct run_options *o)
{
    struct run_options again;
    struct error err = {.text = ""};
    struct string_list line = command_line(o);
    char *text = string_list_quote(&line); /* before argp moves words about */
    FUZZ_MUST(run_options_parse((int)line.count, line.items, &again, &err) == 0);
    struct string_list line_again = command_line(&again);
    char *text_again = string_list_quote(&line_again);
    FUZZ_MUST(text != NULL && text_again != NULL && strcmp(text, text_again) == 0);
    run_options_free(&again);
    free(text_again);
    free(text);
    string_list_free(&line_again);
    string_list_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_argv line;
    struct run_options options;
    struct error err = {.text = ""};
    fuzz_argv_split(&line, "cobench run", data, size);
    const int rc = run_options_parse(line.argc, line.argv, &options, &err);
    if (rc != 0) {
        fuzz_check_refusal(rc, err.text);
    } else {
        check_ranges(&options);
        check_again(&options);
    }
    run_options_free(&options);
    fuzz_argv_free(&line);
    return 0;
}
