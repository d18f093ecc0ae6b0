/* SPDX-License-Identifier: MIT */
/* From a suite, the command line and what the hosts offer to groups and cells. params.c sees to parameters. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "bench/plan/plan.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/knobs.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "common/num.h"
#include "common/slots.h"

#define SWEEP_MAX 1000 /* groups that one of the suite may stand for: a year of measuring, and a quadratic look-up */

static bool is(const char *text, const char *word) { return text != NULL && strcmp(text, word) == 0; }

/* "unknown model 'x' (known: ...)"; frees `known`. */
static int unknown(struct error *err, const char *what, const char *name, char *known)
{
    error_set(err, -EINVAL, "unknown %s '%.200s' (known: %s)", what, name, known);
    free(known);
    return -EINVAL;
}

/* -- names -------------------------------------------------------------------------------------------------------- */

static bool known_runtime(const struct catalog *c, const char *name)
{
    for (const struct catalog_runtime *r = c->runtimes; r < c->runtimes + c->runtime_count; r++)
        if (is(r->name, name) || is(r->base, name))
            return true;
    return false;
}

static int check_lists(const struct catalog *c, const struct string_list *runtimes, const struct string_list *models,
                       struct error *err)
{
    for (size_t i = 0; i < runtimes->count; i++)
        if (!known_runtime(c, runtimes->items[i]))
            return unknown(err, "runtime", runtimes->items[i],
                           catalog_names(c->runtimes, c->runtime_count, sizeof *c->runtimes));
    for (size_t i = 0; i < models->count; i++)
        if (catalog_model(c, models->items[i]) == NULL)
            return unknown(err, "model", models->items[i], catalog_names(c->models, c->model_count, sizeof *c->models));
    return 0;
}

/* Whether a host's complaint is about the file of this task: 'NAME' or .../NAME.so. */
static bool names_file(const char *text, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = strstr(text, name); at != NULL; at = strstr(at + 1, name))
        if (at > text && (at[-1] == '/' || at[-1] == '\'') && (at[length] == '.' || at[length] == '\''))
            return true;
    return false;
}

/* -EINVAL where a host that is not among `but` (those that have the task) complains of its file. */
static int check_loads(const struct catalog *c, unsigned but, const char *task, struct error *err)
{
    for (size_t h = 0; h < c->hosts.count; h++) {
        size_t i;
        const json_t *text;
        json_array_foreach(json_object_get(c->lists[h], "errors"), i, text)
        {
            const char *said = json_string_value(text);
            if ((but & (1u << h)) == 0 && said != NULL && names_file(said, task))
                return error_set(err, -EINVAL,
                                 but == 0 ? "unknown task '%.200s'; the %s host says: %.600s"
                                          : "task '%.200s': the %s host says: %.600s",
                                 task, c->hosts.rows[h].name, said);
        }
    }
    return 0;
}

/* A task file that did not load is no known task; its reason helps more than the list of names. */
static int unknown_task(const struct catalog *c, const char *name, struct error *err)
{
    const int rc = check_loads(c, 0, name, err);
    return rc != 0 ? rc : unknown(err, "task", name, catalog_names(c->tasks, c->task_count, sizeof *c->tasks));
}

static int known_baseline(const struct catalog *c, const char *name, struct error *err)
{
    if (name == NULL || is(name, BASELINE_NONE) || catalog_model(c, name) != NULL)
        return 0;
    return unknown(err, "baseline", name, catalog_names(c->models, c->model_count, sizeof *c->models));
}

static int check_names(const struct plan_source *s, struct error *err)
{
    int rc = check_lists(s->catalog, &s->options->runtimes, &s->options->models, err);
    if (rc == 0)
        rc = known_baseline(s->catalog, s->options->baseline, err);
    if (rc == 0)
        rc = check_lists(s->catalog, &s->suite->runtimes, &s->suite->models, err);
    if (rc == 0)
        rc = known_baseline(s->catalog, s->suite->baseline, err);
    for (size_t g = 0; rc == 0 && g < s->suite->count; g++) {
        const struct suite_group *group = &s->suite->groups[g];
        rc = check_lists(s->catalog, &group->runtimes, &group->models, err);
        if (rc == 0)
            rc = known_baseline(s->catalog, group->baseline, err);
        if (rc == 0 && catalog_task(s->catalog, group->task) == NULL)
            rc = unknown_task(s->catalog, group->task, err);
    }
    return rc;
}

/* --task over a suite picks from it: each has to be in it. */
static int check_filter(const struct plan_source *s, struct error *err)
{
    struct string_list have = {NULL, 0};
    int rc = 0;
    for (size_t g = 0; g < s->suite->count; g++)
        string_list_add_once(&have, s->suite->groups[g].task);
    for (size_t i = 0; rc == 0 && i < s->options->tasks.count; i++) {
        const char *name = s->options->tasks.items[i];
        if (string_list_have(&have, name))
            continue;
        char *known = string_list_join(&have, ", ");
        rc = catalog_task(s->catalog, name) == NULL
                 ? unknown_task(s->catalog, name, err)
                 : error_set(err, -EINVAL, "the suite %s has no task '%.200s' (it has: %s)", s->suite->name, name,
                             known);
        free(known);
    }
    string_list_free(&have);
    return rc;
}

