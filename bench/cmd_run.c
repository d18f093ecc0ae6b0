/* SPDX-License-Identifier: MIT */
/*
 * `cobench run`. The order matters: signals, the scratch folder and the guard come first, so that whatever is started
 * later can be ended; then everything that can be wrong is looked at (hosts, suite, parameters, hyperfine); only then
 * the run's folder is made and the first sample taken.
 */
#include "bench/command.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/files.h"
#include "bench/machine.h"
#include "bench/report.h"
#include "bench/run_folder.h"
#include "bench/run_options.h"
#include "bench/runner.h"
#include "bench/stop.h"
#include "bench/suite.h"
#include "bench/timer.h"

/* All that a run holds, in the order it comes. */
struct session {
    struct run_options options;
    struct places places;
    char *scratch, *results, *hyperfine, *folder;
    struct guard *guard;
    struct catalog catalog;
    struct suite suite;
    struct plan plan;
    struct origin origin;
    struct journal journal;
    struct progress progress;
    bool origin_runs;
};

/* -- the suite ---------------------------------------------------------------------------------------------------- */

/* A suite of its own for --task without --suite: a group a task, with the task's defaults. */
static int suite_from_tasks(const struct words *tasks, struct suite *out, struct error *err)
{
    *out = (struct suite){.name = words_join(tasks, "+")};
    int rc = out->name == NULL ? -ENOMEM : 0;
    for (size_t i = 0; rc == 0 && i < tasks->count; i++)
        if (suite_add_group(out, tasks->items[i], tasks->items[i]) == NULL)
            rc = -ENOMEM;
    if (rc != 0) {
        suite_free(out);
        error_set(err, rc, "out of memory");
    }
    return rc;
}

/* Names the suites there are. */
static int suite_unknown(const struct places *places, const char *name, struct error *err)
{
    char *pattern = text_format("%s/bench/suites/*.ini", places->root);
    char known[256] = "";
    glob_t found = {.gl_pathc = 0};
    if (pattern != NULL && glob(pattern, 0, NULL, &found) == 0) {
        size_t at = 0;
        for (size_t i = 0; i < found.gl_pathc && at < sizeof known; i++) {
            const char *file = strrchr(found.gl_pathv[i], '/') + 1;
            at += (size_t)snprintf(known + at, sizeof known - at, "%s%.*s", i > 0 ? ", " : "",
                                   (int)(strlen(file) - strlen(".ini")), file);
        }
        globfree(&found);
    }
    free(pattern);
    return error_set(err, -EINVAL, "unknown suite '%s' (known: %s; a file needs its path)", name, known);
}

static int suite_find(struct session *s, struct error *err)
{
    const char *name = s->options.suite;
    const size_t length = name == NULL ? 0 : strlen(name);
    if (name == NULL && s->options.plan.tasks.count > 0)
        return suite_from_tasks(&s->options.plan.tasks, &s->suite, err);
    if (name != NULL && (strchr(name, '/') != NULL || (length > 4 && strcmp(name + length - 4, ".ini") == 0)))
        return suite_read(name, &s->suite, err);
    char *path = text_format("%s/bench/suites/%s.ini", s->places.root, name == NULL ? "quick" : name);
    if (path == NULL)
        return error_set(err, -ENOMEM, "out of memory");
    int rc;
    if (access(path, F_OK) != 0)
        rc = suite_unknown(&s->places, name, err);
    else
        rc = suite_read(path, &s->suite, err);
    free(path);
    return rc;
}

/* -- getting ready ------------------------------------------------------------------------------------------------ */

static int random_seed(int64_t *out, struct error *err)
{
    uint32_t seed;
    FILE *f = fopen("/dev/urandom", "rb");
    const bool read_it = f != NULL && fread(&seed, sizeof seed, 1, f) == 1;
    if (f != NULL)
        fclose(f);
    if (!read_it)
        return error_set(err, -EIO, "/dev/urandom: cannot be read; --seed gives a seed");
    *out = seed;
    return 0;
}

static int set_results(struct session *s, struct error *err)
{
    s->results = s->options.results != NULL ? strdup(s->options.results) : text_format("%s/results", s->places.root);
    return s->results == NULL ? error_set(err, -ENOMEM, "out of memory") : 0;
}

