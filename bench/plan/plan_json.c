/* SPDX-License-Identifier: MIT */
/* plan.json. Every value is checked for its type and range before it is used as one, for a plan may come from another
 * version, another machine or a text editor. */
#include "bench/plan/plan_json.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/params.h"

#define PLAN_VERSION 1

/* -- writing ------------------------------------------------------------------------------------------------------ */

/* 2 where it is whole, else 1.5. */
static json_t *number_json(double x)
{
    return x == floor(x) && fabs(x) < 1e15 ? json_integer((json_int_t)x) : json_real(x);
}

/* A number that was asked for, null where it was not. */
static json_t *asked_json(double x) { return x > 0 ? number_json(x) : json_null(); }

static json_t *group_json(const struct plan *plan, size_t g)
{
    const struct plan_group *group = &plan->groups[g];
    return json_pack("{sI ss ss ss ss sO sI sI so ss? ss? ss? so ss?}", "id", (json_int_t)g, "name", group->name,
                     "task", group->task, "kind", group->kind, "asks", group->asks, "params", group->params, "jobs",
                     (json_int_t)group->jobs, "workers", (json_int_t)group->workers, "ideal", number_json(group->ideal),
                     "capacity_reason", group->capacity_reason, "sweep", group->sweep, "scaling", group->scaling,
                     "rate", group->rate > 0 ? json_real(group->rate) : json_null(), "arrivals", group->arrivals);
}

static json_t *cell_json(const struct plan *plan, size_t c)
{
    const struct plan_cell *cell = &plan->cells[c];
    return json_pack("{sI sI ss ss ss sb sI ss}", "id", (json_int_t)c, "group", (json_int_t)cell->group, "runtime",
                     cell->runtime, "model", cell->model, "role", plan_role_name(cell->role), "baseline",
                     (int)cell->baseline, "copies", (json_int_t)cell->copies, "start_method",
                     plan->groups[cell->group].start_method);
}

json_t *plan_json(const struct plan *plan, const char *created)
{
    json_t *groups = json_array(), *cells = json_array();
    int rc = groups == NULL || cells == NULL ? -1 : 0;
    for (size_t g = 0; rc == 0 && g < plan->group_count; g++)
        rc = json_array_append_new(groups, group_json(plan, g));
    for (size_t c = 0; rc == 0 && c < plan->cell_count; c++)
        rc = json_array_append_new(cells, cell_json(plan, c));
    if (rc != 0) {
        json_decref(groups);
        json_decref(cells);
        return NULL;
    }
    return json_pack("{si ss ss sI so so so sf sf so ss? ss? ss? so so}", "plan", PLAN_VERSION, "suite", plan->suite,
                     "created", created, "seed", (json_int_t)plan->seed, "rounds",
                     asked_json((double)plan->stopping.rounds), "budget_s", asked_json(plan->stopping.budget_s),
                     "precision", asked_json(plan->stopping.precision), "margin", plan->margin, "timeout_s",
                     plan->timeout_s, "effective_cpus", number_json(plan->effective_cpus), "url", plan->url,
                     "tasks_dir", plan->tasks_dir, "claims", plan->claims, "groups", groups, "cells", cells);
}

/* -- reading ------------------------------------------------------------------------------------------------------ */

static int wrong(struct error *err, const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(err, -EPROTO, "plan.json: %s", text);
}

static int no_memory(struct error *err) { return error_set(err, -ENOMEM, "out of memory"); }

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* What a key has to be. */
enum field_kind { FIELD_TEXT, FIELD_INTEGER, FIELD_NUMBER };

struct field {
    const char *key;
    enum field_kind kind;
    void *out; /* const char *, int64_t or double */
};

static int read_fields(const json_t *object, const struct field *fields, size_t count, struct error *err)
{
    static const char *const expected[] = {"a text", "an integer", "a number"};
    for (const struct field *f = fields; f < fields + count; f++) {
        const json_t *value = json_object_get(object, f->key);
        if (f->kind == FIELD_TEXT && json_is_string(value))
            *(const char **)f->out = json_string_value(value);
        else if (f->kind == FIELD_INTEGER && json_is_integer(value))
            *(int64_t *)f->out = json_integer_value(value);
        else if (f->kind == FIELD_NUMBER && json_is_number(value) && isfinite(json_number_value(value)))
            *(double *)f->out = json_number_value(value);
        else
            return wrong(err, "\"%s\" is missing or not %s", f->key, expected[f->kind]);
    }
    return 0;
}