/* The list that counts: the command line's, else the group's, else the suite's; NULL: all that need not be named. */
static const struct string_list *choose(const struct string_list *option, const struct string_list *group,
                                        const struct string_list *suite)
{
    return option->count > 0 ? option : group->count > 0 ? group : suite->count > 0 ? suite : NULL;
}

/* -- cells -------------------------------------------------------------------------------------------------------- */

static void add_cell(struct plan *p, struct plan_cell cell)
{
    p->cells = array_grow(p->cells, p->cell_count, sizeof *p->cells);
    p->cells[p->cell_count++] = cell;
}

bool plan_prices(const struct plan_group *group) { return is(group->scaling, "prices"); }

bool plan_serves(const struct plan_group *group) { return group->duration_s > 0; }

/* What of serving counts: the command line's, and where that says nothing the suite's. Borrowed from both. */
static struct serving_options serving_settle(const struct serving_options *option, const struct serving_options *suite)
{
    return (struct serving_options){.servers = option->servers.count > 0 ? option->servers : suite->servers,
                                    .rates = option->rates.count > 0 ? option->rates : suite->rates,
                                    .duration_s = option->duration_s > 0 ? option->duration_s : suite->duration_s,
                                    .delay_ms = option->delay_ms >= 0 ? option->delay_ms : suite->delay_ms,
                                    .idle = option->idle >= 0 ? option->idle : suite->idle,
                                    .behind = option->behind != NULL ? option->behind : suite->behind,
                                    .wrk = option->wrk || suite->wrk};
}

bool plan_needs_jobs(const struct plan_group *group) { return is(group->asks, "jobs"); }

bool plan_compares(const struct plan_group *group)
{
    return !plan_prices(group) && !is(group->baseline, BASELINE_NONE);
}

const char *plan_baseline(const struct plan_group *group) { return group->baseline != NULL ? group->baseline : "sync"; }

size_t plan_reference(const struct plan *plan, size_t group, const char *runtime)
{
    const bool waits = !is(plan->groups[group].asks, "nothing");
    size_t best = plan->cell_count;
    int most = -1;
    for (size_t i = 0; i < plan->cell_count; i++) {
        const struct plan_cell *c = &plan->cells[i];
        const int rank = c->baseline ? 2 : waits && c->known != NULL && c->known->loop;
        if (c->group == group && c->program == NULL && c->role == ROLE_MODEL && c->impossible == NULL &&
            !plan_serves(&plan->groups[group]) && strcmp(c->runtime, runtime) == 0 && rank > most) {
            best = i;
            most = rank;
        }
    }
    return best;
}

size_t plan_program_peer(const struct plan *plan, size_t group)
{
    size_t best = plan->cell_count;
    int most = -1;
    for (size_t i = 0; i < plan->cell_count; i++) {
        const struct plan_cell *c = &plan->cells[i];
        const int rank = 4 * (c->impossible == NULL) + 2 * c->baseline + runtime_is(c->runtime, BASELINE_RUNTIME);
        if (c->group == group && c->role == ROLE_MODEL && c->entry != NULL && c->program == NULL && rank > most) {
            best = i;
            most = rank;
        }
    }
    return best;
}

/* Keeps a text as long as the plan; takes it over. */
static const char *keep(struct plan *p, char *text)
{
    json_t *kept = json_string(text);
    free(text);
    json_array_append_new(p->source, kept);
    return json_string_value(kept);
}

/* Seconds that one job takes at least: what it is told to wait, or what the function took; 0: not known. */
static double job_s(const struct plan_group *g, const struct catalog *c, size_t host)
{
    const char *delay = json_string_value(json_object_get(g->params, "delay"));
    const bool elsewhere = g->url != NULL || json_is_string(json_object_get(g->params, "url"));
    int64_t ms = 0;
    if (is(g->asks, "nothing") || plan_needs_jobs(g) || elsewhere || delay == NULL ||
        num_parse_i64(delay, 0, INT64_MAX, &ms) != 0)
        return (double)catalog_probe_ns(c, host) / 1e9;
    return (double)ms / 1e3;
}

/* Why one job after another would be out of time; NULL: it is not known that it would. */
static const char *too_slow(struct plan *p, const struct plan_group *g, const struct catalog *c, size_t host)
{
    const double job = job_s(g, c, host), all = job * (double)g->jobs;
    return all <= p->timeout_s
               ? NULL
               : keep(p, text_format("one after another, %lld jobs of %.3g s take %.6g s, and a command "
                                     "may take %.6g s (--timeout)",
                                     (long long)g->jobs, job, all, p->timeout_s));
}

/* Whether the others of its runtime are compared with it. */
static bool is_baseline(const struct plan_group *group, const struct catalog_model *model)
{
    return !plan_prices(group) && (group->baseline != NULL ? is(group->baseline, model->name) : model->baseline);
}

