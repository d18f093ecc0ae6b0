/* SPDX-License-Identifier: MIT */
/* plan.json read back. What follows from the hosts' lists (why a cell is impossible, whether a group needs a URL) is
 * not in it and is found out anew. */
#include "bench/plan/plan_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/params.h"
#include "bench/plan/stopping_read.h"

#define PLAN_VERSION 1

struct reader {
    const struct catalog *catalog;
    struct plan *plan;
    struct error *err;
};

static int fail(const struct reader *r, const char *what) { return error_set(r->err, -EINVAL, "plan.json: %s", what); }

static int gone(const struct reader *r, const char *what, const char *name)
{
    return error_set(r->err, -EINVAL, "plan.json: there is no %s '%.200s' any more", what, name);
}

/* -- groups ------------------------------------------------------------------------------------------------------- */

static int read_params(const struct reader *r, const json_t *json, struct plan_group *g)
{
    const char *key;
    json_t *value, *params = json_object_get(json, "params");
    if (!json_is_object(params))
        return fail(r, "a group has no params");
    json_object_foreach(params, key,
                        value) if (!json_is_string(value) ||
                                   catalog_param(g->task, key) ==
                                       NULL) return error_set(r->err, -EINVAL,
                                                              "plan.json: task '%s' has no parameter '%.200s' any more",
                                                              g->task->name, key);
    g->params = json_incref(params);
    g->needs_url = params_need_url(g->task, params);
    return 0;
}

/* The start method stands in the group's cells. */
static const char *start_method_of(const json_t *plan, size_t group)
{
    size_t i;
    const json_t *cell;
    json_array_foreach(json_object_get(plan, "cells"), i,
                       cell) if (json_integer_value(json_object_get(cell, "group")) ==
                                 (json_int_t)group) return json_string_value(json_object_get(cell, "start_method"));
    return NULL;
}

static int read_sweep(const struct reader *r, const json_t *json, struct plan_group *g)
{
    g->scaling = json_string_value(json_object_get(json, "scaling"));
    return text_set(&g->sweep, json_string_value(json_object_get(json, "sweep"))) == 0
               ? 0
               : error_set(r->err, -ENOMEM, "out of memory");
}

/* Plans of before there was an open loop do not have it. */
static int read_rate(const struct reader *r, const json_t *json, struct plan_group *g)
{
    const json_t *rate = json_object_get(json, "rate");
    const char *arrivals = json_string_value(json_object_get(json, "arrivals"));
    if (rate == NULL || json_is_null(rate))
        return 0;
    g->rate = json_number_value(rate);
    if (!(g->rate >= ARRIVALS_RATE_MIN && g->rate <= ARRIVALS_RATE_MAX) || arrivals == NULL ||
        arrivals_parse(arrivals, &g->arrivals) != 0)
        return fail(r, "a group's rate or arrivals are out of range");
    return 0;
}

static int read_group(const struct reader *r, const json_t *plan, size_t index)
{
    json_t *json = json_array_get(json_object_get(plan, "groups"), index);
    const char *name, *task;
    json_int_t jobs, workers;
    double ideal;
    struct plan_group *g = &r->plan->groups[r->plan->group_count++]; /* from here on plan_free frees it */
    *g = (struct plan_group){.name = NULL};
    if (json_unpack(json, "{ss ss sI sI sF}", "name", &name, "task", &task, "jobs", &jobs, "workers", &workers, "ideal",
                    &ideal) != 0)
        return fail(r, "a group lacks its name, task, jobs, workers or ideal");
    if (jobs < 1 || jobs > JOBS_MAX || workers < 1 || workers > WORKERS_MAX)
        return fail(r, "a group's jobs or workers are out of range");
    const char *method = start_method_of(plan, index);
    g->task = catalog_task(r->catalog, task);
    if (g->task == NULL)
        return gone(r, "task", task);
    if (g->task->differ != NULL)
        return error_set(r->err, -EINVAL, "task '%s': its tables differ: %.800s", task, g->task->differ);
    g->jobs = jobs;
    g->workers = workers;
    g->ideal = ideal;
    g->capacity_reason = json_string_value(json_object_get(json, "capacity_reason"));
    if (text_set(&g->name, name) != 0 || text_set(&g->start_method, method != NULL ? method : "fork") != 0)
        return error_set(r->err, -ENOMEM, "out of memory");
    int rc = read_sweep(r, json, g);
    if (rc == 0)
        rc = read_rate(r, json, g);
    return rc != 0 ? rc : read_params(r, json, g);
}

/* -- cells -------------------------------------------------------------------------------------------------------- */

