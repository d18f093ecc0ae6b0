/* SPDX-License-Identifier: MIT */
/* plan.json. Every value is checked for its type and range before it is used as one, for a plan may come from another
 * version, another machine or a text editor. */
#include "bench/plan/plan.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"

#define PLAN_VERSION  1
#define LARGEST_WHOLE 9007199254740991.0 /* what every JSON reader keeps exactly */
#define LEAST         1e-9               /* of what is more than 0 */

/* -- fields ------------------------------------------------------------------------------------------------------- */

/* Behind each, what it is in the struct. A value that may be null is null, or absent, where the struct has NULL or 0. */
enum field_kind { FIELD_TEXT, FIELD_WHOLE, FIELD_NUMBER }; /* const char *, int64_t, double */

struct field {
    const char *key;
    enum field_kind kind;
    bool may_be_null;
    size_t at;
    double min, max;
};

#define OF(type, member) offsetof(struct type, member)
static const struct field plan_fields[] = {
    {"suite", FIELD_TEXT, false, OF(plan, suite), 0, 0},
    {"created", FIELD_TEXT, false, OF(plan, created), 0, 0},
    {"seed", FIELD_WHOLE, false, OF(plan, seed), 0, LARGEST_WHOLE},
    {"rounds", FIELD_WHOLE, true, OF(plan, stopping.rounds), 1, ROUNDS_MAX},
    {"budget_s", FIELD_NUMBER, true, OF(plan, stopping.budget_s), 0, BUDGET_MAX_S},
    {"least_rounds", FIELD_WHOLE, true, OF(plan, stopping.least), 1, ROUNDS_MAX},
    {"precision", FIELD_NUMBER, true, OF(plan, stopping.precision), 0, 1},
    {"margin", FIELD_NUMBER, false, OF(plan, margin), 0, MARGIN_MAX},
    {"timeout_s", FIELD_NUMBER, false, OF(plan, timeout_s), LEAST, TIMEOUT_MAX_S},
    {"request_timeout_s", FIELD_NUMBER, true, OF(plan, request_timeout_s), LEAST, TIMEOUT_MAX_S},
    {"effective_cpus", FIELD_NUMBER, false, OF(plan, effective_cpus), LEAST, LARGEST_WHOLE},
    {"url", FIELD_TEXT, true, OF(plan, url), 0, 0},
    {"tasks_dir", FIELD_TEXT, true, OF(plan, tasks_dir), 0, 0},
    {"directory", FIELD_TEXT, true, OF(plan, directory), 0, 0},
    {"hosts", FIELD_TEXT, true, OF(plan, hosts), 0, 0},
    {"launcher", FIELD_TEXT, true, OF(plan, launcher), 0, 0},
    {"claims", FIELD_TEXT, true, OF(plan, claims), 0, 0},
};
static const struct field function_fields[] = {
    {"name", FIELD_TEXT, false, OF(function, name), 0, 0},
    {"c", FIELD_TEXT, true, OF(function, in[IN_C]), 0, 0},
    {"py", FIELD_TEXT, true, OF(function, in[IN_PYTHON]), 0, 0},
    {"command", FIELD_TEXT, true, OF(function, command), 0, 0},
    {"directory", FIELD_TEXT, true, OF(function, directory), 0, 0},
    {"path", FIELD_TEXT, true, OF(function, path), 0, 0},
    {"inputs", FIELD_TEXT, true, OF(function, inputs), 0, 0},
    {"python", FIELD_TEXT, true, OF(function, python), 0, 0},
};
static const struct field group_fields[] = {
    {"name", FIELD_TEXT, false, OF(plan_group, name), 0, 0},
    {"task", FIELD_TEXT, false, OF(plan_group, task), 0, 0},
    {"kind", FIELD_TEXT, false, OF(plan_group, kind), 0, 0},
    {"asks", FIELD_TEXT, false, OF(plan_group, asks), 0, 0},
    {"jobs", FIELD_WHOLE, false, OF(plan_group, jobs), 1, JOBS_MAX},
    {"workers", FIELD_WHOLE, false, OF(plan_group, workers), 1, WORKERS_MAX},
    {"ideal", FIELD_NUMBER, false, OF(plan_group, ideal), LEAST, LARGEST_WHOLE},
    {"capacity_reason", FIELD_TEXT, true, OF(plan_group, capacity_reason), 0, 0},
    {"sweep", FIELD_TEXT, true, OF(plan_group, sweep), 0, 0},
    {"scaling", FIELD_TEXT, true, OF(plan_group, scaling), 0, 0},
    {"rate", FIELD_NUMBER, true, OF(plan_group, rate), ARRIVALS_RATE_MIN, ARRIVALS_RATE_MAX},
    {"arrivals", FIELD_TEXT, true, OF(plan_group, arrivals), 0, 0},
    {"baseline", FIELD_TEXT, true, OF(plan_group, baseline), 0, 0},
};
static const struct field serving_fields[] = {
    {"duration_s", FIELD_NUMBER, false, OF(plan_group, duration_s), LEAST, TIMEOUT_MAX_S},
    {"rates", FIELD_TEXT, true, OF(plan_group, rates), 0, 0},
    {"delay_ms", FIELD_WHOLE, true, OF(plan_group, delay_ms), 0, 3600000},
    {"idle", FIELD_WHOLE, true, OF(plan_group, idle), 0, 60000},
    {"wrk", FIELD_WHOLE, true, OF(plan_group, wrk), 0, 1},
};
static const struct field cell_fields[] = {
    {"runtime", FIELD_TEXT, false, OF(plan_cell, runtime), 0, 0},
    {"model", FIELD_TEXT, false, OF(plan_cell, model), 0, 0},
    {"copies", FIELD_WHOLE, false, OF(plan_cell, copies), 1, WORKERS_MAX},
    {"left_out", FIELD_TEXT, true, OF(plan_cell, left_out), 0, 0},
    {"refused", FIELD_TEXT, true, OF(plan_cell, refused), 0, 0},
    {"program", FIELD_TEXT, true, OF(plan_cell, program), 0, 0},
};
#define COUNT(table) (sizeof(table) / sizeof *(table))

