/* SPDX-License-Identifier: MIT */
/* The command line of `cobench run`: one table makes the parser and --help. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "bench/cmd/run_options.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/util/files.h"
#include "bench/cmd/options.h"
#include "common/num.h"

#define SEED_MAX INT64_C(9007199254740991) /* what every JSON reader keeps exactly */

enum {
    KEY_SUITE = 256,
    KEY_TASK,
    KEY_RUNTIME,
    KEY_MODEL,
    KEY_JOBS,
    KEY_WORKERS,
    KEY_SCALING,
    KEY_RATE,
    KEY_ARRIVALS,
    KEY_SET,
    KEY_ROUNDS,
    KEY_BUDGET,
    KEY_PRECISION,
    KEY_SEED,
    KEY_MARGIN,
    KEY_TIMEOUT,
    KEY_START_METHOD,
    KEY_URL,
    KEY_TASKS,
    KEY_RESULTS,
    KEY_RESUME,
    KEY_FORCE,
    KEY_NO_PLOTS,
    KEY_QUIET
};

static const struct argp_option table[] = {
    {"suite", KEY_SUITE, "NAME|FILE", 0, "A suite of bench/suites, or a file (default quick; docs/suites.md)", 0},
    {"task", KEY_TASK, "T[,T]", 0, "These tasks: of the suite, or without --suite with their defaults", 0},
    {"runtime", KEY_RUNTIME, "R[,R]", 0, "These runtimes only", 0},
    {"model", KEY_MODEL, "M[,M]", 0, "These models only (the baseline always runs)", 0},
    {"jobs", KEY_JOBS, "N[,N]", 0, "Jobs, 1..100000000; several make several groups (default the task's)", 0},
    {"workers", KEY_WORKERS, "W[,W]", 0,
     "The most jobs in flight at once: a number, cpus or jobs; several make several groups (default by the task's "
     "kind)",
     0},
    {"scaling", KEY_SCALING, "KIND", 0,
     "With several --workers: strong shares the same jobs among them (default), weak gives each as many, prices tells "
     "what "
     "one more costs, without speedups",
     0},
    {"rate", KEY_RATE, "R", 0,
     "Open loop: R jobs arrive a second, and latency counts from when each was to start; tasks that wait only", 0},
    {"arrivals", KEY_ARRIVALS, "KIND", 0, "How they arrive: fixed (default) or poisson", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "A parameter, of all tasks that have it or (task.key=value) of one", 0},
    {"rounds", KEY_ROUNDS, "N", 0,
     "Timed rounds, 1..100000 (default 10; intervals need 6); with --resume, of a run that has fewer: that many in all",
     0},
    {"margin", KEY_MARGIN, "P%", 0, "A difference smaller than this is none in practice, 0%..90% (default 1%)", 0},
    {"budget", KEY_BUDGET, "TIME", 0, "As many whole rounds as fit: 90s, 2m, 1h; verifying counts", 0},
    {"precision", KEY_PRECISION, "P%", 0,
     "As many rounds as bring every interval of a group to P% on either side (docs/statistics.md; default budget 10m)",
     0},
    {"seed", KEY_SEED, "N", 0, "Of the order of cells (default random)", 0},
    {"timeout", KEY_TIMEOUT, "S", 0, "Seconds a command may take, 0.001..86400 (default 120)", 0},
    {"start-method", KEY_START_METHOD, "HOW", 0, "How worker processes start: fork (default) or spawn", 0},
    {"url", KEY_URL, "URL", 0, "Ask this server instead of the origin", 0},
    {"tasks", KEY_TASKS, "DIR", 0, "Another folder of task files", 0},
    {"results", KEY_RESULTS, "DIR", 0, "Where the run's folder goes (default results/ in the project)", 0},
    {"resume", KEY_RESUME, "RUN", 0,
     "Go on with a run that was cut off: its folder, its name under results/, or 'latest'; what it does stands in its "
     "plan.json",
     0},
    {"force", KEY_FORCE, NULL, 0, "With --resume: also where programs or machine differ; the summary says so", 0},
    {"no-plots", KEY_NO_PLOTS, NULL, 0, "Make no pictures", 0},
    {"quiet", KEY_QUIET, NULL, 0, "No progress and no table; warnings stay", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

struct parse {
    struct run_options *out;
    struct error *err;
    int rc;              /* the first error */
    const char *settles; /* the first option that says what a run does */
};

static void refuse(struct parse *p, const char *option, const char *value, const char *allowed)
{
    if (p->rc == 0)
        p->rc = error_set(p->err, -EINVAL, "%s '%.200s': %s", option, value, allowed);
}

static void take_list(struct parse *p, const char *option, const char *value, struct string_list *out)
{
    const int rc = string_list_split(out, value);
    if (rc == -EINVAL)
        refuse(p, option, value, "names with commas between them are needed");
    else if (rc != 0 && p->rc == 0)
        p->rc = error_set(p->err, rc, "out of memory");
}

static void take_number(struct parse *p, const char *option, const char *value, int64_t max, int64_t *out)
{
    if (num_parse_i64(value, 1, max, out) != 0) {
        char allowed[80];
        snprintf(allowed, sizeof allowed, "not a whole number from 1 to %lld", (long long)max);
        refuse(p, option, value, allowed);
    }
}

static void take_workers(struct parse *p, const char *value)
{
    struct string_list *w = &p->out->plan.workers;
    take_list(p, "--workers", value, w);
    for (size_t i = 0; i < w->count; i++)
        if (suite_check_workers(w->items[i]) != 0)
            refuse(p, "--workers", w->items[i], "not a number from 1 to 100000, 'cpus' or 'jobs'");
}

static void take_jobs(struct parse *p, const char *value)
{
    struct string_list *jobs = &p->out->plan.jobs;
    take_list(p, "--jobs", value, jobs);
    for (size_t i = 0; i < jobs->count; i++)
        if (suite_check_jobs(jobs->items[i]) != 0)
            refuse(p, "--jobs", jobs->items[i], "not a whole number from 1 to 100000000");
}

static void take_scaling(struct parse *p, const char *value)
{
    if (suite_check_scaling(value) != 0)
        refuse(p, "--scaling", value, "neither strong, weak nor prices");
    p->out->plan.scaling = value;
}

static void take_rate(struct parse *p, const char *value)
{
    if (suite_parse_rate(value, &p->out->plan.rate) != 0)
        refuse(p, "--rate", value, "not " SUITE_RATES);
}

static void take_arrivals(struct parse *p, const char *value)
{
    if (suite_check_arrivals(value) != 0)
        refuse(p, "--arrivals", value, "neither fixed nor poisson");
    p->out->plan.arrivals = value;
}

static void take_tasks_dir(struct parse *p, const char *value)
{
    free(p->out->tasks_dir_owned);
    p->out->tasks_dir_owned = realpath(value, NULL);
    if (p->out->tasks_dir_owned == NULL || !dir_exists(p->out->tasks_dir_owned))
        refuse(p, "--tasks", value, p->out->tasks_dir_owned == NULL ? strerror(errno) : "this is no folder");
    else if (!text_is_utf8(p->out->tasks_dir_owned, strlen(p->out->tasks_dir_owned)))
        refuse(p, "--tasks", value, "its path is not valid UTF-8");
    p->out->plan.tasks_dir = p->out->tasks_dir_owned;
}

static void take_url(struct parse *p, const char *value)
{
    if (strncasecmp(value, "http://", 7) != 0 && strncasecmp(value, "https://", 8) != 0)
        refuse(p, "--url", value, "it does not begin with http:// or https://");
    if (!text_is_utf8(value, strlen(value)))
        refuse(p, "--url", value, "not valid UTF-8");
    p->out->plan.url = value;
}

static void take_set(struct parse *p, const char *value)
{
    if (string_list_add(&p->out->plan.sets, value) != 0 && p->rc == 0)
        p->rc = error_set(p->err, -ENOMEM, "out of memory");
}

static void take_seed(struct parse *p, const char *value)
{
    if (num_parse_i64(value, 0, SEED_MAX, &p->out->plan.seed) != 0)
        refuse(p, "--seed", value, "not a whole number from 0 to 9007199254740991");
}

static void take_margin(struct parse *p, const char *value)
{
    if (num_parse_percent(value, 0, MARGIN_MAX, &p->out->plan.margin) != 0)
        refuse(p, "--margin", value, "not a percentage from 0% to 90%");
}

static void take_timeout(struct parse *p, const char *value)
{
    if (num_parse_double(value, 0.001, TIMEOUT_MAX_S, &p->out->plan.timeout_s) != 0)
        refuse(p, "--timeout", value, "not a number of seconds from 0.001 to 86400");
}

static void take_budget(struct parse *p, const char *value)
{
    if (num_parse_duration(value, BUDGET_MIN_S, BUDGET_MAX_S, &p->out->plan.stopping.budget_s) != 0)
        refuse(p, "--budget", value, "not a time such as 90s, 2m or 1h, up to a week");
}

static void take_precision(struct parse *p, const char *value)
{
    if (num_parse_percent(value, PRECISION_MIN, PRECISION_MAX, &p->out->plan.stopping.precision) != 0)
        refuse(p, "--precision", value, "not a percentage such as 2%, from 0.01% to 50%");
}

static void take_start_method(struct parse *p, const char *value)
{
    if (strcmp(value, "fork") != 0 && strcmp(value, "spawn") != 0)
        refuse(p, "--start-method", value, "neither fork nor spawn");
    p->out->plan.start_method = value;
}

/* What a run that is taken up does stands in its plan; an option that says it again could only contradict. */
static void note_settling(struct parse *p, int key)
{
    static const int others[] = {KEY_RESULTS, KEY_RESUME, KEY_ROUNDS, KEY_FORCE, KEY_NO_PLOTS, KEY_QUIET};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (key == others[i])
            return;
    for (size_t i = 0; p->settles == NULL && table[i].name != NULL; i++)
        if (table[i].key == key)
            p->settles = table[i].name;
}

static void check_resume(struct parse *p)
{
    if (p->rc == 0 && p->out->resume != NULL && p->settles != NULL)
        p->rc = error_set(p->err, -EINVAL,
                          "--resume: --%s cannot be given with it; the run does what its plan.json says", p->settles);
    if (p->rc == 0 && p->out->resume == NULL && p->out->force)
        p->rc = error_set(p->err, -EINVAL, "--force: only --resume can be forced");
}

static void take_suite(struct parse *p, const char *value) { p->out->suite = value; }

static void take_task(struct parse *p, const char *value) { take_list(p, "--task", value, &p->out->plan.tasks); }

static void take_runtime(struct parse *p, const char *value)
{
    take_list(p, "--runtime", value, &p->out->plan.runtimes);
}

static void take_model(struct parse *p, const char *value) { take_list(p, "--model", value, &p->out->plan.models); }

static void take_rounds(struct parse *p, const char *value)
{
    take_number(p, "--rounds", value, ROUNDS_MAX, &p->out->plan.stopping.rounds);
}

static void take_results(struct parse *p, const char *value) { p->out->results = value; }

static void take_resume(struct parse *p, const char *value) { p->out->resume = value; }

static void take_force(struct parse *p, const char *value)
{
    (void)value;
    p->out->force = true;
}

static void take_no_plots(struct parse *p, const char *value)
{
    (void)value;
    p->out->no_plots = true;
}

static void take_quiet(struct parse *p, const char *value)
{
    (void)value;
    p->out->quiet = true;
}

static const struct {
    int key;
    void (*take)(struct parse *p, const char *value);
} takers[] = {
    {KEY_SUITE, take_suite},
    {KEY_TASK, take_task},
    {KEY_RUNTIME, take_runtime},
    {KEY_MODEL, take_model},
    {KEY_JOBS, take_jobs},
    {KEY_WORKERS, take_workers},
    {KEY_SCALING, take_scaling},
    {KEY_RATE, take_rate},
    {KEY_ARRIVALS, take_arrivals},
    {KEY_SET, take_set},
    {KEY_ROUNDS, take_rounds},
    {KEY_BUDGET, take_budget},
    {KEY_PRECISION, take_precision},
    {KEY_SEED, take_seed},
    {KEY_MARGIN, take_margin},
    {KEY_TIMEOUT, take_timeout},
    {KEY_START_METHOD, take_start_method},
    {KEY_URL, take_url},
    {KEY_TASKS, take_tasks_dir},
    {KEY_RESULTS, take_results},
    {KEY_RESUME, take_resume},
    {KEY_FORCE, take_force},
    {KEY_NO_PLOTS, take_no_plots},
    {KEY_QUIET, take_quiet},
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
    struct parse *p = state->input;
    note_settling(p, key);
    if (key == ARGP_KEY_ARG)
        refuse(p, "run", arg, "there are options only; --task names a task, --suite a suite");
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++)
        if (takers[i].key == key) {
            takers[i].take(p, arg);
            return 0;
        }
    return key == ARGP_KEY_ARG ? 0 : ARGP_ERR_UNKNOWN;
}

int run_options_parse(int argc, char **argv, struct run_options *out, struct error *err)
{
    static const struct argp parser = {
        .options = table,
        .parser = on_option,
        .doc = "Verifies every cell once, then times them in interleaved rounds under hyperfine."};
    *out = (struct run_options){.plan.seed = -1, .plan.margin = -1};
    struct parse p = {.out = out, .err = err};
    const int rc = options_parse(&parser, argc, argv, &p, err);
    p.rc = p.rc == 0 ? rc : p.rc;
    check_resume(&p);
    return p.rc;
}

void run_options_free(struct run_options *options)
{
    struct string_list *lists[] = {&options->plan.tasks, &options->plan.runtimes, &options->plan.models,
                                   &options->plan.jobs,  &options->plan.workers,  &options->plan.sets};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        string_list_free(lists[i]);
    free(options->tasks_dir_owned);
    options->tasks_dir_owned = NULL;
}
