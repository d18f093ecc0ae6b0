/* SPDX-License-Identifier: MIT */
/* The command a sample runs. Every parameter is passed, defaults too: what ran is what the plan says. */
#include "bench/run/host_argv.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/process/hyperfine.h"

char *sample_file(const char *scratch, const char *what, const struct plan_cell *cell, int64_t copy)
{
    return cell->role == ROLE_CAPACITY ? text_format("%s/%s.%lld", scratch, what, (long long)copy)
                                       : text_format("%s/%s", scratch, what);
}

bool sample_pauses(const struct plan_cell *cell) { return cell->role != ROLE_CAPACITY; }

static int add_option(struct string_list *w, const char *option, const char *value)
{
    const int rc = string_list_add(w, option);
    return rc != 0 ? rc : string_list_add(w, value);
}

static int add_number(struct string_list *w, const char *option, int64_t value)
{
    const int rc = string_list_add(w, option);
    return rc != 0 ? rc : string_list_addf(w, "%lld", (long long)value);
}

static int add_params(struct string_list *w, const json_t *params)
{
    const char *key;
    json_t *value;
    int rc = 0;
    json_object_foreach((json_t *)(uintptr_t)params, key, value)
    {
        if (rc == 0)
            rc = string_list_add(w, "--set");
        if (rc == 0)
            rc = string_list_addf(w, "%s=%s", key, json_string_value(value));
    }
    return rc;
}

static int add_arrivals(struct string_list *w, const struct arrivals *a)
{
    if (a->rate == 0)
        return 0;
    int rc = string_list_add(w, "--rate");
    if (rc == 0)
        rc = string_list_addf(w, "%.17g", a->rate); /* enough to get the same double back */
    if (rc == 0)
        rc = add_option(w, "--arrivals", arrivals_name(a->kind));
    return rc != 0 ? rc : add_number(w, "--arrivals-seed", (int64_t)a->seed);
}

/* All but --slots and --record. */
static int add_host(struct string_list *w, const struct bench *b, const struct plan_cell *cell, int64_t round)
{
    const struct arrivals arrivals = plan_arrivals(b->plan, cell->group, round);
    const struct plan_group *g = &b->plan->groups[cell->group];
    const char *url = b->plan->url != NULL ? b->plan->url : b->origin != NULL ? b->origin->url : NULL;
    int rc = string_list_add_all(w, &b->catalog->words[cell->entry->host]);
    if (rc == 0)
        rc = string_list_add(w, "run");
    if (rc == 0)
        rc = add_option(w, "--task", g->task);
    if (rc == 0)
        rc = add_option(w, "--model", cell->model);
    if (rc == 0)
        rc = add_number(w, "--jobs", g->jobs);
    if (rc == 0)
        rc = add_number(w, "--workers", g->workers);
    if (rc == 0)
        rc = add_params(w, g->params);
    if (rc == 0 && g->needs_url && url != NULL)
        rc = add_option(w, "--url", url);
    if (rc == 0)
        rc = add_option(w, "--start-method", g->start_method);
    if (rc == 0 && (rc = string_list_add(w, "--timeout")) == 0)
        rc = string_list_addf(w, "%.3f", b->plan->timeout_s);
    if (rc == 0)
        rc = add_arrivals(w, &arrivals);
    if (rc == 0 && b->tasks_dir != NULL)
        rc = add_option(w, "--tasks", b->tasks_dir);
    return rc;
}

static int add_copies(struct string_list *w, const struct bench *b, int64_t copies)
{
    int rc = string_list_add(w, b->paths->self);
    if (rc == 0)
        rc = string_list_add(w, "copies");
    if (rc == 0)
        rc = add_number(w, "--copies", copies);
    if (rc == 0)
        rc = add_option(w, "--dir", b->scratch);
    return rc != 0 ? rc : string_list_add(w, "--");
}

static int add_files(struct string_list *w, const struct bench *b, const struct plan_cell *cell)
{
    char *slots = sample_file(b->scratch, "slots", cell, 0), *record = sample_file(b->scratch, "record", cell, 0);
    int rc = slots == NULL || record == NULL ? -ENOMEM : add_option(w, "--slots", slots);
    if (rc == 0)
        rc = add_option(w, "--record", record);
    free(slots);
    free(record);
    return rc;
}

int host_argv(const struct bench *b, const struct plan_cell *cell, int64_t round, const char *json,
              struct string_list *out)
{
    struct string_list command = {NULL, 0};
    int rc = cell->role == ROLE_CAPACITY ? add_copies(&command, b, cell->copies) : 0;
    if (rc == 0)
        rc = add_host(&command, b, cell, round);
    if (rc == 0 && cell->role != ROLE_CAPACITY)
        rc = add_files(&command, b, cell);
    if (rc == 0 && json == NULL && sample_pauses(cell) && (rc = string_list_add(&command, "--end-pause")) == 0)
        rc = string_list_addf(&command, "%d,%d", SUPERVISOR_TALK_READ, SUPERVISOR_TALK_WRITE);
    if (rc == 0)
        rc = json == NULL ? string_list_add_all(out, &command) : hyperfine_argv(out, &command, json);
    string_list_free(&command);
    return rc;
}