/* 2 where it is whole, else 1.5. */
static json_t *number_json(double x)
{
    return x == floor(x) && fabs(x) < 1e15 ? json_integer((json_int_t)x) : json_real(x);
}

static void write_fields(json_t *object, const struct field *fields, size_t count, const void *of)
{
    for (const struct field *f = fields; f < fields + count; f++) {
        const void *at = (const char *)of + f->at;
        const char *text = f->kind == FIELD_TEXT ? *(const char *const *)at : NULL;
        const double number = f->kind == FIELD_WHOLE    ? (double)*(const int64_t *)at
                              : f->kind == FIELD_NUMBER ? *(const double *)at
                                                        : 0;
        const bool null = f->kind == FIELD_TEXT ? text == NULL : f->may_be_null && number == 0;
        json_object_set_new(object, f->key,
                            null                    ? json_null()
                            : f->kind == FIELD_TEXT ? json_string(text)
                                                    : number_json(number));
    }
}

static bool in_range(const json_t *value, const struct field *f)
{
    return json_number_value(value) >= f->min && json_number_value(value) <= f->max;
}

static int read_fields(const json_t *object, const struct field *fields, size_t count, void *of, struct error *err)
{
    static const char *const expected[] = {"a text", "a whole number", "a number"};
    for (const struct field *f = fields; f < fields + count; f++) {
        const json_t *value = json_object_get(object, f->key);
        void *at = (char *)of + f->at;
        if (f->may_be_null && (value == NULL || json_is_null(value)))
            continue; /* the struct is one of zeros */
        if (f->kind == FIELD_TEXT && json_is_string(value))
            *(const char **)at = json_string_value(value);
        else if (f->kind == FIELD_WHOLE && json_is_integer(value) && in_range(value, f))
            *(int64_t *)at = json_integer_value(value);
        else if (f->kind == FIELD_NUMBER && json_is_number(value) && in_range(value, f))
            *(double *)at = json_number_value(value);
        else if (f->kind == FIELD_TEXT)
            return error_set(err, -EPROTO, "plan.json: \"%s\" is missing or not a text", f->key);
        else
            return error_set(err, -EPROTO, "plan.json: \"%s\" is missing or not %s from %.16g to %.16g", f->key,
                             expected[f->kind], f->min, f->max);
    }
    return 0;
}

/* -- writing ------------------------------------------------------------------------------------------------------ */

