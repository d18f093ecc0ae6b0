/* SPDX-License-Identifier: MIT */
/* `cobench advise`: which model to take, and why. */
#include <stdlib.h>

#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/report/document.h"
#include "bench/store/run_folder.h"

#define LADDER "ladder" /* the suite */

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
        "openmp, async-threads, native-pool, process-pool, processes (docs/statistics.md). For which jobs handing them "
        "over "
        "is too expensive the run of the suite ladder says that is the newest beside RUN, if it is of this machine."};

/* A run with its summary. */
struct whole {
    struct results results;
    struct summary summary;
};

static int whole_load(struct whole *out, const char *path, struct error *err)
{
    const int rc = results_load(&out->results, path, err);
    if (rc == 0)
        summary_make(&out->summary, &out->results);
    return rc;
}

static void whole_free(struct whole *whole)
{
    summary_free(&whole->summary);
    results_free(&whole->results);
}

static bool same_machine(const struct results *a, const struct results *b)
{
    static const char *const facts[] = {"hostname", "cpu_model", "effective_cpus"};
    bool same = true;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        same = same && json_equal(json_object_get(a->machine, facts[i]), json_object_get(b->machine, facts[i])) == 1;
    return same;
}

/* The ladder of a run, or where it has none of the newest one beside it of the same machine, which `other` then has. */
static void find_ladder(struct ladder *ladder, const struct whole *run, const char *path, struct whole *other)
{
    struct error unread;
    ladder_make(ladder, &run->summary);
    char *beside = ladder->count == 0 ? run_folder_beside(path, LADDER) : NULL;
    if (beside != NULL && whole_load(other, beside, &unread) == 0 && same_machine(&run->results, &other->results))
        ladder_make(ladder, &other->summary);
    free(beside);
}

static int advise(const void *arguments, const struct paths *paths, struct error *err)
{
    const struct arguments *a = arguments;
    struct whole whole = {.results.plan = NULL}, other = {.results.plan = NULL};
    struct ladder ladder;
    struct writer w = options_writer(&a->print, NULL);
    char *run = NULL;
    int rc = find_run(paths, NULL, a->run, &run, err);
    if (rc == 0)
        rc = whole_load(&whole, run, err);
    if (rc == 0) {
        find_ladder(&ladder, &whole, run, &other);
        if (a->json)
            w.format = &format_json;
        advice_write(&whole.summary, &ladder, &w);
        ladder_free(&ladder);
        rc = options_print_end(err);
    }
    whole_free(&other);
    whole_free(&whole);
    free(run);
    return rc;
}

int cmd_advise(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {.run = NULL};
    return options_run(&options, argc, argv, &arguments, advise, err);
}