/* The A/A control of a baseline, and its capacity row. */
static void add_checks(struct plan *p, struct plan_cell cell)
{
    cell.baseline = false;
    cell.role = ROLE_CONTROL;
    add_cell(p, cell);
    cell.role = ROLE_CAPACITY;
    cell.copies = p->groups[cell.group].workers;
    if (p->groups[cell.group].capacity_reason == NULL)
        add_cell(p, cell);
}

/* The rows of a model: one, and one more for each further value of a knob that touches it. The first is given back. */
static struct plan_cell add_model_cells(struct plan *p, const struct catalog *c, const struct plan_cell *cell,
                                        const struct string_list *knobs)
{
    const struct knobs_of of = {
        .catalog = c, .host = cell->entry->host, .model = cell->known->name, .asks = p->groups[cell->group].asks};
    struct knobs_row *rows;
    struct plan_cell first = *cell;
    const size_t count = knobs_rows(&of, knobs, &rows);
    for (size_t i = 0; i < count; i++) {
        struct plan_cell row = *cell;
        row.baseline = row.baseline && i == 0;
        row.knobs = rows[i].knobs;
        if (row.knobs != NULL)
            json_array_append_new(p->source, row.knobs);
        if (rows[i].suffix != NULL)
            row.model = keep(p, text_format("%s%s", row.model, rows[i].suffix));
        if (rows[i].why != NULL)
            row.refused = keep(p, xstrdup(rows[i].why));
        if (row.impossible == NULL)
            row.impossible = row.refused;
        add_cell(p, row);
        if (i == 0)
            first = row;
        free(rows[i].suffix);
        free(rows[i].why);
    }
    free(rows);
    return first;
}

/* One runtime's cells of a group; `models` NULL: all but those that have to be named. A model that has no use for workers has no
 * price. */
static void add_runtime_cells(struct plan *p, const struct catalog *c, struct plan_cell cell,
                              const struct string_list *models, const struct string_list *knobs)
{
    const struct plan_group *group = &p->groups[cell.group];
    const char *lacks = cell.impossible, *slow = too_slow(p, group, c, cell.entry->host);
    struct plan_cell baseline = {.known = NULL};
    for (size_t m = 0; m < c->model_count; m++) {
        const struct catalog_model *model = &c->models[m];
        const bool wanted = models != NULL ? string_list_have(models, model->name)
                                           : (model->extra & (1u << cell.entry->host)) == 0;
        const bool serves = is_baseline(group, model);
        cell.known = model;
        cell.model = model->name;
        cell.left_out = lacks == NULL && model->baseline ? slow : NULL;
        cell.impossible = lacks != NULL ? lacks : cell.left_out;
        cell.baseline = serves && cell.left_out == NULL;
        if ((model->hosts & (1u << cell.entry->host)) == 0 ||
            !(serves || (wanted && !(model->baseline && plan_prices(group)))))
            continue;
        const struct plan_cell first = add_model_cells(p, c, &cell, knobs);
        if (first.baseline)
            baseline = first;
    }
    if (baseline.known != NULL && baseline.impossible == NULL)
        add_checks(p, baseline);
}

/* Adds one runtime's servers of a group, and each once more behind what is to stand before it. */
static void add_server_cells(struct plan *p, const struct catalog *c, struct plan_cell cell,
                             const struct serving_options *asked)
{
    const bool all = string_list_have(&asked->servers, SERVING_ALL);
    for (size_t i = 0; i < c->server_count; i++) {
        const struct catalog_model *server = &c->servers[i];
        if ((server->hosts & (1u << cell.entry->host)) == 0 ||
            !(all || string_list_have(&asked->servers, server->name)))
            continue;
        cell.known = server;
        cell.model = server->name;
        cell.behind = NULL;
        add_cell(p, cell);
        cell.behind = asked->behind;
        if (cell.behind != NULL)
            cell.model = keep(p, text_format("%s+%s", server->name, cell.behind));
        if (cell.behind != NULL)
            add_cell(p, cell);
    }
}

/* Asked for by name, a runtime that lacks the task is an error; taken along with all, its cells say why not, or where the
 * task is a user's own there are none. */
static int add_group_cells(struct plan *p, const struct plan_source *s, const struct suite_group *from, size_t g,
                           struct error *err)
{
    const struct string_list *runtimes = choose(&s->options->runtimes, &from->runtimes, &s->suite->runtimes);
    const struct string_list *models = choose(&s->options->models, &from->models, &s->suite->models);
    const struct catalog_task *task = p->groups[g].entry;
    const bool own = s->catalog->function != NULL;
    const struct serving_options serving = serving_settle(&s->options->serving, &from->serving);
    struct string_list knobs = {NULL, 0};
    int rc = 0;
    knobs_merge(&knobs, &s->options->knobs);
    knobs_merge(&knobs, &from->knobs);
    for (size_t r = 0; rc == 0 && r < s->catalog->runtime_count; r++) {
        const struct catalog_runtime *runtime = &s->catalog->runtimes[r];
        const char *missing = s->catalog->hosts.rows[runtime->host].missing;
        const char *lacks = missing != NULL ? missing : catalog_lacks(s->catalog, task, runtime->host);
        if (runtimes != NULL && !catalog_named(runtime, runtimes))
            continue;
        if (own && runtimes == NULL && lacks != NULL)
            continue;
        if (runtimes != NULL && lacks != NULL && missing == NULL)
            rc = error_set(err, -EINVAL, "task '%s' cannot run in the runtime %s: %s", task->name, runtime->name,
                           lacks);
        const struct plan_cell cell = {.group = g,
                                       .runtime = runtime->name,
                                       .entry = runtime,
                                       .task = p->groups[g].entry,
                                       .copies = 1,
                                       .impossible = lacks};
        if (rc == 0 && plan_serves(&p->groups[g]))
            add_server_cells(p, s->catalog, cell, &serving);
        else if (rc == 0)
            add_runtime_cells(p, s->catalog, cell, models, &knobs);
    }
    string_list_free(&knobs);
    return rc;
}