json_t *plan_json(const struct plan *plan, const char *created)
{
    json_t *groups = json_array(), *cells = json_array(), *all = json_pack("{si}", "plan", PLAN_VERSION);
    for (size_t g = 0; g < plan->group_count; g++) {
        json_t *group = json_pack("{sI}", "id", (json_int_t)g);
        write_fields(group, group_fields, COUNT(group_fields), &plan->groups[g]);
        json_object_set(group, "params", plan->groups[g].params);
        if (plan_serves(&plan->groups[g])) {
            json_t *serving = json_object();
            write_fields(serving, serving_fields, COUNT(serving_fields), &plan->groups[g]);
            json_object_set_new(group, "serving", serving);
        }
        json_array_append_new(groups, group);
    }
    for (size_t c = 0; c < plan->cell_count; c++) {
        const struct plan_cell *cell = &plan->cells[c];
        json_t *row = json_pack("{sI sI ss sb ss}", "id", (json_int_t)c, "group", (json_int_t)cell->group, "role",
                                plan_role_name(cell->role), "baseline", (int)cell->baseline, "start_method",
                                plan_start_method(cell));
        if (cell->knobs != NULL)
            json_object_set(row, "knobs", cell->knobs);
        if (cell->behind != NULL)
            json_object_set_new(row, "behind", json_string(cell->behind));
        write_fields(row, cell_fields, COUNT(cell_fields), cell);
        json_array_append_new(cells, row);
    }
    struct plan dated = *plan;
    dated.created = created;
    write_fields(all, plan_fields, COUNT(plan_fields), &dated);
    if (plan->function.name != NULL) {
        json_t *function = json_object();
        write_fields(function, function_fields, COUNT(function_fields), &plan->function);
        json_object_set_new(all, "function", function);
    }
    if (plan->pythons != NULL)
        json_object_set(all, "pythons", (json_t *)(uintptr_t)plan->pythons);
    json_object_set_new(all, "groups", groups);
    json_object_set_new(all, "cells", cells);
    return all;
}

/* -- reading ------------------------------------------------------------------------------------------------------ */

static int read_group(const json_t *json, struct plan_group *g, struct error *err)
{
    enum arrivals_kind arrivals;
    const char *key;
    json_t *value;
    const json_t *serving = json_object_get(json, "serving");
    int rc = read_fields(json, group_fields, COUNT(group_fields), g, err);
    if (rc == 0 && serving != NULL)
        rc = read_fields(serving, serving_fields, COUNT(serving_fields), g, err);
    if (rc != 0)
        return rc;
    g->params = json_incref(json_object_get(json, "params"));
    if (!json_is_object(g->params))
        return error_set(err, -EPROTO, "plan.json: \"params\" is missing or not an object");
    json_object_foreach(g->params, key, value) if (!json_is_string(value))
        rc = error_set(err, -EPROTO, "plan.json: the parameter \"%.100s\" is not a text", key);
    if (g->rate > 0 && (g->arrivals == NULL || arrivals_parse(g->arrivals, &arrivals) != 0))
        rc = error_set(err, -EPROTO, "plan.json: a group's arrivals are neither fixed nor poisson");
    return rc;
}

/* Plans of before knobs have the start method alone. */
static int read_knobs(json_t *json, struct plan_cell *c, struct error *err)
{
    const char *method = json_string_value(json_object_get(json, "start_method")), *key;
    json_t *knobs = json_object_get(json, "knobs"), *value;
    if (knobs == NULL && method != NULL && strcmp(method, "fork") != 0)
        json_object_set_new(json, "knobs", knobs = json_pack("{ss}", "start-method", method));
    json_object_foreach(knobs, key, value) if (!json_is_string(value)) return error_set(
        err, -EPROTO, "plan.json: the knob \"%.100s\" is not a text", key);
    if (knobs != NULL && !json_is_object(knobs))
        return error_set(err, -EPROTO, "plan.json: a cell's \"knobs\" is not an object");
    c->knobs = knobs;
    return 0;
}

static int read_cell(json_t *json, struct plan *p, struct plan_cell *c, struct error *err)
{
    const char *role = json_string_value(json_object_get(json, "role"));
    const json_t *group = json_object_get(json, "group");
    const int rc = read_fields(json, cell_fields, COUNT(cell_fields), c, err);
    if (rc != 0)
        return rc;
    while (c->role <= ROLE_CAPACITY && (role == NULL || strcmp(role, plan_role_name(c->role)) != 0))
        c->role++;
    if (c->role > ROLE_CAPACITY)
        return error_set(err, -EPROTO, "plan.json: a cell's role is neither model, control nor capacity");
    c->group = (size_t)json_integer_value(group);
    if (!json_is_integer(group) || json_integer_value(group) < 0 || c->group >= p->group_count)
        return error_set(err, -EPROTO, "plan.json: a cell's group is out of range");
    c->behind = json_string_value(json_object_get(json, "behind"));
    c->baseline = json_is_true(json_object_get(json, "baseline"));
    if ((c->program != NULL) != (strcmp(c->runtime, RUNTIME_PROGRAM) == 0) ||
        (c->program != NULL && (c->baseline || c->role != ROLE_MODEL)))
        return error_set(err, -EPROTO, "plan.json: a cell is half a program's");
    struct plan_group *g = &p->groups[c->group];
    const int wrong = read_knobs(json, c, err);
    if (wrong == 0 && c->knobs != NULL && strchr(c->model, '+') == NULL)
        json_object_update(g->knobs = g->knobs != NULL ? g->knobs : json_object(), c->knobs);
    return wrong;
}