/* What can end things, before anything is started. */
static int open_guard(struct session *s, struct error *err)
{
    int rc = stop_install(err);
    if (rc == 0 && (rc = dir_make_scratch(&s->scratch)) != 0)
        return error_set(err, rc, "cannot make a temporary folder: %s", strerror(-rc));
    return rc != 0 ? rc : guard_open(s->scratch, &s->guard, err);
}

static int make_plan(struct session *s, struct error *err)
{
    const struct catalog_source from = {.places = &s->places,
                                        .guard = s->guard,
                                        .scratch = s->scratch,
                                        .tasks_dir = s->options.tasks_dir};
    int rc = catalog_read(&from, &s->catalog, err);
    if (rc == 0 && s->options.plan.seed < 0)
        rc = random_seed(&s->options.plan.seed, err);
    if (rc != 0)
        return rc;
    const struct plan_source source = {.suite = &s->suite,
                                       .options = &s->options.plan,
                                       .catalog = &s->catalog,
                                       .effective_cpus = machine_effective_cpus()};
    return plan_make(&source, &s->plan, err);
}

static int start_origin(struct session *s, struct error *err)
{
    bool needed = false;
    for (size_t g = 0; g < s->plan.group_count; g++)
        needed |= s->plan.groups[g].needs_url;
    if (!needed || s->plan.url != NULL)
        return 0;
    const int rc = origin_start(s->guard, &s->places, &s->origin, err);
    s->origin_runs = rc == 0;
    return rc;
}

static int make_folder(struct session *s, struct error *err)
{
    char created[32], host[80];
    run_folder_time(created, sizeof created);
    machine_short_name(host, sizeof host);
    json_t *versions = json_pack("{ss}", "hyperfine", s->hyperfine);
    json_t *machine = versions == NULL ? NULL : machine_json(&s->catalog, versions);
    json_t *plan = plan_json(&s->plan, created);
    const struct run_folder_facts facts = {.results = s->results,
                                           .created = created,
                                           .host = host,
                                           .suite = s->plan.suite,
                                           .machine = machine,
                                           .plan = plan};
    int rc = machine == NULL || plan == NULL ? error_set(err, -ENOMEM, "out of memory")
                                             : run_folder_make(&facts, &s->folder, err);
    json_decref(versions);
    json_decref(machine);
    json_decref(plan);
    char *path = rc == 0 ? text_format("%s/samples.jsonl", s->folder) : NULL;
    if (rc == 0)
        rc = path == NULL ? error_set(err, -ENOMEM, "out of memory") : journal_create(path, &s->journal, err);
    free(path);
    return rc;
}

/* Everything up to the first sample. */
static int session_open(struct session *s, struct error *err)
{
    int rc = places_find(&s->places, err);
    if (rc == 0)
        rc = set_results(s, err);
    if (rc == 0)
        rc = suite_find(s, err);
    if (rc == 0)
        rc = open_guard(s, err);
    if (rc == 0)
        rc = make_plan(s, err);
    if (rc == 0)
        rc = timer_version(s->guard, s->scratch, &s->hyperfine, err);
    if (rc == 0)
        rc = start_origin(s, err);
    return rc != 0 ? rc : make_folder(s, err);
}

static void session_close(struct session *s)
{
    journal_close(&s->journal);
    origin_close(&s->origin);
    guard_close(s->guard);
    if (s->guard == NULL && s->scratch != NULL)
        dir_remove_flat(s->scratch); /* else the guard's end removed it */
    plan_free(&s->plan);
    suite_free(&s->suite);
    catalog_free(&s->catalog);
    places_free(&s->places);
    run_options_free(&s->options);
    free(s->scratch);
    free(s->results);
    free(s->hyperfine);
    free(s->folder);
}

/* -- the run ------------------------------------------------------------------------------------------------------ */

static void announce(struct session *s)
{
    const struct plan *p = &s->plan;
    progress_note(&s->progress, false, "suite %s: %zu groups, %zu cells, %lld rounds, seed %lld", p->suite,
                  p->group_count, p->cell_count, (long long)p->rounds, (long long)p->seed);
    if (p->rounds < ROUNDS_FOR_INTERVALS)
        progress_note(&s->progress, true, "warning: %lld round%s no interval (at least %d are needed)",
                      (long long)p->rounds, p->rounds == 1 ? " gives" : "s give", ROUNDS_FOR_INTERVALS);
    for (size_t g = 0; g < p->group_count; g++)
        for (size_t h = 0; h < host_count; h++)
            if (p->groups[g].task->hosts == 1u << h)
                progress_note(&s->progress, true, "warning: task %s: %s; nothing checks its results but its own baseline",
                              p->groups[g].task->name, host_table[h].only);
}

