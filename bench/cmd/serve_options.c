/* SPDX-License-Identifier: MIT */
/* The options of `cobench serve-bench`, a run whose groups are all of serving. */
#include "bench/cmd/run_options.h"

#include <stddef.h>

#define AT(field) offsetof(struct run_options, field)

static const struct option_row rows[] = {
    {{"task", SETTING_NAMES, AT(plan.tasks)},
     "T[,T]",
     "What a request runs: tasks that compute, or wait for anything but a URL or a command (default the suite "
     "serving)"},
    {{"set", SETTING_ADDED, AT(plan.sets)}, "KEY=VALUE", "A parameter of the task"},
    {{"delay", SETTING_DELAY, AT(plan.serving.delay_ms)},
     "MS",
     "What each request waits before that (default the suite's, else 0)"},
    {{"jobs", SETTING_JOBS, AT(plan.jobs)}, "N", "So many different requests (default the task's jobs)"},
    {{"suite", SETTING_TEXT, AT(suite)}, "NAME|FILE", "A suite of bench/suites, or a file, with groups of serving"},
    {{"server", SETTING_NAMES, AT(plan.serving.servers)},
     "S[,S]",
     "These servers only, of those that cobench list shows (default all)"},
    {{"runtime", SETTING_NAMES, AT(plan.runtimes)}, "R[,R]", "Served by these runtimes only (default all that serve)"},
    {{"behind", SETTING_BEHIND, AT(plan.serving.behind)}, "nginx", "Each server once more behind nginx"},
    {{"connections", SETTING_WORKERS, AT(plan.workers)},
     "C[,C]",
     "Connections of the client; several make several groups (default 100)"},
    {{"rates", SETTING_SHARES, AT(plan.serving.rates)},
     "P[,P]",
     "Rates of the open loops, in per cent of the server's own saturation (default 50,70,90,120)"},
    {{"duration", SETTING_SECONDS, AT(plan.serving.duration_s)},
     "S",
     "Seconds of one load (default the suite's, else 1)"},
    {{"idle", SETTING_IDLE, AT(plan.serving.idle)},
     "N",
     "Have each server hold so many idle connections, where its model can, and read its memory (default the "
     "suite's, else 0)"},
    {{"wrk", SETTING_FLAG, AT(plan.serving.wrk)},
     NULL,
     "Have wrk load each server too, as a client that is none of ours; what it finds is a column"},
    {{"rounds", SETTING_ROUNDS, AT(plan.stopping.rounds)}, "N", "Rounds, 1..100000 (intervals need 6; default 10)"},
    {{"margin", SETTING_MARGIN, AT(plan.margin)}, "P%", "A difference smaller than this is none, 0%..90% (default 1%)"},
    {{"seed", SETTING_SEED, AT(plan.seed)}, "N", "Of the order of servers (default random)"},
    {{"timeout", SETTING_SECONDS, AT(plan.timeout_s)}, "S", "Seconds a start or a load may take (default 120)"},
    {{"request-timeout", SETTING_SECONDS, AT(plan.request_timeout_s)},
     "S",
     "Seconds a request may take up to saturation (default 10; beyond it 1)"},
    {{"service", SETTING_ADDED, AT(services)},
     "NAME=URL",
     "Use this one where the task needs a service (redis, postgresql)"},
    {{"results", SETTING_TEXT, AT(results)}, "DIR", "Where the run's folder goes (default ./results)"},
    {{"resume", SETTING_TEXT, AT(resume)}, "RUN", "Go on with a run that was cut off"},
    {{"force", SETTING_FLAG, AT(force)}, NULL, "With --resume: also where programs or machine differ"},
    {{"no-plots", SETTING_FLAG, AT(no_plots)}, NULL, "Make no pictures"},
    {{"table", SETTING_FLAG, AT(table)}, NULL, "Print all tables at the end"},
    {{"quiet", SETTING_FLAG, AT(quiet)}, NULL, "No progress and nothing at the end; warnings stay"},
};
static const struct option_group groups[] = {
    {"task", "What is served:"},
    {"server", "By whom, and under which load:"},
    {"rounds", "How long, and how sure:"},
    {"results", "What is kept and printed:"},
    {NULL, NULL},
};
const struct options serve_options = {
    .rows = rows,
    .groups = groups,
    .count = sizeof rows / sizeof *rows,
    .doc = "Says which server carries a task: requests a second at saturation, latency at shares of it, memory a "
           "connection, what "
           "happens beyond. Each round starts every server, loads it with the C host's client and ends it, in random "
           "order; every answer is checked (docs/serving.md)."
           "\vFor example:\n"
           "  cobench serve-bench --task fib --set size=20 --connections 10,100\n"
           "  cobench serve-bench --task query --server asyncio,uvicorn --behind nginx"};
