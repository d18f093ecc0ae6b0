/* SPDX-License-Identifier: MIT */
/* The command line of `cobench run`: one table makes the parser and --help. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "bench/cmd/run_options.h"

#include <argp.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/files.h"
#include "bench/cmd/options.h"

#define AT(field) offsetof(struct run_options, field)

static const struct {
    struct setting set;
    const char *argument, *help;
} table[] = {
    {{"suite", SETTING_TEXT, AT(suite)},
     "NAME|FILE",
     "A suite of bench/suites, or a file (default quick; docs/suites.md)"},
    {{"task", SETTING_NAMES, AT(plan.tasks)},
     "T[,T]",
     "These tasks: of the suite, or without --suite with their defaults"},
    {{"runtime", SETTING_NAMES, AT(plan.runtimes)}, "R[,R]", "These runtimes only"},
    {{"model", SETTING_NAMES, AT(plan.models)}, "M[,M]", "These models only (the baseline always runs)"},
    {{"jobs", SETTING_JOBS, AT(plan.jobs)},
     "N[,N]",
     "Jobs, 1..100000000; several make several groups (default the task's)"},
    {{"workers", SETTING_WORKERS, AT(plan.workers)},
     "W[,W]",
     "The most jobs in flight at once: a number, cpus or jobs; several make several groups (default by the "
     "task's kind)"},
    {{"scaling", SETTING_SCALING, AT(plan.scaling)},
     "KIND",
     "With several --workers: strong shares the same jobs among them (default), weak gives each as many, "
     "prices tells what one more costs, without speedups"},
    {{"rate", SETTING_RATE, AT(plan.rate)},
     "R",
     "Open loop: R jobs arrive a second, and latency counts from when each was to start; tasks that wait only"},
    {{"arrivals", SETTING_ARRIVALS, AT(plan.arrivals)}, "KIND", "How they arrive: fixed (default) or poisson"},
    {{"set", SETTING_ADDED, AT(plan.sets)},
     "KEY=VALUE",
     "A parameter, of all tasks that have it or (task.key=value) of one"},
    {{"rounds", SETTING_ROUNDS, AT(plan.stopping.rounds)},
     "N",
     "Timed rounds, 1..100000 (default 10; intervals need 6); with --resume, of a run that has fewer: that many "
     "in all"},
    {{"margin", SETTING_MARGIN, AT(plan.margin)},
     "P%",
     "A difference smaller than this is none in practice, 0%..90% (default 1%)"},
    {{"budget", SETTING_BUDGET, AT(plan.stopping.budget_s)},
     "TIME",
     "As many whole rounds as fit: 90s, 2m, 1h; verifying counts"},
    {{"precision", SETTING_PRECISION, AT(plan.stopping.precision)},
     "P%",
     "As many rounds as bring every interval of a group to P% on either side (docs/statistics.md; default budget 10m)"},
    {{"seed", SETTING_SEED, AT(plan.seed)}, "N", "Of the order of cells (default random)"},
    {{"timeout", SETTING_SECONDS, AT(plan.timeout_s)}, "S", "Seconds a command may take, 0.001..86400 (default 120)"},
    {{"start-method", SETTING_START_METHOD, AT(plan.start_method)},
     "HOW",
     "How worker processes start: fork (default) or spawn"},
    {{"url", SETTING_URL, AT(plan.url)}, "URL", "Ask this server instead of the origin"},
    {{"tasks", SETTING_TEXT, AT(plan.tasks_dir)}, "DIR", "Another folder of task files"},
    {{"results", SETTING_TEXT, AT(results)}, "DIR", "Where the run's folder goes (default results/ in the project)"},
    {{"resume", SETTING_TEXT, AT(resume)},
     "RUN",
     "Go on with a run that was cut off: its folder, its name under results/, or 'latest'; what it does stands "
     "in its plan.json"},
    {{"force", SETTING_FLAG, AT(force)},
     NULL,
     "With --resume: also where programs or machine differ; the summary says so"},
    {{"no-plots", SETTING_FLAG, AT(no_plots)}, NULL, "Make no pictures"},
    {{"quiet", SETTING_FLAG, AT(quiet)}, NULL, "No progress and no table; warnings stay"},
};
enum { COUNT = sizeof table / sizeof *table, FIRST_KEY = 256 };

struct parse {
    struct run_options *out;
    struct error *err;
    const char *settles; /* the first option that says what a run does */
};

/* What a resumed run does stands in its plan; an option that says it again could only contradict. */
static bool goes_with_resume(const char *option)
{
    static const char *const others[] = {"results", "resume", "rounds", "force", "no-plots", "quiet"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(option, others[i]) == 0)
            return true;
    return false;
}

static int check_resume(const struct parse *p)
{
    if (p->out->resume != NULL && p->settles != NULL)
        return error_set(p->err, -EINVAL,
                         "--resume: --%s cannot be given with it; the run does what its plan.json says", p->settles);
    if (p->out->resume == NULL && p->out->force)
        return error_set(p->err, -EINVAL, "--force: only --resume can be forced");
    return 0;
}

/* --tasks becomes absolute, as the hosts run in another folder. */
static int find_tasks_dir(struct parse *p)
{
    char **dir = &p->out->plan.tasks_dir, *path = *dir == NULL ? NULL : realpath(*dir, NULL);
    if (*dir == NULL)
        return 0;
    const char *wrong = path == NULL                        ? strerror(errno)
                        : !dir_exists(path)                 ? "this is no folder"
                        : !text_is_utf8(path, strlen(path)) ? "its path is not valid UTF-8"
                                                            : NULL;
    const int rc = wrong == NULL ? 0 : -options_refuse(p->err, "--tasks", *dir, wrong);
    free(*dir);
    *dir = path;
    return rc;
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
    struct parse *p = state->input;
    if (key == ARGP_KEY_ARG)
        return options_refuse(p->err, "run", arg, "there are options only; --task names a task, --suite a suite");
    if (key < FIRST_KEY || key >= FIRST_KEY + COUNT)
        return ARGP_ERR_UNKNOWN;
    const struct setting *s = &table[key - FIRST_KEY].set;
    struct setting_refusal no;
    char option[24];
    if (p->settles == NULL && !goes_with_resume(s->key))
        p->settles = s->key;
    const int rc = setting_take(s->kind, arg, (char *)p->out + s->at, &no);
    snprintf(option, sizeof option, "--%s", s->key);
    return rc == -EINVAL ? options_refuse(p->err, option, no.value, no.why)
           : rc != 0     ? -error_set(p->err, rc, "out of memory")
                         : 0;
}

int run_options_parse(int argc, char **argv, struct run_options *out, struct error *err)
{
    struct argp_option options[COUNT + 1] = {{0}};
    for (int i = 0; i < COUNT; i++)
        options[i] = (struct argp_option){
            .name = table[i].set.key, .key = FIRST_KEY + i, .arg = table[i].argument, .doc = table[i].help};
    const struct argp parser = {
        .options = options,
        .parser = on_option,
        .doc = "Verifies every cell once, then times them in interleaved rounds under hyperfine."};
    *out = (struct run_options){.plan.seed = -1, .plan.margin = -1};
    struct parse p = {.out = out, .err = err};
    int rc = options_parse(&parser, argc, argv, &p, err);
    if (rc == 0)
        rc = find_tasks_dir(&p);
    return rc == 0 ? check_resume(&p) : rc;
}

void run_options_free(struct run_options *options)
{
    for (int i = 0; i < COUNT; i++)
        setting_free(&table[i].set, options);
}
