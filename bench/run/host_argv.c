/* SPDX-License-Identifier: MIT */
/* The command a sample runs. Every parameter is passed, defaults too: what ran is what the plan says. */
#include "bench/run/sample.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/process/hyperfine.h"
#include "bench/util/alloc.h"

void sample_file(const char *scratch, const char *what, const struct plan_cell *cell, int64_t copy,
                 char out[SAMPLE_PATH_SIZE])
{
    if (cell->role == ROLE_CAPACITY)
        snprintf(out, SAMPLE_PATH_SIZE, "%s/%s.%lld", scratch, what, (long long)copy);
    else
        snprintf(out, SAMPLE_PATH_SIZE, "%s/%s", scratch, what);
}

bool bench_spreads(const struct bench *b, const struct plan_cell *cell)
{
    return b->nodes != NULL && b->nodes->placement.count > 0 && cell->known != NULL && cell->role != ROLE_CAPACITY &&
           catalog_spreads(b->catalog, cell->entry->host, cell->known->name, cell->knobs);
}

bool sample_pauses(const struct plan_cell *cell) { return cell->role != ROLE_CAPACITY && cell->program == NULL; }

__attribute__((format(printf, 3, 4))) static void put(struct string_list *words, const char *option, const char *format,
                                                      ...)
{
    va_list args;
    va_start(args, format);
    char *value = text_format_va(format, args);
    va_end(args);
    string_list_add(words, option);
    string_list_add(words, value);
    free(value);
}

/* Where a task asks for a URL. */
static char *url_of(const struct bench *b, const struct plan_group *g)
{
    const char *path = json_string_value(json_object_get(catalog_param(g->entry, "url"), "default"));
    if (!g->needs_url || (b->plan->url == NULL && b->origin == NULL))
        return NULL;
    if (b->plan->url != NULL || path == NULL)
        return xstrdup(b->plan->url != NULL ? b->plan->url : b->origin->url);
    const char *place = strstr(b->origin->url, "://") + 3; /* as it printed it */
    return text_format("%.*s%s", (int)(place + strcspn(place, "/") - b->origin->url), b->origin->url, path);
}

/* What stands in braces and is known is filled in; other braces stay as they are. */
static void put_filled(struct string_list *words, const char *word, const json_t *values)
{
    char *text;
    size_t length;
    FILE *out = text_open(&text, &length);
    while (*word != '\0') {
        const size_t inside = strcspn(word, "}");
        char *key = *word == '{' && word[inside] == '}' ? text_format("%.*s", (int)inside - 1, word + 1) : NULL;
        const char *value = key != NULL ? json_string_value(json_object_get(values, key)) : NULL;
        if (value != NULL)
            fputs(value, out);
        else
            fputc(*word, out);
        word += value != NULL ? inside + 1 : 1;
        free(key);
    }
    text_close(out);
    string_list_add(words, text);
    free(text);
}

/* A program of the user's own. */
static void put_program(struct string_list *words, const struct bench *b, const struct plan_cell *cell)
{
    const struct plan_group *g = &b->plan->groups[cell->group];
    const struct function *function = b->catalog->function;
    struct string_list line = {NULL, 0};
    char *url = url_of(b, g);
    json_t *values = json_copy(g->params);
    json_object_set_new(values, "jobs", json_sprintf("%lld", (long long)g->jobs));
    json_object_set_new(values, "workers", json_sprintf("%lld", (long long)g->workers));
    json_object_set_new(values, "record", json_sprintf("%s/record", b->scratch));
    json_object_set_new(values, "slots", json_sprintf("%s/slots", b->scratch));
    if (function != NULL && function->inputs != NULL)
        json_object_set_new(values, "inputs", json_string(function->inputs));
    if (url != NULL)
        json_object_set_new(values, "url", json_string(url));
    free(url);
    string_list_unquote(&line, cell->program); /* was looked at where it came in */
    for (size_t i = 0; i < line.count; i++)
        put_filled(words, line.items[i], values);
    string_list_free(&line);
    json_decref(values);
}

/* What is told of a task whether it is run or served. */
static void put_task(struct string_list *words, const struct bench *b, const struct plan_cell *cell, const char *mode,
                     int64_t workers)
{
    const struct plan_group *g = &b->plan->groups[cell->group];
    const struct function *function = b->catalog->function;
    const char *key;
    json_t *value;
    string_list_add_all(words, &b->catalog->words[cell->entry->host]);
    string_list_add(words, mode);
    if (function != NULL)
        function_options(function, b->catalog->hosts.rows[cell->entry->host].kind->work, words);
    else
        put(words, "--task", "%s", g->task);
    put(words, "--model", "%s", plan_model(cell));
    put(words, "--jobs", "%lld", (long long)g->jobs);
    put(words, "--workers", "%lld", (long long)workers);
    json_object_foreach(g->params, key, value) put(words, "--set", "%s=%s", key, json_string_value(value));
    services_options(b->services, b->catalog, cell, words);
    if (b->plan->tasks_dir != NULL)
        put(words, "--tasks", "%s", b->plan->tasks_dir);
}