/* Every knob and value has to be some host's. */
static int check_knobs(const struct plan_source *s, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->options->knobs.count; i++)
        rc = knobs_check(s->catalog, s->options->knobs.items[i], NULL, err);
    for (size_t g = 0; rc == 0 && g < s->suite->count; g++)
        for (size_t i = 0; rc == 0 && i < s->suite->groups[g].knobs.count; i++)
            rc = knobs_check(s->catalog, s->suite->groups[g].knobs.items[i], s->suite->groups[g].refusals.items[i],
                             err);
    return rc;
}

/* One of the command line that changes nothing here was meant for something else. */
static int check_knobs_used(const struct plan *p, const struct plan_source *s, struct error *err)
{
    for (size_t i = 0; i < s->options->knobs.count; i++) {
        const char *choice = s->options->knobs.items[i];
        bool used = false;
        for (const struct plan_cell *c = p->cells; c < p->cells + p->cell_count; c++)
            used = used || (c->known != NULL && knobs_touch(&(struct knobs_of){.catalog = s->catalog,
                                                                               .host = c->entry->host,
                                                                               .model = c->known->name,
                                                                               .asks = p->groups[c->group].asks},
                                                            choice));
        if (!used)
            return error_set(
                err, -EINVAL,
                "--%.*s: it changes no cell of this run (cobench list says for which models and tasks a knob is)",
                (int)strcspn(choice, "="), choice);
    }
    return 0;
}

/* Why a program cannot be added to a group; NULL: it can. */
static const char *program_wrong(const struct plan *p, size_t group, const struct plan_cell *cell)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    struct string_list words = {NULL, 0};
    const char *wrong = string_list_unquote(&words, cell->program);
    if (*cell->model == '\0' || cell->model[strspn(cell->model, plain)] != '\0' || strlen(cell->model) > 40)
        wrong = "NAME=COMMAND is needed, the name of up to 40 letters, digits, '-', '_' and '.'";
    else if (wrong == NULL && (words.count == 0 || *words.items[0] == '\0'))
        wrong = "there is no program in it";
    else if (plan_prices(&p->groups[group]) || p->groups[group].rate > 0)
        wrong = "a program has a place neither among prices nor in an open loop";
    for (size_t c = 0; wrong == NULL && c < p->cell_count; c++)
        if (p->cells[c].group == group && p->cells[c].program != NULL && is(p->cells[c].model, cell->model))
            wrong = "a second one of that name";
    char *program = wrong == NULL ? program_find(words.items[0], p->directory) : NULL;
    if (wrong == NULL && program == NULL)
        wrong = "there is no such program";
    free(program);
    string_list_free(&words);
    return wrong;
}

/* The user's own programs, each a NAME=COMMAND, whatever runtimes and models are chosen. */
static int add_programs(struct plan *p, const struct string_list *variants, size_t group, struct error *err)
{
    for (size_t i = 0; i < variants->count; i++) {
        const char *text = variants->items[i];
        const size_t name = strcspn(text, "="), peer = plan_program_peer(p, group);
        const struct plan_cell cell = {.group = group,
                                       .runtime = RUNTIME_PROGRAM,
                                       .model = keep(p, xstrndup(text, text[name] == '=' ? name : 0)),
                                       .program = text[name] == '=' ? text + name + 1 : "",
                                       .entry = peer < p->cell_count ? p->cells[peer].entry : NULL,
                                       .copies = 1};
        if (p->directory == NULL)
            p->directory = keep(p, realpath(".", NULL));
        const char *wrong = cell.entry == NULL ? "no runtime is there beside it" : program_wrong(p, group, &cell);
        if (wrong != NULL)
            return error_set(err, -EINVAL, "--variant '%.200s': %s", text, wrong);
        add_cell(p, cell);
    }
    return 0;
}

/* -- groups ------------------------------------------------------------------------------------------------------- */

/* Why a capacity row would say nothing here, or NULL. */
static const char *capacity_reason(const struct plan *plan, const struct plan_group *group)
{
    return plan_serves(group)        ? "servers are compared with each other"
           : plan_prices(group)      ? "what one more costs is compared with nothing"
           : plan->hosts != NULL     ? "it would be that of this machine, and the workers are on several hosts"
           : group->baseline != NULL ? "it is that of copies of sync, which is not the baseline here"
           : group->rate > 0         ? "an open loop: the rate decides how many jobs there are"
           : is(group->kind, "io")   ? "a waiting task is judged against the ideal"
           : group->workers < 2      ? "one worker: nothing runs at the same time"
           : (double)group->workers > ceil(plan->effective_cpus) ? "more workers than effective CPUs"
                                                                 : NULL;
}