static int read_head(const json_t *json, struct plan *p, struct error *err)
{
    const json_t *version = json_object_get(json, "plan");
    if (!json_is_integer(version) || json_integer_value(version) != PLAN_VERSION)
        return error_set(err, -EPROTO, "plan.json: a version of the plan that this cobench does not know (it knows %d)",
                         PLAN_VERSION);
    const json_t *function = json_object_get(json, "function"), *path;
    size_t i;
    p->pythons = json_object_get(json, "pythons");
    json_array_foreach(p->pythons, i, path) if (!json_is_string(path)) return error_set(
        err, -EPROTO, "plan.json: a path in \"pythons\" is not a text");
    int rc = read_fields(json, plan_fields, COUNT(plan_fields), p, err);
    if (rc == 0 && function != NULL)
        rc = read_fields(function, function_fields, COUNT(function_fields), &p->function, err);
    if (rc == 0 && p->stopping.rounds == 0 && p->stopping.budget_s <= 0)
        return error_set(err, -EPROTO, "plan.json: neither \"rounds\" nor \"budget_s\" is given");
    return rc;
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
    return rc;
}

static int bind_program(const struct plan *p, struct plan_cell *c, struct error *err)
{
    struct string_list words = {NULL, 0};
    const size_t peer = plan_program_peer(p, c->group);
    const bool sound = string_list_unquote(&words, c->program) == NULL && words.count > 0 && peer < p->cell_count;
    string_list_free(&words);
    if (!sound)
        return error_set(err, -EINVAL, "plan.json: the program '%.200s' is not as it was written", c->model);
    c->entry = p->cells[peer].entry;
    return 0;
}

static int bind_cell(const struct plan *p, struct plan_cell *c, const struct catalog *catalog, struct error *err)
{
    const struct catalog_task *task = p->groups[c->group].entry;
    const char *key;
    json_t *value;
    if (c->program != NULL)
        return bind_program(p, c, err);
    c->task = task;
    c->entry = catalog_runtime(catalog, c->runtime);
    if (c->entry == NULL)
        return gone(err, "runtime", c->runtime);
    char *model = xstrndup(c->model, strcspn(c->model, "+"));
    c->known = plan_serves(&p->groups[c->group]) ? catalog_server(catalog, model) : catalog_model(catalog, model);
    free(model);
    c->impossible = c->left_out != NULL ? c->left_out : c->refused;
    if (c->known == NULL || (c->known->hosts & (1u << c->entry->host)) == 0)
        return gone(err, "model", c->model);
    const char *missing = catalog->hosts.rows[c->entry->host].missing;
    const char *lacks = catalog_lacks(catalog, task, c->entry->host);
    json_object_foreach(c->knobs, key, value) if (missing == NULL && catalog_knob(catalog, c->entry->host, key) ==
                                                                         NULL) return gone(err, "knob", key);
    if (missing == NULL && lacks != NULL && catalog->function != NULL)
        return error_set(err, -EINVAL, "the %s host: %.900s", c->runtime, lacks);
    if (missing != NULL || lacks != NULL)
        c->impossible = missing != NULL ? missing : lacks;
    return 0;
}

static bool has_cell(const struct plan *plan, size_t group)
{
    for (size_t c = 0; c < plan->cell_count; c++)
        if (plan->cells[c].group == group)
            return true;
    return false;
}

/* Before they were knobs these two stood with the function, where nothing reads them any more. */
static bool has_old_knobs(const json_t *plan)
{
    const json_t *function = json_object_get(plan, "function");
    return json_is_integer(json_object_get(function, "offload")) || json_is_integer(json_object_get(function, "chunk"));
}

static int bind(struct plan *plan, const struct catalog *catalog, struct error *err)
{
    int rc = plan->group_count == 0 ? error_set(err, -EINVAL, "plan.json: there is no group in it") : 0;
    if (rc == 0 && has_old_knobs(plan->source))
        rc = error_set(
            err, -EINVAL,
            "plan.json: its --offload or --chunk is of before they were knobs; such a run cannot be gone on with");
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
        rc = error_set(err, -EPROTO, "plan.json: \"groups\" or \"cells\" is missing or not an array");
    out->groups = xcalloc(json_array_size(groups), sizeof *out->groups);
    out->cells = xcalloc(json_array_size(cells), sizeof *out->cells);
    for (size_t g = 0; rc == 0 && g < json_array_size(groups); g++) {
        out->groups[g].url = out->url;
        rc = read_group(json_array_get(groups, g), &out->groups[out->group_count++], err);
    }
    for (size_t c = 0; rc == 0 && c < json_array_size(cells); c++)
        rc = read_cell(json_array_get(cells, c), out, &out->cells[out->cell_count++], err);
    if (rc == 0 && catalog != NULL)
        rc = bind(out, catalog, err);
    if (rc != 0)
        plan_free(out);
    return rc;
}
