/* SPDX-License-Identifier: MIT */
/* From a suite, the command line and what the hosts offer to groups and cells. params.c sees to parameters. */
#include "bench/plan/plan.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/params.h"
#include "common/num.h"
#include "common/slots.h"

#define SWEEP_MAX 1000 /* groups that one of the suite may stand for: a year of measuring, and a quadratic look-up */

static int no_memory(struct error *err) { return error_set(err, -ENOMEM, "out of memory"); }

/* "unknown model 'x' (known: ...)"; frees `known`. */
static int unknown(struct error *err, const char *what, const char *name, char *known)
{
    error_set(err, -EINVAL, "unknown %s '%.200s' (known: %s)", what, name, known == NULL ? "?" : known);
    free(known);
    return -EINVAL;
}

/* -- names -------------------------------------------------------------------------------------------------------- */

static int check_lists(const struct catalog *c, const struct string_list *runtimes, const struct string_list *models,
                       struct error *err)
{
    for (size_t i = 0; i < runtimes->count; i++)
        if (catalog_runtime(c, runtimes->items[i]) == NULL)
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

/* What a host that is not among `but` says of the task's file; NULL: nothing. */
static const char *complaint(const struct catalog *c, unsigned but, const char *task, const char **host)
{
    for (size_t h = 0; h < host_count; h++) {
        size_t i;
        const json_t *text;
        json_array_foreach(json_object_get(c->lists[h], "errors"), i, text)
        {
            *host = host_table[h].name;
            if ((but & (1u << h)) == 0 && json_is_string(text) && names_file(json_string_value(text), task))
                return json_string_value(text);
        }
    }
    return NULL;
}

/* A task file that did not load is no known task; its reason helps more than the list of names. */
static int unknown_task(const struct catalog *c, const char *name, struct error *err)
{
    const char *host, *said = complaint(c, 0, name, &host);
    return said == NULL ? unknown(err, "task", name, catalog_names(c->tasks, c->task_count, sizeof *c->tasks))
                        : error_set(err, -EINVAL, "unknown task '%.200s'; the %s host says: %.600s", name, host, said);
}

static int check_names(const struct plan_source *s, struct error *err)
{
    int rc = check_lists(s->catalog, &s->options->runtimes, &s->options->models, err);
    if (rc == 0)
        rc = check_lists(s->catalog, &s->suite->runtimes, &s->suite->models, err);
    for (size_t g = 0; rc == 0 && g < s->suite->count; g++) {
        const struct suite_group *group = &s->suite->groups[g];
        rc = check_lists(s->catalog, &group->runtimes, &group->models, err);
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
    for (size_t g = 0; rc == 0 && g < s->suite->count; g++)
        if (!string_list_have(&have, s->suite->groups[g].task))
            rc = string_list_add(&have, s->suite->groups[g].task);
    for (size_t i = 0; rc == 0 && i < s->options->tasks.count; i++) {
        const char *name = s->options->tasks.items[i];
        if (string_list_have(&have, name))
            continue;
        if (catalog_task(s->catalog, name) == NULL) {
            rc = unknown_task(s->catalog, name, err);
            break;
        }
        char *known = string_list_join(&have, ", ");
        rc = error_set(err, -EINVAL, "the suite %s has no task '%.200s' (it has: %s)", s->suite->name, name,
                       known == NULL ? "?" : known);
        free(known);
    }
    string_list_free(&have);
    return rc == -ENOMEM ? no_memory(err) : rc;
}

/* The list that counts: the command line's, else the group's, else the suite's; NULL: all. */
static const struct string_list *choose(const struct string_list *option, const struct string_list *group,
                                        const struct string_list *suite)
{
    return option->count > 0 ? option : group->count > 0 ? group : suite->count > 0 ? suite : NULL;
}

/* -- cells -------------------------------------------------------------------------------------------------------- */

static int add_cell(struct plan *p, struct plan_cell cell)
{
    struct plan_cell *more = realloc(p->cells, (p->cell_count + 1) * sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    p->cells = more;
    more[p->cell_count++] = cell;
    return 0;
}

static const char *only_in(const struct catalog_task *task) { return host_table[task->first].only; }

bool plan_compares(const struct plan_group *group)
{
    return group->scaling == NULL || strcmp(group->scaling, "prices") != 0;
}

bool plan_is_reference(const struct plan *plan, size_t cell)
{
    const struct plan_cell *c = &plan->cells[cell];
    if (plan_compares(&plan->groups[c->group]))
        return c->baseline;
    for (size_t i = 0; i < cell; i++)
        if (plan->cells[i].group == c->group && strcmp(plan->cells[i].runtime, c->runtime) == 0)
            return false;
    return true;
}

/* One runtime's cells of the last group: its models, the A/A control of its baseline, its capacity row. A model that has no
 * use for workers has no price either. */
static int add_runtime_cells(struct plan *p, const struct catalog *c, const struct catalog_runtime *runtime,
                             const struct string_list *models)
{
    const size_t g = p->group_count - 1;
    const struct plan_group *group = &p->groups[g];
    const unsigned bit = 1u << runtime->host;
    const bool has_task = (group->entry->hosts & bit) != 0;
    struct plan_cell cell = {.group = g,
                             .runtime = runtime->name,
                             .entry = runtime,
                             .copies = 1,
                             .impossible = has_task ? NULL : only_in(group->entry)};
    int rc = 0;
    for (size_t m = 0; rc == 0 && m < c->model_count; m++) {
        const struct catalog_model *model = &c->models[m];
        const bool wanted = models == NULL || string_list_have(models, model->name);
        if ((model->hosts & bit) == 0 ||
            !(plan_compares(group) ? wanted || model->baseline : wanted && !model->baseline))
            continue;
        cell.model = model->name;
        cell.baseline = model->baseline;
        cell.role = ROLE_MODEL;
        rc = add_cell(p, cell);
    }
    const struct catalog_model *baseline = catalog_baseline(c, runtime->host);
    if (rc != 0 || baseline == NULL || !has_task || !plan_compares(group))
        return rc;
    cell.model = baseline->name;
    cell.baseline = false;
    cell.role = ROLE_CONTROL;
    rc = add_cell(p, cell);
    if (rc == 0 && group->capacity_reason == NULL) {
        cell.role = ROLE_CAPACITY;
        cell.copies = group->workers;
        rc = add_cell(p, cell);
    }
    return rc;
}

/* Asked for by name, a runtime that lacks the task is an error; taken along with all, its cells say why not. */
static int add_group_cells(struct plan *p, const struct plan_source *s, const struct suite_group *from,
                           struct error *err)
{
    const struct string_list *runtimes = choose(&s->options->runtimes, &from->runtimes, &s->suite->runtimes);
    const struct string_list *models = choose(&s->options->models, &from->models, &s->suite->models);
    const struct plan_group *group = &p->groups[p->group_count - 1];
    for (size_t r = 0; r < s->catalog->runtime_count; r++) {
        const struct catalog_runtime *runtime = &s->catalog->runtimes[r];
        if (runtimes != NULL && !string_list_have(runtimes, runtime->name))
            continue;
        if (runtimes != NULL && (group->entry->hosts & (1u << runtime->host)) == 0)
            return error_set(err, -EINVAL, "task '%s' cannot run in the runtime %s: %s", group->task, runtime->name,
                             only_in(group->entry));
        if (add_runtime_cells(p, s->catalog, runtime, models) != 0)
            return no_memory(err);
    }
    return 0;
}

/* -- groups ------------------------------------------------------------------------------------------------------- */

static bool is_kind(const struct catalog_task *task, const char *kind) { return strcmp(task->kind, kind) == 0; }

/* Why a capacity row would say nothing here, or NULL. */
static const char *capacity_reason(const struct plan_group *group, double effective_cpus)
{
    const struct catalog_task *task = group->entry;
    const int64_t workers = group->workers;
    if (group->rate > 0)
        return "an open loop: the rate decides how many jobs there are";
    if (is_kind(task, "io"))
        return "a waiting task is judged against the ideal";
    if (workers < 2)
        return "one worker: nothing runs at the same time";
    if ((double)workers > ceil(effective_cpus))
        return "more workers than effective CPUs";
    return NULL;
}

static double ideal_gain(const struct catalog_task *task, int64_t workers, double effective_cpus)
{
    const bool computes = is_kind(task, "cpu") || is_kind(task, "none");
    return computes && (double)workers > effective_cpus ? effective_cpus : (double)workers;
}

static int add_group(struct plan *p, const struct plan_source *s, const struct plan_group *g, struct error *err)
{
    struct plan_group *more = realloc(p->groups, (p->group_count + 1) * sizeof *more);
    if (more == NULL)
        return no_memory(err);
    p->groups = more;
    struct plan_group *mine = &more[p->group_count];
    *mine = *g;
    mine->params = json_copy(g->params);
    mine->name = mine->start_method = mine->sweep = NULL;
    p->group_count++; /* from here on plan_free frees it */
    mine->ideal = ideal_gain(g->entry, g->workers, s->effective_cpus);
    mine->capacity_reason = plan_compares(g) ? capacity_reason(g, s->effective_cpus)
                                             : "what one more costs is compared with nothing";
    if (mine->params == NULL || text_set(&mine->name, g->name) != 0 ||
        text_set(&mine->start_method, g->start_method) != 0 || text_set(&mine->sweep, g->sweep) != 0)
        return no_memory(err);
    return 0;
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

/* What nobody said: waiting tasks have a worker a job, others as many as there are CPUs, mixed ones are tried with both. */
static struct string_list default_workers(const struct catalog_task *task)
{
    static char cpus[] = "cpus", jobs[] = "jobs";
    static char *both[] = {cpus, jobs};
    const bool io = is_kind(task, "io");
    return (struct string_list){io ? both + 1 : both, is_kind(task, "mixed") ? 2 : 1};
}

/* What one group of the suite is spread over. Each point has a number of jobs and of workers, none twice. */
struct spread {
    struct string_list default_workers; /* not owned */
    const struct string_list *workers;
    const struct string_list *jobs; /* NULL: default_jobs */
    int64_t default_jobs;
    bool weak, swept; /* swept: somebody asked for several */
    bool prices;      /* so it is weak too */
    struct point {
        int64_t jobs, workers;
    } * points;
    size_t count;
    bool several_workers, several_jobs;
};

static void spread_add(struct spread *s, struct point point)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->points[i].jobs == point.jobs && s->points[i].workers == point.workers)
            return;
    s->several_workers |= s->count > 0 && s->points[0].workers != point.workers;
    s->several_jobs |= s->count > 0 && s->points[0].jobs != point.jobs;
    s->points[s->count++] = point;
}

/* More workers than jobs are as many as there are jobs. Under weak scaling the jobs are those of one worker. */
static int spread_fill(struct spread *s, double effective_cpus, struct error *err)
{
    const size_t jobs = s->jobs == NULL ? 1 : s->jobs->count;
    if (jobs > SWEEP_MAX / s->workers->count)
        return error_set(err, -EINVAL, "%zu numbers of jobs by %zu of workers are more than %d groups", jobs,
                         s->workers->count, SWEEP_MAX);
    s->points = calloc(jobs * s->workers->count, sizeof *s->points);
    if (s->points == NULL)
        return no_memory(err);
    for (size_t j = 0; j < jobs; j++)
        for (size_t w = 0; w < s->workers->count; w++) {
            struct point point = {.jobs = s->default_jobs};
            if (s->jobs != NULL)
                (void)num_parse_i64(s->jobs->items[j], 1, JOBS_MAX, &point.jobs); /* was checked where it came in */
            point.workers = resolve_workers(s->workers->items[w], point.jobs, effective_cpus);
            if (s->weak && point.jobs > JOBS_MAX / point.workers)
                return error_set(err, -EINVAL, "%lld jobs for each of %lld workers are more than %d",
                                 (long long)point.jobs, (long long)point.workers, JOBS_MAX);
            if (s->weak)
                point.jobs *= point.workers;
            else if (point.workers > point.jobs)
                point.workers = point.jobs;
            spread_add(s, point);
        }
    return 0;
}

static int spread_make(const struct plan_source *source, const struct suite_group *from,
                       const struct catalog_task *task, struct spread *out, struct error *err)
{
    const struct plan_options *o = source->options;
    const char *scaling = o->scaling != NULL ? o->scaling : from->scaling;
    *out = (struct spread){.prices = scaling != NULL && strcmp(scaling, "prices") == 0};
    out->weak = out->prices || (scaling != NULL && strcmp(scaling, "weak") == 0);
    out->default_workers = default_workers(task);
    out->default_jobs = out->prices ? 1 : task->jobs;
    out->workers = choose(&o->workers, &from->workers, &out->default_workers);
    out->jobs = o->jobs.count > 0 ? &o->jobs : from->jobs.count > 0 ? &from->jobs : NULL;
    out->swept = (out->workers != &out->default_workers && out->workers->count > 1) ||
                 (out->jobs != NULL && out->jobs->count > 1);
    if (out->weak && task->splits)
        return error_set(err, -EINVAL, "%s: the jobs of '%s' share one given amount of work, more of them are smaller",
                         out->prices ? "prices" : "weak scaling", task->name);
    return spread_fill(out, source->effective_cpus, err);
}

/* "count", "count (2 workers)", "count (2 workers, 16 jobs)": what tells a point from its neighbours. (Under weak
 * scaling the jobs follow from the workers.) */
static char *point_name(const struct suite_group *from, const struct spread *s, struct point point)
{
    if (s->several_workers && s->jobs != NULL && s->jobs->count > 1)
        return text_format("%s (%lld worker%s, %lld job%s)", from->name, (long long)point.workers,
                           point.workers == 1 ? "" : "s", (long long)point.jobs, point.jobs == 1 ? "" : "s");
    if (s->several_workers || s->several_jobs) {
        const int64_t n = s->several_workers ? point.workers : point.jobs;
        return text_format("%s (%lld %s%s)", from->name, (long long)n, s->several_workers ? "worker" : "job",
                           n == 1 ? "" : "s");
    }
    return text_format("%s", from->name);
}

/* A schedule that cannot end in time is no plan. */
static int check_schedule(const struct plan *p, const struct plan_group *g, struct error *err)
{
    const double takes_s = g->rate > 0 ? (double)g->jobs / g->rate : 0;
    if (takes_s < p->timeout_s && takes_s <= ARRIVALS_LONGEST_S)
        return 0;
    return error_set(err, -EINVAL,
                     "group '%.200s': %lld jobs at %g a second take %g s, but a command may take %g s (timeout)",
                     g->name, (long long)g->jobs, g->rate, takes_s, p->timeout_s);
}

static int add_point(struct plan *p, const struct plan_source *s, const struct suite_group *from, struct plan_group *g,
                     struct error *err)
{
    int rc = g->name == NULL ? no_memory(err) : check_schedule(p, g, err);
    if (rc == 0)
        rc = add_group(p, s, g, err);
    return rc != 0 ? rc : add_group_cells(p, s, from, err);
}

/* The groups that one group of the suite stands for: one for each number of jobs and workers. */
static int add_groups(struct plan *p, const struct plan_source *s, const struct suite_group *from, struct plan_group *g,
                      struct error *err)
{
    struct spread spread;
    int rc = spread_make(s, from, g->entry, &spread, err);
    if (rc == 0 && spread.prices && ((spread.jobs != NULL && spread.jobs->count > 1) || spread.count < 2))
        rc = error_set(err, -EINVAL, "%s: a price needs one number of jobs and several numbers of workers", from->name);
    if (spread.swept && spread.count > 1) {
        g->sweep = from->name;
        g->scaling = !spread.several_workers ? "jobs" : spread.prices ? "prices" : spread.weak ? "weak" : "strong";
    }
    for (size_t i = 0; rc == 0 && i < spread.count; i++) {
        g->jobs = spread.points[i].jobs;
        g->workers = spread.points[i].workers;
        g->name = point_name(from, &spread, spread.points[i]);
        rc = add_point(p, s, from, g, err);
        free(g->name);
    }
    free(spread.points);
    return rc;
}

/* Sets the group's rate, where it has one. */
static int take_rate(const struct plan_source *s, const struct suite_group *from, struct plan_group *g,
                     struct error *err)
{
    const struct plan_options *o = s->options;
    const char *arrivals = o->arrivals != NULL ? o->arrivals : from->arrivals;
    g->rate = o->rate > 0 ? o->rate : from->rate;
    if (arrivals != NULL && g->rate == 0)
        return error_set(err, -EINVAL, "group '%.200s': arrivals need a rate", from->name);
    if (g->rate > 0 && strcmp(g->asks, "nothing") == 0)
        return error_set(err, -EINVAL,
                         "--rate: task '%.200s' waits for nothing; only one that asks for a delay or a URL can be "
                         "run at a rate (--task picks tasks)",
                         g->task);
    const char *scaling = o->scaling != NULL ? o->scaling : from->scaling;
    if (g->rate > 0 && scaling != NULL && strcmp(scaling, "prices") == 0)
        return error_set(err, -EINVAL,
                         "group '%.200s': what one more worker costs shows when all are at work at once, not at a "
                         "rate",
                         from->name);
    enum arrivals_kind kind = ARRIVALS_FIXED;
    if (arrivals != NULL)
        (void)arrivals_parse(arrivals, &kind); /* was checked where it came in */
    g->arrivals = g->rate > 0 ? arrivals_name(kind) : NULL;
    return 0;
}

static int take_group(struct plan *p, const struct plan_source *s, const struct suite_group *from, struct error *err)
{
    const struct plan_options *o = s->options;
    const struct catalog_task *task = catalog_task(s->catalog, from->task);
    struct plan_group g = {.task = task->name, .kind = task->kind, .asks = task->asks, .entry = task};
    if (task->differ != NULL)
        return error_set(err, -EINVAL, "task '%s': its tables differ: %.800s", task->name, task->differ);
    /* A counterpart that is there and does not load is a mistake; one that is not there at all may be meant. */
    const char *host, *said = complaint(s->catalog, task->hosts, task->name, &host);
    if (said != NULL)
        return error_set(err, -EINVAL, "task '%.200s': the %s host says: %.600s", task->name, host, said);
    if (take_rate(s, from, &g, err) != 0)
        return -EINVAL;
    const char *method = o->start_method != NULL ? o->start_method : from->start_method;
    g.start_method = strdup(method != NULL ? method : "fork");
    int rc = g.start_method == NULL ? no_memory(err) : params_resolve(task, from->params, &o->sets, &g.params, err);
    if (rc == 0) {
        g.needs_url = params_need_url(task, g.params);
        rc = add_groups(p, s, from, &g, err);
    }
    json_decref(g.params);
    free(g.start_method);
    return rc;
}

/* What the command line says takes the place of all that the suite says. A precision without a budget gets one. */
static struct stopping choose_stopping(const struct stopping *option, const struct stopping *suite)
{
    const bool asked = option->rounds > 0 || option->budget_s > 0 || option->precision > 0;
    struct stopping s = asked ? *option : *suite;
    if (s.rounds == 0 && s.budget_s <= 0 && s.precision <= 0)
        s.rounds = ROUNDS_DEFAULT;
    if (s.precision > 0 && s.budget_s <= 0)
        s.budget_s = STOPPING_BUDGET_S;
    return s;
}

int plan_make(const struct plan_source *source, struct plan *out, struct error *err)
{
    const struct plan_options *o = source->options;
    const struct suite *suite = source->suite;
    *out = (struct plan){.seed = o->seed,
                         .stopping = choose_stopping(&o->stopping, &suite->stopping),
                         .timeout_s = o->timeout_s > 0       ? o->timeout_s
                                      : suite->timeout_s > 0 ? suite->timeout_s
                                                             : TIMEOUT_DEFAULT_S,
                         .effective_cpus = source->effective_cpus,
                         .margin = o->margin < 0 ? MARGIN_DEFAULT : o->margin};
    int rc = text_set(&out->suite, suite->name) != 0 || text_set(&out->url, o->url) != 0 ||
                     text_set(&out->tasks_dir, o->tasks_dir) != 0 || text_set(&out->claims, suite->claims) != 0
                 ? no_memory(err)
                 : 0;
    if (rc == 0)
        rc = check_names(source, err);
    if (rc == 0)
        rc = check_filter(source, err);
    if (rc == 0)
        rc = params_check_sets(suite, &o->sets, &o->tasks, source->catalog, err);
    for (size_t g = 0; rc == 0 && g < suite->count; g++)
        if (o->tasks.count == 0 || string_list_have(&o->tasks, suite->groups[g].task))
            rc = take_group(out, source, &suite->groups[g], err);
    bool asks = o->url == NULL;
    for (size_t g = 0; g < out->group_count; g++)
        asks = asks || out->groups[g].needs_url;
    if (rc == 0 && !asks)
        rc = error_set(err, -EINVAL, "--url: no task of this run asks for a URL");
    if (rc == 0 && out->cell_count == 0)
        rc = error_set(err, -EINVAL, "nothing to run: no runtime and model is left");
    if (rc != 0)
        plan_free(out);
    return rc;
}

void plan_free(struct plan *plan)
{
    for (size_t g = 0; g < plan->group_count; g++) {
        free(plan->groups[g].name);
        free(plan->groups[g].start_method);
        free(plan->groups[g].sweep);
        json_decref(plan->groups[g].params);
    }
    free(plan->groups);
    free(plan->cells);
    free(plan->suite);
    free(plan->url);
    free(plan->tasks_dir);
    json_decref(plan->source);
    free(plan->claims);
    *plan = (struct plan){.suite = NULL};
}

/* -- order -------------------------------------------------------------------------------------------------------- */

int plan_order(const struct plan *plan, int64_t round, size_t group, size_t *order, size_t *count)
{
    *count = 0;
    for (size_t c = 0; c < plan->cell_count; c++)
        if (plan->cells[c].group == group)
            order[(*count)++] = c;
    if (*count < 2) /* nothing to shuffle, and GSL ends the program over none */
        return 0;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    if (rng == NULL)
        return -ENOMEM;
    const uint64_t mixed = splitmix64(splitmix64(splitmix64((uint64_t)plan->seed) ^ (uint64_t)round) ^ group);
    gsl_rng_set(rng, (unsigned long)(mixed & 0xffffffffu));
    gsl_ran_shuffle(rng, order, *count, sizeof *order);
    gsl_rng_free(rng);
    return 0;
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

const char *plan_role_name(enum plan_role role)
{
    static const char *const names[] = {
        [ROLE_MODEL] = "model", [ROLE_CONTROL] = "control", [ROLE_CAPACITY] = "capacity"};
    return names[role];
}

void plan_cell_name(const struct plan *plan, size_t cell, char *out, size_t room)
{
    const struct plan_cell *c = &plan->cells[cell];
    snprintf(out, room, "%s %s:%s%s%s%s", plan->groups[c->group].name, c->runtime, c->model,
             c->role == ROLE_MODEL ? "" : " (", c->role == ROLE_MODEL ? "" : plan_role_name(c->role),
             c->role == ROLE_MODEL ? "" : ")");
}
