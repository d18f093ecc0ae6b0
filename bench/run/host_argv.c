/* SPDX-License-Identifier: MIT */
/* The command a sample runs. Every parameter is passed, defaults too: what ran is what the plan says. */
#define _GNU_SOURCE /* vasprintf */
#include "bench/run/host_argv.h"

#include <errno.h>
#include <stdarg.h>
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

/* A command line in the making, and the first thing that went wrong with it. */
struct line {
    struct string_list *words;
    int rc;
};

/* An option and its value; either may be NULL. */
__attribute__((format(printf, 3, 4))) static void put(struct line *l, const char *option, const char *format, ...)
{
    char *value = NULL;
    va_list args;
    va_start(args, format);
    if (l->rc == 0 && format != NULL && vasprintf(&value, format, args) < 0) {
        value = NULL;
        l->rc = -ENOMEM;
    }
    va_end(args);
    if (l->rc == 0 && option != NULL)
        l->rc = string_list_add(l->words, option);
    if (l->rc == 0 && value != NULL)
        l->rc = string_list_add(l->words, value);
    free(value);
}

static void put_arrivals(struct line *l, const struct arrivals *a)
{
    if (a->rate == 0)
        return;
    put(l, "--rate", "%.17g", a->rate); /* enough to get the same double back */
    put(l, "--arrivals", "%s", arrivals_name(a->kind));
    put(l, "--arrivals-seed", "%lld", (long long)a->seed);
}

/* All but --slots and --record. */
static void put_host(struct line *l, const struct bench *b, const struct plan_cell *cell, int64_t round)
{
    const struct arrivals arrivals = plan_arrivals(b->plan, cell->group, round);
    const struct plan_group *g = &b->plan->groups[cell->group];
    const char *url = b->plan->url != NULL ? b->plan->url : b->origin != NULL ? b->origin->url : NULL;
    const char *key;
    json_t *value;
    if (l->rc == 0)
        l->rc = string_list_add_all(l->words, &b->catalog->words[cell->entry->host]);
    put(l, "run", NULL);
    put(l, "--task", "%s", g->task);
    put(l, "--model", "%s", cell->model);
    put(l, "--jobs", "%lld", (long long)g->jobs);
    put(l, "--workers", "%lld", (long long)g->workers);
    json_object_foreach(g->params, key, value) put(l, "--set", "%s=%s", key, json_string_value(value));
    if (g->needs_url && url != NULL)
        put(l, "--url", "%s", url);
    put(l, "--start-method", "%s", g->start_method);
    put(l, "--timeout", "%.3f", b->plan->timeout_s);
    put_arrivals(l, &arrivals);
    if (b->tasks_dir != NULL)
        put(l, "--tasks", "%s", b->tasks_dir);
}

int host_argv(const struct bench *b, const struct plan_cell *cell, int64_t round, const char *json,
              struct string_list *out)
{
    struct string_list command = {NULL, 0};
    struct line l = {.words = &command};
    if (cell->role == ROLE_CAPACITY) {
        put(&l, b->paths->self, "copies");
        put(&l, NULL, "%lld", (long long)cell->copies);
        put(&l, b->scratch, NULL);
    }
    put_host(&l, b, cell, round);
    if (cell->role != ROLE_CAPACITY) {
        put(&l, "--slots", "%s/slots", b->scratch);
        put(&l, "--record", "%s/record", b->scratch);
    }
    if (json == NULL && sample_pauses(cell))
        put(&l, "--end-pause", "%d,%d", SUPERVISOR_TALK_READ, SUPERVISOR_TALK_WRITE);
    if (json != NULL)
        hyperfine_argv(out, &command, json);
    else
        string_list_add_all(out, &command);
    string_list_free(&command);
    return l.rc;
}