static double ideal_gain(const struct plan_group *group, double effective_cpus)
{
    const bool computes = is(group->kind, "cpu") || is(group->kind, "none");
    return computes && (double)group->workers > effective_cpus ? effective_cpus : (double)group->workers;
}

/* How many a text of workers stands for. */
static int64_t resolve_workers(const char *text, int64_t jobs, double effective_cpus)
{
    int64_t n = 1;
    if (strcmp(text, "jobs") == 0)
        n = jobs < WORKERS_MAX ? jobs : WORKERS_MAX; /* as the hosts do by themselves */
    else if (strcmp(text, "cpus") == 0)
        n = (int64_t)ceil(effective_cpus);
    else
        (void)num_parse_i64(text, 1, WORKERS_MAX, &n); /* was checked where it came in */
    return n < 1 ? 1 : n;
}

/* What nobody said: waiting tasks have a worker a job, others as many as there are CPUs, mixed ones are tried with both.
 * Servers have connections. */
static struct string_list default_workers(const struct plan_group *g)
{
    static char cpus[] = "cpus", jobs[] = "jobs", connections[] = "100";
    static char *both[] = {cpus, jobs}, *served[] = {connections};
    if (plan_serves(g))
        return (struct string_list){served, 1};
    return (struct string_list){is(g->kind, "io") ? both + 1 : both, is(g->kind, "mixed") ? 2 : 1};
}

/* What one group of the suite is spread over. */
struct sweep {
    const struct plan_source *source;
    const struct suite_group *from;
    const struct string_list *jobs, *workers;
    bool asked;        /* somebody asked for several */
    bool weak, prices; /* the jobs are those of one worker */
};

static bool has_point(const struct plan *p, size_t first, const struct plan_group *g)
{
    for (size_t i = first; i < p->group_count; i++)
        if (p->groups[i].jobs == g->jobs && p->groups[i].workers == g->workers)
            return true;
    return false;
}

/* A group for each number of jobs and of workers, none twice. More workers than jobs are as many as there are jobs. */
static int add_points(struct plan *p, const struct sweep *sweep, struct plan_group g, struct error *err)
{
    const size_t first = p->group_count;
    if (sweep->jobs->count > SWEEP_MAX / sweep->workers->count)
        return error_set(err, -EINVAL, "%zu numbers of jobs by %zu of workers are more than %d groups",
                         sweep->jobs->count, sweep->workers->count, SWEEP_MAX);
    for (size_t j = 0; j < sweep->jobs->count; j++)
        for (size_t w = 0; w < sweep->workers->count; w++) {
            (void)num_parse_i64(sweep->jobs->items[j], 1, JOBS_MAX, &g.jobs); /* was checked where it came in */
            g.workers = resolve_workers(sweep->workers->items[w], g.jobs, sweep->source->effective_cpus);
            if (sweep->weak && g.jobs > JOBS_MAX / g.workers)
                return error_set(err, -EINVAL, "%lld jobs for each of %lld workers are more than %d", (long long)g.jobs,
                                 (long long)g.workers, JOBS_MAX);
            if (sweep->weak)
                g.jobs *= g.workers;
            else if (g.workers > g.jobs && !plan_serves(&g))
                g.workers = g.jobs;
            if (has_point(p, first, &g))
                continue;
            p->groups = array_grow(p->groups, p->group_count, sizeof *p->groups);
            p->groups[p->group_count] = g;
            json_incref(p->groups[p->group_count++].params);
        }
    return 0;
}

/* "count", "count (2 workers)", "count (2 workers, 16 jobs)": what tells a point from its neighbours. (Under weak
 * scaling the jobs follow from the workers.) */
static const char *point_name(struct plan *p, const struct plan_group *g, const char *name, bool by_workers,
                              bool by_jobs)
{
    char workers[40] = "", jobs[40] = "";
    if (by_workers)
        snprintf(workers, sizeof workers, "%lld %s%s", (long long)g->workers, plan_serves(g) ? "connection" : "worker",
                 g->workers == 1 ? "" : "s");
    if (by_jobs)
        snprintf(jobs, sizeof jobs, "%lld job%s", (long long)g->jobs, g->jobs == 1 ? "" : "s");
    if (!by_workers && !by_jobs)
        return name;
    char *text = text_format("%s (%s%s%s)", name, workers, by_workers && by_jobs ? ", " : "", jobs);
    return keep(p, text);
}

/* Where all that would have been a baseline is left out there is none; the one that was chosen has to be there. */
static int check_baseline(const struct plan *p, size_t group, struct error *err)
{
    struct plan_group *g = &p->groups[group];
    bool any = false, left_out = false;
    for (size_t c = 0; c < p->cell_count; c++)
        if (p->cells[c].group == group) {
            any |= p->cells[c].baseline;
            left_out |= p->cells[c].left_out != NULL;
        }
    if (any || !plan_compares(g))
        return 0;
    if (!left_out)
        return error_set(err, -EINVAL, "baseline: no runtime of '%.200s' has the model '%s'", g->name,
                         plan_baseline(g));
    g->baseline = BASELINE_NONE;
    g->capacity_reason = "there is no baseline";
    return 0;
}