/* What starts another server before the one whose command follows: the Python host has it. */
static void put_front(struct string_list *words, const struct catalog *catalog, const char *behind)
{
    const struct catalog_runtime *python = catalog_runtime(catalog, BASELINE_RUNTIME);
    const struct string_list *start = &catalog->words[python != NULL ? python->host : 0];
    for (size_t i = 0; i + 1 < start->count; i++)
        string_list_add(words, start->items[i]);
    string_list_addf(words, "%s.serving.%s", start->items[start->count - 1], behind);
}

#define SERVE_REQUEST_TIMEOUT_S 300 /* so long a connection may be idle: longer than the driver leaves any so */

static int64_t server_workers(const struct bench *b, const struct plan_cell *cell)
{
    const struct plan_group *g = &b->plan->groups[cell->group];
    const char *counts = cell->known->workers;
    const bool waits = g->delay_ms > 0 || strcmp(g->asks, "nothing") != 0;
    if (strcmp(counts, "one") == 0)
        return 1;
    if (strcmp(counts, "connections") == 0 || (strcmp(counts, "requests") == 0 && waits))
        return g->workers;
    return (int64_t)ceil(b->plan->effective_cpus);
}

void host_serve_argv(const struct bench *b, const struct plan_cell *cell, struct string_list *out)
{
    const struct plan_group *g = &b->plan->groups[cell->group];
    if (cell->behind != NULL)
        put_front(out, b->catalog, cell->behind);
    put_task(out, b, cell, "serve", server_workers(b, cell));
    put(out, "--request-timeout", "%d", SERVE_REQUEST_TIMEOUT_S);
    if (g->delay_ms > 0)
        put(out, "--delay", "%lld", (long long)g->delay_ms);
}

/* All but --slots and --record. */
static void put_host(struct string_list *words, const struct bench *b, const struct plan_cell *cell, int64_t round)
{
    const struct arrivals arrivals = plan_arrivals(b->plan, cell->group, round);
    const struct plan_group *g = &b->plan->groups[cell->group];
    char *url = url_of(b, g);
    const char *key;
    json_t *value;
    /* A server's workers are connections: the reference has no more than jobs. */
    put_task(words, b, cell, "run", g->workers < g->jobs ? g->workers : g->jobs);
    if (url != NULL)
        put(words, "--url", "%s", url);
    free(url);
    json_object_foreach(cell->knobs, key, value)
    {
        string_list_addf(words, "--%s", key);
        string_list_add(words, json_string_value(value));
    }
    for (size_t i = 0; bench_spreads(b, cell) && i <= b->nodes->launcher.count; i++)
        put(words, i == 0 ? "--hosts" : "--launcher", "%s", i == 0 ? b->plan->hosts : b->nodes->launcher.items[i - 1]);
    put(words, "--timeout", "%.3f", b->plan->timeout_s);
    if (b->plan->request_timeout_s > 0)
        put(words, "--request-timeout", "%.3f", b->plan->request_timeout_s);
    if (arrivals.rate != 0) {
        put(words, "--rate", "%.17g", arrivals.rate); /* enough to get the same double back */
        put(words, "--arrivals", "%s", arrivals_name(arrivals.kind));
        put(words, "--arrivals-seed", "%lld", (long long)arrivals.seed);
    }
}

void host_argv(const struct bench *b, const struct plan_cell *cell, int64_t round, const char *json,
               struct string_list *out)
{
    struct string_list command = {NULL, 0};
    if (cell->role == ROLE_CAPACITY) {
        string_list_add(&command, b->paths->self);
        put(&command, "copies", "%lld", (long long)cell->copies);
        string_list_add(&command, b->scratch);
    }
    if (cell->program != NULL)
        put_program(&command, b, cell);
    else
        put_host(&command, b, cell, round);
    if (cell->role != ROLE_CAPACITY && cell->program == NULL) {
        put(&command, "--slots", "%s/slots", b->scratch);
        put(&command, "--record", "%s/record", b->scratch);
    }
    if (json == NULL && sample_pauses(cell))
        put(&command, "--end-pause", "%d,%d", SUPERVISOR_TALK_READ, SUPERVISOR_TALK_WRITE);
    if (json == NULL)
        string_list_add_all(out, &command);
    else
        hyperfine_argv(out, &command, json);
    string_list_free(&command);
}
