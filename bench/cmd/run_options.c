/* SPDX-License-Identifier: MIT */
/* The command line of `cobench run`. */
#include "bench/cmd/run_options.h"

#include <errno.h>
#include <string.h>

#include "bench/cmd/options.h"

#define AT(field) offsetof(struct run_options, field)

static const struct option_row rows[] = {
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
static const struct options options = {
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .doc = "Verifies every cell once, then times them in interleaved rounds under hyperfine."};

/* What a resumed run does stands in its plan; an option that says it again could only contradict. */
static int check_resume(const struct run_options *o, uint64_t given, struct error *err)
{
    static const char others[] = " results resume rounds force no-plots quiet ";
    char word[24];
    for (size_t i = 0; o->resume != NULL && i < options.count; i++) {
        snprintf(word, sizeof word, " %s ", rows[i].set.key);
        if ((given >> i & 1) != 0 && strstr(others, word) == NULL)
            return error_set(err, -EINVAL,
                             "--resume: --%s cannot be given with it; the run does what its plan.json says",
                             rows[i].set.key);
    }
    return o->resume != NULL || !o->force ? 0 : error_set(err, -EINVAL, "--force: only --resume can be forced");
}

int run_options_parse(int argc, char **argv, struct run_options *out, struct error *err)
{
    uint64_t given = 0;
    *out = (struct run_options){.plan.seed = -1, .plan.margin = -1};
    int rc = options_parse(&options, argc, argv, out, &given, err);
    if (rc == 0)
        rc = options_tasks_dir(&out->plan.tasks_dir, err);
    return rc == 0 ? check_resume(out, given, err) : rc;
}

void run_options_free(struct run_options *o) { options_free(&options, o); }