/* A schedule that cannot end in time is no plan. */
static int check_schedule(const struct plan *p, const struct plan_group *g, struct error *err)
{
    const double takes_s = g->rate > 0 ? (double)g->jobs / g->rate : 0;
    if (takes_s < p->timeout_s && takes_s <= ARRIVALS_LONGEST_S)
        return 0;
    return error_set(
        err, -EINVAL,
        "group '%.200s': %lld jobs at %.12g a second take %.12g s, but a command may take %.12g s (timeout)", g->name,
        (long long)g->jobs, g->rate, takes_s, p->timeout_s);
}

/* What the points from `first` on have by being several; and their cells. */
static int finish_points(struct plan *p, const struct sweep *sweep, size_t first, struct error *err)
{
    bool workers = false, jobs = false;
    for (size_t i = first + 1; i < p->group_count; i++) {
        workers |= p->groups[i].workers != p->groups[first].workers;
        jobs |= p->groups[i].jobs != p->groups[first].jobs;
    }
    if (sweep->prices && (sweep->jobs->count > 1 || !workers))
        return error_set(err, -EINVAL, "%s: a price needs one number of jobs and several numbers of workers",
                         sweep->from->name);
    int rc = 0;
    for (size_t i = first; rc == 0 && i < p->group_count; i++) {
        struct plan_group *g = &p->groups[i];
        if ((sweep->asked || sweep->prices) && (workers || jobs) && !plan_serves(g)) {
            g->sweep = sweep->from->name;
            g->scaling = !workers ? "jobs" : sweep->prices ? "prices" : sweep->weak ? "weak" : "strong";
        }
        g->ideal = ideal_gain(g, p->effective_cpus);
        g->capacity_reason = capacity_reason(p, g);
        g->name = point_name(p, g, sweep->from->name, workers, workers ? sweep->jobs->count > 1 : jobs);
        rc = check_schedule(p, g, err);
        if (rc == 0)
            rc = add_group_cells(p, sweep->source, sweep->from, i, err);
        if (rc == 0)
            rc = check_baseline(p, i, err);
        if (rc == 0)
            rc = add_programs(p, &sweep->source->options->variants, i, err);
        if (rc == 0)
            rc = add_programs(p, &sweep->from->variants, i, err);
    }
    return rc;
}

/* The groups that one group of the suite stands for. */
static int add_groups(struct plan *p, const struct plan_source *s, const struct suite_group *from,
                      const struct plan_group *g, struct error *err)
{
    const struct plan_options *o = s->options;
    const char *scaling = o->scaling != NULL ? o->scaling : from->scaling;
    const struct string_list usual = default_workers(g);
    struct sweep sweep = {.source = s, .from = from, .prices = is(scaling, "prices")};
    char number[24], *numbers[] = {number};
    const struct string_list one = {numbers, 1};
    snprintf(number, sizeof number, "%lld", sweep.prices ? 1 : (long long)g->entry->jobs);
    sweep.weak = sweep.prices || is(scaling, "weak");
    sweep.jobs = choose(&o->jobs, &from->jobs, &one);
    sweep.workers = choose(&o->workers, &from->workers, &usual);
    sweep.asked = (sweep.workers != &usual && sweep.workers->count > 1) || sweep.jobs->count > 1;
    if (sweep.weak && g->entry->splits)
        return error_set(err, -EINVAL, "%s: the jobs of '%s' share one given amount of work, more of them are smaller",
                         sweep.prices ? "prices" : "weak scaling", g->task);
    const size_t first = p->group_count;
    const int rc = add_points(p, &sweep, *g, err);
    return rc != 0 ? rc : finish_points(p, &sweep, first, err);
}

/* Sets the group's rate, where it has one. */
static int take_rate(const struct plan_options *o, const struct suite_group *from, struct plan_group *g,
                     struct error *err)
{
    const char *arrivals = o->arrivals != NULL ? o->arrivals : from->arrivals;
    g->rate = o->rate > 0 ? o->rate : from->rate;
    if (arrivals != NULL && g->rate == 0)
        return error_set(err, -EINVAL, "group '%.200s': arrivals need a rate", from->name);
    if (g->rate == 0)
        return 0;
    if (is(g->asks, "nothing"))
        return error_set(err, -EINVAL,
                         "--rate: task '%.200s' waits for nothing; only one that asks for a delay or a URL can be "
                         "run at a rate (--task picks tasks)",
                         g->task);
    if (is(o->scaling != NULL ? o->scaling : from->scaling, "prices"))
        return error_set(err, -EINVAL,
                         "group '%.200s': what one more worker costs shows when all are at work at once, not at a "
                         "rate",
                         from->name);
    g->arrivals = arrivals != NULL ? arrivals : arrivals_name(ARRIVALS_FIXED);
    return 0;
}