static int read_role(const struct reader *r, const char *name, enum plan_role *out)
{
    for (enum plan_role role = PLAN_MODEL; role <= PLAN_CAPACITY; role++)
        if (strcmp(name, plan_role_name(role)) == 0) {
            *out = role;
            return 0;
        }
    return fail(r, "a cell's role is neither model, control nor capacity");
}

static int read_cell(const struct reader *r, const json_t *plan, size_t index)
{
    json_t *json = json_array_get(json_object_get(plan, "cells"), index);
    const char *runtime, *model, *role;
    json_int_t group, copies;
    int baseline;
    struct plan_cell *c = &r->plan->cells[r->plan->cell_count++];
    if (json_unpack(json, "{sI ss ss ss sb sI}", "group", &group, "runtime", &runtime, "model", &model, "role", &role,
                    "baseline", &baseline, "copies", &copies) != 0)
        return fail(r, "a cell lacks its group, runtime, model, role, baseline or copies");
    if (group < 0 || (size_t)group >= r->plan->group_count || copies < 1 || copies > WORKERS_MAX)
        return fail(r, "a cell's group or copies are out of range");
    *c = (struct plan_cell){.group = (size_t)group, .baseline = baseline != 0, .copies = copies};
    c->runtime = catalog_runtime(r->catalog, runtime);
    if (c->runtime == NULL)
        return gone(r, "runtime", runtime);
    const struct catalog_model *known = catalog_model(r->catalog, model);
    if (known == NULL || (known->hosts & (1u << c->runtime->host)) == 0)
        return gone(r, "model", model);
    c->model = known->name;
    const struct catalog_task *task = r->plan->groups[c->group].task;
    if ((task->hosts & (1u << c->runtime->host)) == 0)
        c->impossible = host_table[task->first].only;
    return read_role(r, role, &c->role);
}

/* -- the whole ---------------------------------------------------------------------------------------------------- */

static int read_head(const struct reader *r, json_t *json)
{
    int version = 0;
    json_int_t seed;
    const char *suite;
    struct plan *p = r->plan;
    if (json_unpack(json, "{si ss sI sF sF sF}", "plan", &version, "suite", &suite, "seed", &seed, "margin", &p->margin,
                    "timeout_s", &p->timeout_s, "effective_cpus", &p->effective_cpus) != 0 ||
        version != PLAN_VERSION)
        return fail(r, "not a plan of version 1");
    if (seed < 0 || !(p->timeout_s > 0 && p->timeout_s <= TIMEOUT_MAX_S) || !(p->margin >= 0 && p->margin < 1))
        return fail(r, "seed, timeout_s or margin are out of range");
    p->seed = seed;
    if (stopping_read(json, &p->stopping) != 0)
        return fail(r, "rounds, budget_s and precision are out of range, or all null");
    if (text_set(&p->suite, suite) != 0 || text_set(&p->url, json_string_value(json_object_get(json, "url"))) != 0 ||
        text_set(&p->tasks_dir, json_string_value(json_object_get(json, "tasks_dir"))) != 0 ||
        text_set(&p->claims, json_string_value(json_object_get(json, "claims"))) != 0)
        return error_set(r->err, -ENOMEM, "out of memory");
    return 0;
}

static bool has_cell(const struct plan *plan, size_t group)
{
    for (size_t c = 0; c < plan->cell_count; c++)
        if (plan->cells[c].group == group)
            return true;
    return false;
}

int plan_read(json_t *json, const struct catalog *catalog, struct plan *out, struct error *err)
{
    const struct reader r = {.catalog = catalog, .plan = out, .err = err};
    const size_t groups = json_array_size(json_object_get(json, "groups"));
    const size_t cells = json_array_size(json_object_get(json, "cells"));
    *out = (struct plan){.source = json_incref(json)};
    int rc = groups == 0 || cells == 0 ? fail(&r, "there is no group or no cell in it") : read_head(&r, json);
    if (rc == 0) {
        out->groups = calloc(groups, sizeof *out->groups);
        out->cells = calloc(cells, sizeof *out->cells);
        if (out->groups == NULL || out->cells == NULL)
            rc = error_set(err, -ENOMEM, "out of memory");
    }
    for (size_t g = 0; rc == 0 && g < groups; g++)
        rc = read_group(&r, json, g);
    for (size_t c = 0; rc == 0 && c < cells; c++)
        rc = read_cell(&r, json, c);
    for (size_t g = 0; rc == 0 && g < groups; g++)
        rc = has_cell(out, g) ? 0 : fail(&r, "a group has no cell");
    if (rc != 0)
        plan_free(out);
    return rc;
}
