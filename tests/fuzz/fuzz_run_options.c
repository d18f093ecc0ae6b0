/* SPDX-License-Identifier: MIT */
/* The command line of `cobench run` (bench/cmd/run_options.c); a line of the input is a word. What is accepted is in
 * range; what is refused has a reason of one line. */
#define _GNU_SOURCE /* argp.h wants error_t */
#include <string.h>

#include "argp_quiet.h"
#include "bench/cmd/run_options.h"
#include "support.h"

error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *arg_index, void *input)
{
    return __real_argp_parse(argp, argc, argv, flags | ARGP_QUIET, arg_index, input);
}

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
    for (size_t i = 0; i < p->knobs.count; i++)
        FUZZ_MUST(p->knobs.items[i] != NULL);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_argv line;
    struct run_options options;
    struct error err = {.text = ""};
    fuzz_argv_split(&line, "cobench run", data, size);
    const int rc = run_options_parse(line.argc, line.argv, &options, &err);
    if (rc != 0)
        fuzz_check_refusal(rc, err.text);
    else
        check_ranges(&options);
    run_options_free(&options);
    fuzz_argv_free(&line);
    return 0;
}