/* Makes it a group of serving, where it is one. */
static int take_serving(struct plan *p, const struct plan_source *s, const struct suite_group *from,
                        struct plan_group *g, struct error *err)
{
    const struct serving_options asked = serving_settle(&s->options->serving, &from->serving);
    const struct catalog *c = s->catalog;
    for (size_t i = 0; i < asked.servers.count; i++)
        if (!is(asked.servers.items[i], SERVING_ALL) && catalog_server(c, asked.servers.items[i]) == NULL)
            return unknown(err, "server", asked.servers.items[i],
                           catalog_names(c->servers, c->server_count, sizeof *c->servers));
    if (asked.servers.count == 0)
        return 0;
    if (asked.rates.count >= SERVING_LOADS)
        return error_set(err, -EINVAL, "group '%.200s': at most %d rates", from->name, SERVING_LOADS - 1);
    if (g->rate > 0 || s->options->scaling != NULL || from->scaling != NULL)
        return error_set(err, -EINVAL, "group '%.200s': serving goes with neither rate nor scaling", from->name);
    if (is(g->asks, "url") || is(g->asks, "command"))
        return error_set(err, -EINVAL,
                         "group '%.200s': a server serves tasks that compute, or wait for anything but a URL or a "
                         "command, as this one does",
                         from->name);
    char *wrk = asked.wrk ? program_find("wrk", ".") : NULL;
    if (asked.wrk && wrk == NULL)
        return error_set(err, -EINVAL, "--wrk: there is no program 'wrk' (Debian: apt-get install wrk)");
    free(wrk);
    g->wrk = asked.wrk;
    g->baseline = BASELINE_NONE;
    g->duration_s = asked.duration_s > 0 ? asked.duration_s : SERVING_DURATION_S;
    g->delay_ms = asked.delay_ms > 0 ? asked.delay_ms : 0;
    g->idle = asked.idle > 0 ? asked.idle : 0;
    g->rates = asked.rates.count > 0 ? keep(p, string_list_join(&asked.rates, ",")) : NULL;
    return 0;
}

/* Whether what was chosen is what each host has anyhow. */
static bool is_usual(const struct catalog *c, const char *baseline)
{
    const struct catalog_model *model = baseline != NULL ? catalog_model(c, baseline) : NULL;
    return model != NULL && model->baseline;
}

static int take_group(struct plan *p, const struct plan_source *s, const struct suite_group *from, struct error *err)
{
    const struct plan_options *o = s->options;
    const struct catalog_task *task = catalog_task(s->catalog, from->task);
    const char *baseline = o->baseline != NULL      ? o->baseline
                           : from->baseline != NULL ? from->baseline
                                                    : s->suite->baseline;
    struct plan_group g = {.task = task->name,
                           .kind = task->kind,
                           .asks = task->asks,
                           .entry = task,
                           .url = o->url,
                           .baseline = is_usual(s->catalog, baseline) ? NULL : baseline};
    if (task->differ != NULL)
        return error_set(err, -EINVAL, "task '%s': its tables differ: %.800s", task->name, task->differ);
    /* A counterpart that is there and does not load is a mistake; one that is not there at all may be meant. */
    int rc = s->catalog->function == NULL ? check_loads(s->catalog, task->hosts, task->name, err) : 0;
    if (rc == 0)
        rc = take_rate(o, from, &g, err);
    if (rc == 0)
        rc = params_resolve(task, from->params, &o->sets, &g.params, err);
    if (rc == 0)
        rc = take_serving(p, s, from, &g, err);
    if (rc != 0)
        return rc;
    g.needs_url = params_need_url(task, g.params);
    rc = g.needs_url ? params_check_url(task, o->url, err) : 0;
    if (rc == 0)
        rc = add_groups(p, s, from, &g, err);
    json_decref(g.params);
    return rc;
}

/* What the command line says takes the place of all that the suite says. A precision without a budget gets one. */
static struct stopping choose_stopping(const struct stopping *option, const struct stopping *suite)
{
    const bool asked = option->rounds > 0 || option->budget_s > 0 || option->precision > 0;
    struct stopping s = asked ? *option : *suite;
    if (s.precision > 0 && s.budget_s <= 0)
        s.budget_s = STOPPING_BUDGET_S;
    return s;
}

/* Where nobody said anything: time for each group, where all have gains whose intervals it can make narrower. */
static void choose_default(struct plan *p)
{
    bool gains = true;
    for (size_t g = 0; g < p->group_count; g++)
        gains = gains && plan_compares(&p->groups[g]) && p->groups[g].rate == 0;
    if (p->stopping.rounds > 0 || p->stopping.budget_s > 0)
        return;
    if (gains)
        p->stopping = (struct stopping){.budget_s = STOPPING_GROUP_S * (double)p->group_count, .least = STOPPING_FIRST};
    else
        p->stopping.rounds = ROUNDS_DEFAULT;
}

/* The paths of the interpreters, kept as long as the plan; NULL: none is named. */
static const json_t *keep_pythons(struct plan *p, const json_t *pythons)
{
    size_t i;
    const json_t *row;
    json_t *kept = pythons != NULL ? json_array() : NULL;
    json_array_foreach(pythons, i, row) json_array_append_new(kept, json_string(host_python_path(row)));
    if (kept != NULL)
        json_array_append_new(p->source, kept);
    return kept;
}