static int read_rate(const json_t *json, struct plan_group *g, struct error *err)
{
    const json_t *rate = json_object_get(json, "rate"); /* plans of before there was an open loop do not have it */
    enum arrivals_kind kind;
    if (rate == NULL || json_is_null(rate))
        return 0;
    g->rate = json_number_value(rate);
    g->arrivals = text_of(json, "arrivals");
    if (g->rate >= ARRIVALS_RATE_MIN && g->rate <= ARRIVALS_RATE_MAX && g->arrivals != NULL &&
        arrivals_parse(g->arrivals, &kind) == 0)
        return 0;
    return wrong(err, "a group's rate or arrivals are out of range");
}

static int read_group(json_t *json, struct plan_group *g, struct error *err)
{
    const char *name = NULL;
    const struct field fields[] = {{"name", FIELD_TEXT, &name},       {"task", FIELD_TEXT, &g->task},
                                   {"kind", FIELD_TEXT, &g->kind},    {"asks", FIELD_TEXT, &g->asks},
                                   {"jobs", FIELD_INTEGER, &g->jobs}, {"workers", FIELD_INTEGER, &g->workers},
                                   {"ideal", FIELD_NUMBER, &g->ideal}};
    int rc = read_fields(json, fields, sizeof fields / sizeof *fields, err);
    if (rc != 0)
        return rc;
    if (g->jobs < 1 || g->jobs > JOBS_MAX || g->workers < 1 || g->workers > WORKERS_MAX || !(g->ideal > 0))
        return wrong(err, "\"jobs\", \"workers\" or \"ideal\" of a group are out of range");
    g->capacity_reason = text_of(json, "capacity_reason");
    g->scaling = text_of(json, "scaling");
    g->params = json_incref(json_object_get(json, "params"));
    if (!json_is_object(g->params))
        return wrong(err, "\"params\" is missing or not an object");
    const char *key;
    json_t *value;
    json_object_foreach(g->params, key, value)
        rc = json_is_string(value) ? rc : wrong(err, "the parameter \"%.100s\" is not a text", key);
    if (rc == 0)
        rc = read_rate(json, g, err);
    if (rc == 0 && (text_set(&g->name, name) != 0 || text_set(&g->sweep, text_of(json, "sweep")) != 0))
        rc = no_memory(err);
    return rc;
}

static int read_role(const char *name, enum plan_role *out, struct error *err)
{
    for (*out = ROLE_MODEL; *out <= ROLE_CAPACITY; ++*out)
        if (strcmp(name, plan_role_name(*out)) == 0)
            return 0;
    return wrong(err, "a cell's role is neither model, control nor capacity");
}

static int read_cell(const json_t *json, struct plan *p, struct plan_cell *c, struct error *err)
{
    const char *role = NULL;
    int64_t group = 0;
    const struct field fields[] = {{"group", FIELD_INTEGER, &group},
                                   {"runtime", FIELD_TEXT, &c->runtime},
                                   {"model", FIELD_TEXT, &c->model},
                                   {"role", FIELD_TEXT, &role},
                                   {"copies", FIELD_INTEGER, &c->copies}};
    int rc = read_fields(json, fields, sizeof fields / sizeof *fields, err);
    if (rc == 0)
        rc = read_role(role, &c->role, err);
    if (rc != 0)
        return rc;
    if (group < 0 || (size_t)group >= p->group_count || c->copies < 1 || c->copies > WORKERS_MAX)
        return wrong(err, "a cell's group or copies are out of range");
    c->group = (size_t)group;
    c->baseline = json_is_true(json_object_get(json, "baseline"));
    struct plan_group *g = &p->groups[group]; /* whose cells all have one start method */
    const char *method = text_of(json, "start_method");
    if (g->start_method == NULL && text_set(&g->start_method, method) != 0)
        return no_memory(err);
    return 0;
}

static int read_head(const json_t *json, struct plan *p, struct error *err)
{
    int64_t version = 0;
    const char *suite = NULL;
    const struct field fields[] = {{"plan", FIELD_INTEGER, &version},
                                   {"suite", FIELD_TEXT, &suite},
                                   {"created", FIELD_TEXT, &p->created},
                                   {"seed", FIELD_INTEGER, &p->seed},
                                   {"margin", FIELD_NUMBER, &p->margin}};
    const int rc = read_fields(json, fields, sizeof fields / sizeof *fields, err);
    if (rc != 0)
        return rc;
    if (version != PLAN_VERSION)
        return wrong(err, "a version of the plan that this cobench does not know (it knows %d)", PLAN_VERSION);
    if (stopping_read(json, &p->stopping) != 0)
        return wrong(err, "\"rounds\", \"budget_s\" and \"precision\" are out of range, or none is given");
    if (!(p->margin >= 0 && p->margin < 1))
        return wrong(err, "\"margin\" is not at least 0 and below 1");
    p->timeout_s = json_number_value(json_object_get(json, "timeout_s"));
    p->effective_cpus = json_number_value(json_object_get(json, "effective_cpus"));
    if (text_set(&p->suite, suite) != 0 || text_set(&p->url, text_of(json, "url")) != 0 ||
        text_set(&p->tasks_dir, text_of(json, "tasks_dir")) != 0 || text_set(&p->claims, text_of(json, "claims")) != 0)
        return no_memory(err);
    return 0;
}

