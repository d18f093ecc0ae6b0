/* SPDX-License-Identifier: MIT */
/* `cobench advise`: which model to take, and why. */
#include <stdlib.h>

#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/report/document.h"

struct arguments {
    struct options_print print;
    const char *run; /* NULL: the latest */
    bool json;
};

static const struct option_row rows[] = {
    {{"json", SETTING_FLAG, offsetof(struct arguments, json)}, NULL, "As --format json: each number by itself, too"},
};
static const struct options options = {
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .prints = true,
    .arguments = 1,
    .arguments_at = offsetof(struct arguments, run),
    .args_doc = "[RUN]",
    .doc =
        "Say which model to take for each task: the gain, the runner-up, what it costs, what would change the answer "
        "and "
        "what was not measured.\v"
        "RUN is a folder of a run, or its name under results/; results/latest where none is given. Where there is no "
        "clear difference between two models the simpler one is taken: sync, async, uring, threads, thread-pool, "
        "openmp, async-threads, native-pool, process-pool, processes (docs/statistics.md)."};

static int advise(const void *arguments, const struct paths *paths, struct error *err)
{
    const struct arguments *a = arguments;
    struct results results = {.plan = NULL};
    struct summary summary = {.cells = NULL};
    struct writer w = options_writer(&a->print, NULL);
    char *run = NULL;
    int rc = find_run(paths, NULL, a->run, &run, err);
    if (rc == 0)
        rc = results_load(&results, run, err);
    if (rc == 0) {
        summary_make(&summary, &results);
        if (a->json)
            w.format = &format_json;
        advice_write(&summary, &w);
        rc = options_print_end(err);
    }
    summary_free(&summary);
    results_free(&results);
    free(run);
    return rc;
}

int cmd_advise(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {.run = NULL};
    return options_run(&options, argc, argv, &arguments, advise, err);
}