static int take_samples(struct session *s, int64_t *rounds_done, struct error *err)
{
    const struct bench bench = {.places = &s->places,
                                .catalog = &s->catalog,
                                .plan = &s->plan,
                                .guard = s->guard,
                                .scratch = s->scratch,
                                .tasks_dir = s->options.tasks_dir,
                                .origin = s->origin_runs ? &s->origin : NULL};
    struct runner runner;
    int rc = runner_open(&bench, &s->journal, &s->progress, &runner, err);
    if (rc != 0)
        return rc;
    rc = runner_verify(&runner, err);
    if (rc == 0)
        rc = runner_rounds(&runner, err);
    progress_clear(&s->progress);
    *rounds_done = runner.rounds_done;
    runner_close(&runner);
    return rc;
}

static int terminal_width(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 80 ? size.ws_col : 80;
}

static int make_report(const struct session *s, int *failed, struct error *err)
{
    char *scripts = text_format("%s/scripts/plots", s->places.root);
    if (scripts == NULL)
        return error_set(err, -ENOMEM, "out of memory");
    const char *no_colour = getenv("NO_COLOR");
    struct report_options options = {.files = true,
                                     .plots = !s->options.no_plots,
                                     .out = s->options.quiet ? NULL : stdout,
                                     .width = terminal_width(),
                                     .colour = isatty(STDOUT_FILENO) == 1 && (no_colour == NULL || !*no_colour),
                                     .scripts_dir = scripts};
    int rc = report_make(s->folder, &options, failed, err);
    if (rc != 0 && options.out != NULL) { /* a reader of the table who has gone must not cost the files */
        struct error again = {.text = ""};
        options.out = NULL;
        if (report_make(s->folder, &options, failed, &again) == 0)
            rc = 0;
    }
    free(scripts);
    return rc;
}

/* The summary of what there is; `taken` is how sampling ended. */
static int conclude(struct session *s, int taken, int64_t rounds_done, struct error *err)
{
    int failed = 0, status = 0;
    struct error report_err = {.text = ""};
    if (taken == -EINTR)
        progress_note(&s->progress, true, "interrupted; %lld of %lld rounds are in %s", (long long)rounds_done,
                      (long long)s->plan.rounds, s->folder);
    else if (taken != 0)
        progress_note(&s->progress, true, "stopped; %lld of %lld rounds are in %s", (long long)rounds_done,
                      (long long)s->plan.rounds, s->folder);
    if (taken == 0 || rounds_done > 0) {
        const int made = make_report(s, &failed, &report_err);
        if (made != 0)
            status = 1;
        else if (taken == 0)
            progress_note(&s->progress, false, "the run is in %s", s->folder);
    }
    if (taken == 0 && status == 0 && run_folder_publish(s->results, s->folder, &report_err) != 0)
        status = 1;
    if (taken == -EINTR || stop_signal() != 0)
        err->text[0] = '\0';
    if (err->text[0] == '\0')
        *err = report_err;
    if (stop_signal() != 0)
        return 128 + stop_signal();
    return status != 0 || taken != 0 || failed > 0 ? 1 : 0;
}

/* The exit status of a run that did not come to its first sample. */
static int refusal(int rc, struct error *err)
{
    if (rc == -EINTR && stop_signal() != 0) {
        err->text[0] = '\0';
        return 128 + stop_signal();
    }
    return rc == -EINVAL ? 2 : rc == -ENOPKG ? 77 : 1;
}

int cmd_run(int argc, char **argv, struct error *err)
{
    struct session s = {.origin.stdin_fd = -1, .journal.fd = -1};
    int64_t rounds_done = 0;
    int rc = run_options_parse(argc, argv, &s.options, err), status;
    progress_open(&s.progress, s.options.quiet);
    if (rc == 0)
        rc = session_open(&s, err);
    if (rc != 0) {
        status = refusal(rc, err);
    } else {
        announce(&s);
        rc = take_samples(&s, &rounds_done, err);
        stop_release();
        status = conclude(&s, rc, rounds_done, err);
    }
    session_close(&s);
    return status;
}