static int check_whole(const struct plan *p, struct error *err)
{
    bool asks = p->url == NULL;
    for (size_t g = 0; g < p->group_count; g++)
        asks = asks || p->groups[g].needs_url;
    if (!asks)
        return error_set(err, -EINVAL, "--url: no task of this run asks for a URL");
    return p->cell_count > 0 ? 0 : error_set(err, -EINVAL, "nothing to run: no runtime and model is left");
}

int plan_make(const struct plan_source *source, struct plan *out, struct error *err)
{
    const struct plan_options *o = source->options;
    const struct suite *suite = source->suite;
    *out = (struct plan){.suite = suite->name,
                         .seed = o->seed,
                         .stopping = choose_stopping(&o->stopping, &suite->stopping),
                         .timeout_s = o->timeout_s > 0       ? o->timeout_s
                                      : suite->timeout_s > 0 ? suite->timeout_s
                                                             : TIMEOUT_DEFAULT_S,
                         .request_timeout_s = o->request_timeout_s > 0 ? o->request_timeout_s
                                                                       : suite->request_timeout_s,
                         .effective_cpus = source->effective_cpus,
                         .margin = o->margin < 0 ? MARGIN_DEFAULT : o->margin,
                         .url = o->url,
                         .tasks_dir = o->tasks_dir,
                         .directory = o->directory,
                         .hosts = o->hosts,
                         .launcher = o->launcher,
                         .function = o->function,
                         .claims = suite->claims,
                         .source = json_array()};
    out->pythons = keep_pythons(out, o->pythons);
    int rc = check_knobs(source, err); /* first, as an option that is none is taken for a knob */
    if (rc == 0)
        rc = check_names(source, err);
    if (rc == 0)
        rc = check_filter(source, err);
    if (rc == 0)
        rc = params_check_sets(suite, &o->sets, &o->tasks, source->catalog, err);
    for (size_t g = 0; rc == 0 && g < suite->count; g++)
        if (o->tasks.count == 0 || string_list_have(&o->tasks, suite->groups[g].task))
            rc = take_group(out, source, &suite->groups[g], err);
    if (rc == 0)
        rc = check_knobs_used(out, source, err);
    choose_default(out);
    if (rc == 0)
        rc = check_whole(out, err);
    if (rc != 0)
        plan_free(out);
    return rc;
}

void plan_free(struct plan *plan)
{
    for (size_t g = 0; g < plan->group_count; g++) {
        json_decref(plan->groups[g].params);
        json_decref(plan->groups[g].knobs);
    }
    free(plan->groups);
    free(plan->cells);
    json_decref(plan->source);
    *plan = (struct plan){.suite = NULL};
}

/* -- order -------------------------------------------------------------------------------------------------------- */

size_t plan_order(const struct plan *plan, int64_t round, size_t group, size_t *order)
{
    size_t count = 0;
    for (size_t c = 0; c < plan->cell_count; c++)
        if (plan->cells[c].group == group)
            order[count++] = c;
    if (count < 2) /* nothing to shuffle, and GSL ends the program over none */
        return count;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    const uint64_t mixed = splitmix64(splitmix64(splitmix64((uint64_t)plan->seed) ^ (uint64_t)round) ^ group);
    gsl_rng_set(rng, (unsigned long)(mixed & 0xffffffffu));
    gsl_ran_shuffle(rng, order, count, sizeof *order);
    gsl_rng_free(rng);
    return count;
}

struct arrivals plan_arrivals(const struct plan *plan, size_t group, int64_t round)
{
    const struct plan_group *g = &plan->groups[group];
    const uint64_t mixed = splitmix64(splitmix64(splitmix64((uint64_t)plan->seed) + (uint64_t)round) + group);
    enum arrivals_kind kind = ARRIVALS_FIXED;
    if (g->arrivals != NULL)
        (void)arrivals_parse(g->arrivals, &kind); /* was checked where it came in */
    return (struct arrivals){.rate = g->rate, .kind = kind, .seed = mixed & (uint64_t)ARRIVALS_SEED_MAX};
}

/* -- as text ---------------------------------------------------------------------------------------------------- */

const char *plan_model(const struct plan_cell *cell) { return cell->known != NULL ? cell->known->name : cell->model; }

const char *plan_start_method(const struct plan_cell *cell)
{
    const char *method = json_string_value(json_object_get(cell->knobs, "start-method"));
    return method != NULL ? method : "fork";
}

const char *plan_role_name(enum plan_role role)
{
    static const char *const names[] = {
        [ROLE_MODEL] = "model", [ROLE_CONTROL] = "control", [ROLE_CAPACITY] = "capacity"};
    return names[role];
}

void plan_cell_name(const struct plan *plan, size_t cell, char *out, size_t size)
{
    const struct plan_cell *c = &plan->cells[cell];
    snprintf(out, size, "%s %s:%s%s%s%s", plan->groups[c->group].name, c->runtime, c->model,
             c->role == ROLE_MODEL ? "" : " (", c->role == ROLE_MODEL ? "" : plan_role_name(c->role),
             c->role == ROLE_MODEL ? "" : ")");
}