/* -- looking up ------------------------------------------------------------------------------------------------------ */

static int gone(struct error *err, const char *what, const char *name)
{
    return error_set(err, -EINVAL, "plan.json: there is no %s '%.200s' any more", what, name);
}

static int bind_group(struct plan_group *g, const struct catalog *catalog, struct error *err)
{
    const char *key;
    json_t *value;
    g->entry = catalog_task(catalog, g->task);
    if (g->entry == NULL)
        return gone(err, "task", g->task);
    if (g->entry->differ != NULL)
        return error_set(err, -EINVAL, "task '%s': its tables differ: %.800s", g->task, g->entry->differ);
    int rc = 0;
    json_object_foreach(g->params, key, value) if (catalog_param(g->entry, key) == NULL)
        rc = error_set(err, -EINVAL, "plan.json: task '%s' has no parameter '%.200s' any more", g->task, key);
    g->needs_url = params_need_url(g->entry, g->params);
    if (rc == 0 && g->start_method == NULL && text_set(&g->start_method, "fork") != 0)
        rc = no_memory(err);
    return rc;
}

static int bind_cell(const struct plan *p, struct plan_cell *c, const struct catalog *catalog, struct error *err)
{
    const struct catalog_task *task = p->groups[c->group].entry;
    c->entry = catalog_runtime(catalog, c->runtime);
    if (c->entry == NULL)
        return gone(err, "runtime", c->runtime);
    const struct catalog_model *known = catalog_model(catalog, c->model);
    if (known == NULL || (known->hosts & (1u << c->entry->host)) == 0)
        return gone(err, "model", c->model);
    if ((task->hosts & (1u << c->entry->host)) == 0)
        c->impossible = host_table[task->first].only;
    return 0;
}

static bool has_cell(const struct plan *plan, size_t group)
{
    for (size_t c = 0; c < plan->cell_count; c++)
        if (plan->cells[c].group == group)
            return true;
    return false;
}

static int bind(struct plan *plan, const struct catalog *catalog, struct error *err)
{
    if (plan->seed < 0 || !(plan->timeout_s > 0 && plan->timeout_s <= TIMEOUT_MAX_S))
        return error_set(err, -EINVAL, "plan.json: seed or timeout_s are out of range");
    int rc = plan->group_count == 0 ? error_set(err, -EINVAL, "plan.json: there is no group in it") : 0;
    for (size_t g = 0; rc == 0 && g < plan->group_count; g++)
        rc = has_cell(plan, g) ? bind_group(&plan->groups[g], catalog, err)
                               : error_set(err, -EINVAL, "plan.json: a group has no cell");
    for (size_t c = 0; rc == 0 && c < plan->cell_count; c++)
        rc = bind_cell(plan, &plan->cells[c], catalog, err);
    return rc;
}

int plan_read(json_t *json, const struct catalog *catalog, struct plan *out, struct error *err)
{
    json_t *groups = json_object_get(json, "groups"), *cells = json_object_get(json, "cells");
    *out = (struct plan){.source = json_incref(json)};
    int rc = read_head(json, out, err);
    if (rc == 0 && (!json_is_array(groups) || !json_is_array(cells)))
        rc = wrong(err, "\"groups\" or \"cells\" is missing or not an array");
    if (rc == 0) { /* one more of each, so that an empty plan is no failed allocation */
        out->groups = calloc(json_array_size(groups) + 1, sizeof *out->groups);
        out->cells = calloc(json_array_size(cells) + 1, sizeof *out->cells);
        if (out->groups == NULL || out->cells == NULL)
            rc = no_memory(err);
    }
    for (size_t g = 0; rc == 0 && g < json_array_size(groups); g++)
        rc = read_group(json_array_get(groups, g), &out->groups[out->group_count++], err);
    for (size_t c = 0; rc == 0 && c < json_array_size(cells); c++)
        rc = read_cell(json_array_get(cells, c), out, &out->cells[out->cell_count++], err);
    if (rc == 0 && catalog != NULL)
        rc = bind(out, catalog, err);
    if (rc != 0)
        plan_free(out);
    return rc;
}
