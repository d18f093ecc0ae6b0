/* SPDX-License-Identifier: MIT */
/* The command a sample runs. Every parameter is passed, defaults too: what ran is what the plan says. */
#include "bench/run/sample.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/process/hyperfine.h"

void sample_file(const char *scratch, const char *what, const struct plan_cell *cell, int64_t copy,
                 char out[SAMPLE_PATH_SIZE])
{
    if (cell->role == ROLE_CAPACITY)
        snprintf(out, SAMPLE_PATH_SIZE, "%s/%s.%lld", scratch, what, (long long)copy);
    else
        snprintf(out, SAMPLE_PATH_SIZE, "%s/%s", scratch, what);
}

bool sample_pauses(const struct plan_cell *cell) { return cell->role != ROLE_CAPACITY; }

static void put(struct string_list *words, const char *option, const char *value)
{
    string_list_add(words, option);
    string_list_add(words, value);
}

static void put_count(struct string_list *words, const char *option, int64_t value)
{
    string_list_add(words, option);
    string_list_addf(words, "%lld", (long long)value);
}

/* All but --slots and --record. */
static void put_host(struct string_list *words, const struct bench *b, const struct plan_cell *cell, int64_t round)
{
    const struct arrivals arrivals = plan_arrivals(b->plan, cell->group, round);
    const struct plan_group *g = &b->plan->groups[cell->group];
    const char *url = b->plan->url != NULL ? b->plan->url : b->origin != NULL ? b->origin->url : NULL;
    const char *key;
    json_t *value;
    string_list_add_all(words, &b->catalog->words[cell->entry->host]);
    string_list_add(words, "run");
    put(words, "--task", g->task);
    put(words, "--model", cell->model);
    put_count(words, "--jobs", g->jobs);
    put_count(words, "--workers", g->workers);
    json_object_foreach(g->params, key, value)
    {
        string_list_add(words, "--set");
        string_list_addf(words, "%s=%s", key, json_string_value(value));
    }
    if (g->needs_url && url != NULL)
        put(words, "--url", url);
    put(words, "--start-method", g->start_method);
    string_list_add(words, "--timeout");
    string_list_addf(words, "%.3f", b->plan->timeout_s);
    if (arrivals.rate != 0) {
        string_list_add(words, "--rate");
        string_list_addf(words, "%.17g", arrivals.rate); /* enough to get the same double back */
        put(words, "--arrivals", arrivals_name(arrivals.kind));
        put_count(words, "--arrivals-seed", (int64_t)arrivals.seed);
    }
    if (b->plan->tasks_dir != NULL)
        put(words, "--tasks", b->plan->tasks_dir);
}

void host_argv(const struct bench *b, const struct plan_cell *cell, int64_t round, const char *json,
               struct string_list *out)
{
    struct string_list command = {NULL, 0};
    if (cell->role == ROLE_CAPACITY) {
        put(&command, b->paths->self, "copies");
        string_list_addf(&command, "%lld", (long long)cell->copies);
        string_list_add(&command, b->scratch);
    }
    put_host(&command, b, cell, round);
    if (cell->role != ROLE_CAPACITY) {
        string_list_add(&command, "--slots");
        string_list_addf(&command, "%s/slots", b->scratch);
        string_list_add(&command, "--record");
        string_list_addf(&command, "%s/record", b->scratch);
    }
    if (json == NULL && sample_pauses(cell)) {
        string_list_add(&command, "--end-pause");
        string_list_addf(&command, "%d,%d", SUPERVISOR_TALK_READ, SUPERVISOR_TALK_WRITE);
    }
    if (json == NULL)
        string_list_add_all(out, &command);
    else
        hyperfine_argv(out, &command, json);
    string_list_free(&command);
}
