/* SPDX-License-Identifier: MIT */
/* From the plan back to the command line. A number is written as the shortest text that is read as the same number. */
#include "bench/report/reproduce.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/plan/plan.h"
#include "bench/analysis/scaling.h"
#include "common/num.h"

/* Groups that one command makes: `count` from number `first` on. */
struct span {
    const struct results *results;
    size_t first, count;
    struct string_list jobs, workers; /* what the command gives */
};

static const struct result_group *group_of(const struct span *span, size_t i)
{
    return &span->results->groups[span->first + i];
}

/* -- numbers -------------------------------------------------------------------------------------------------------------- */

struct number_text {
    char text[48];
};

/* 0.0123 as "1.23%", 90 s as "90s", else the number. */
enum unit { UNIT_NONE, UNIT_PERCENT, UNIT_SECONDS };

static int parse(const char *text, enum unit unit, double *out)
{
    switch (unit) {
    case UNIT_PERCENT:
        return num_parse_percent(text, 0, 1, out);
    case UNIT_SECONDS:
        return num_parse_duration(text, 0, 1e12, out);
    case UNIT_NONE:
        break;
    }
    return num_parse_double(text, 0, 1e12, out);
}

static const char *number_text(struct number_text *out, double value, enum unit unit)
{
    static const char *const signs[] = {[UNIT_NONE] = "", [UNIT_PERCENT] = "%", [UNIT_SECONDS] = "s"};
    const double shown = unit == UNIT_PERCENT ? 100 * value : value;
    double read = NAN;
    for (int digits = 0; digits <= 17 && read != value; digits++) {
        if (digits == 0)
            snprintf(out->text, sizeof out->text, "%.0f%s", shown, signs[unit]); /* 60, not 6e+01 */
        else
            snprintf(out->text, sizeof out->text, "%.*g%s", digits, shown, signs[unit]);
        if (parse(out->text, unit, &read) != 0)
            read = NAN;
    }
    return out->text;
}

/* -- the points of a sweep ------------------------------------------------------------------------------------------------ */

static bool is_by_worker(const struct result_group *group)
{
    return group->scaling != NULL && (scaling_is_weak(group->scaling) || !result_group_compares(group));
}

/* What --jobs says of a group. */
static int64_t jobs_given(const struct result_group *group)
{
    return is_by_worker(group) ? group->jobs / group->workers : group->jobs;
}

static int add_once(struct string_list *words, int64_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)number);
    return string_list_have(words, text) ? 0 : string_list_add(words, text);
}

/* The jobs there are, and the workers of the group with the most: with fewer jobs than workers, workers are as many. */
static int lists_fill(struct span *span)
{
    int64_t most = 0;
    int rc = 0;
    for (size_t i = 0; i < span->count; i++)
        most = jobs_given(group_of(span, i)) > most ? jobs_given(group_of(span, i)) : most;
    for (size_t i = 0; i < span->count && rc == 0; i++) {
        const struct result_group *group = group_of(span, i);
        rc = add_once(&span->jobs, jobs_given(group));
        if (rc == 0 && jobs_given(group) == most)
            rc = add_once(&span->workers, group->workers);
    }
    return rc;
}

static int64_t listed_number(const struct string_list *words, size_t i)
{
    int64_t n = 0;
    (void)num_parse_i64(words->items[i], 0, INT64_MAX, &n); /* was printed here */
    return n;
}

static bool has_point(const struct span *span, size_t before, int64_t jobs, int64_t workers)
{
    for (size_t i = 0; i < before; i++)
        if (group_of(span, i)->jobs == jobs && group_of(span, i)->workers == workers)
            return true;
    return false;
}

/* Whether the lists make these groups and no others, in this order (bench/plan/plan.c, spread_fill). */
static bool lists_make_it(const struct span *span)
{
    size_t made = 0;
    for (size_t j = 0; j < span->jobs.count; j++)
        for (size_t w = 0; w < span->workers.count; w++) {
            int64_t jobs = listed_number(&span->jobs, j), workers = listed_number(&span->workers, w);
            if (is_by_worker(group_of(span, 0)))
                jobs *= workers;
            else if (workers > jobs)
                workers = jobs;
            if (has_point(span, made, jobs, workers))
                continue;
            if (made == span->count || group_of(span, made)->jobs != jobs || group_of(span, made)->workers != workers)
                return false;
            made++;
        }
    return made == span->count;
}

static bool same_sweep(const struct result_group *a, const struct result_group *b)
{
    return a->sweep != NULL && b->sweep != NULL && strcmp(a->sweep, b->sweep) == 0 && strcmp(a->task, b->task) == 0 &&
           strcmp(a->scaling, b->scaling) == 0;
}

static void span_free(struct span *span)
{
    string_list_free(&span->jobs);
    string_list_free(&span->workers);
}

/* The groups from `first` on that one command makes: all of a sweep where there is such a command, else one. */
static int span_open(struct span *span, const struct results *r, size_t first)
{
    *span = (struct span){.results = r, .first = first, .count = 1};
    while (first + span->count < r->group_count && same_sweep(&r->groups[first], &r->groups[first + span->count]))
        span->count++;
    int rc = lists_fill(span);
    if (rc == 0 && (span->count == 1 || !lists_make_it(span))) { /* one group is no sweep, its jobs are all there are */
        span_free(span);
        *span = (struct span){.results = r, .first = first, .count = 1};
        rc = string_list_addf(&span->jobs, "%lld", (long long)r->groups[first].jobs);
        if (rc == 0)
            rc = string_list_addf(&span->workers, "%lld", (long long)r->groups[first].workers);
    }
    return rc;
}

/* -- what was picked ------------------------------------------------------------------------------------------------------ */

static bool is_variant(const struct span *span, const struct result_cell *cell)
{
    return cell->group == span->first && cell->role == ROLE_MODEL;
}

static bool has_control(const struct span *span, const char *runtime)
{
    for (size_t i = 0; i < span->results->cell_count; i++) {
        const struct result_cell *cell = &span->results->cells[i];
        if (cell->group == span->first && cell->role == ROLE_CONTROL && strcmp(cell->runtime, runtime) == 0)
            return true;
    }
    return false;
}

/* A runtime that lacks the task is refused where it is asked for by name; where one is in the plan (it has no control
 * then), all were taken. */
static bool all_runtimes(const struct span *span)
{
    for (size_t i = 0; i < span->results->cell_count; i++) {
        const struct result_cell *cell = &span->results->cells[i];
        if (is_variant(span, cell) && result_group_compares(group_of(span, 0)) && !has_control(span, cell->runtime))
            return true;
    }
    return false;
}

/* `option` and the names, each once, in the order of the plan. */
static int add_names(const struct span *span, struct string_list *command, const char *option, bool models)
{
    struct string_list names = {NULL, 0};
    int rc = 0;
    for (size_t i = 0; i < span->results->cell_count && rc == 0; i++) {
        const struct result_cell *cell = &span->results->cells[i];
        const char *name = models ? cell->model : cell->runtime;
        if (is_variant(span, cell) && !string_list_have(&names, name))
            rc = string_list_add(&names, name);
    }
    char *text = rc == 0 ? string_list_join(&names, ",") : NULL;
    if (rc == 0)
        rc = text == NULL ? -ENOMEM : string_list_add(command, option);
    if (rc == 0)
        rc = string_list_add(command, text);
    free(text);
    string_list_free(&names);
    return rc;
}

static const char *start_method(const struct span *span)
{
    for (size_t i = 0; i < span->results->cell_count; i++)
        if (is_variant(span, &span->results->cells[i]) && span->results->cells[i].start_method != NULL)
            return span->results->cells[i].start_method;
    return "fork";
}

/* -- the options ---------------------------------------------------------------------------------------------------------- */

static int add_option(struct string_list *command, const char *option, const char *value)
{
    const int rc = string_list_add(command, option);
    return rc != 0 ? rc : string_list_add(command, value);
}

static int add_list(struct string_list *command, const char *option, const struct string_list *list)
{
    char *text = string_list_join(list, ",");
    const int rc = text == NULL ? -ENOMEM : add_option(command, option, text);
    free(text);
    return rc;
}

static int add_params(struct string_list *command, const struct result_group *group)
{
    const char *key;
    json_t *value;
    int rc = 0;
    json_object_foreach((json_t *)group->params, key, value) if (rc == 0 && json_is_string(value))
    {
        rc = string_list_add(command, "--set");
        if (rc == 0)
            rc = string_list_addf(command, "%s=%s", key, json_string_value(value));
    }
    return rc;
}

/* Whether the group asked --url's server: it asks for a URL, and no parameter of its own says which. */
static bool takes_url(const struct result_group *group)
{
    const char *key;
    json_t *value;
    if (strcmp(group->asks, "url") != 0)
        return false;
    json_object_foreach((json_t *)group->params, key, value)
    {
        const char *text = json_string_value(value);
        if (text != NULL && (strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0))
            return false;
    }
    return true;
}

/* What the group says beside its jobs and workers. */
static int add_group_options(const struct span *span, struct string_list *command)
{
    const struct result_group *group = group_of(span, 0);
    const char *url = json_string_value(json_object_get(span->results->plan, "url"));
    const char *tasks_dir = json_string_value(json_object_get(span->results->plan, "tasks_dir"));
    struct number_text rate;
    int rc = 0;
    if (span->count > 1 && strcmp(group->scaling, "jobs") != 0)
        rc = add_option(command, "--scaling", group->scaling);
    if (rc == 0 && group->rate > 0)
        rc = add_option(command, "--rate", number_text(&rate, group->rate, UNIT_NONE));
    if (rc == 0 && group->rate > 0 && group->arrivals != NULL)
        rc = add_option(command, "--arrivals", group->arrivals);
    if (rc == 0 && strcmp(start_method(span), "fork") != 0)
        rc = add_option(command, "--start-method", start_method(span));
    if (rc == 0 && url != NULL && takes_url(group))
        rc = add_option(command, "--url", url);
    if (rc == 0 && tasks_dir != NULL)
        rc = add_option(command, "--tasks", tasks_dir);
    return rc;
}

/* What the run says; defaults of `cobench run` are left out. */
static int add_run_options(const struct results *r, struct string_list *command)
{
    const double timeout_s = json_number_value(json_object_get(r->plan, "timeout_s"));
    struct number_text text;
    int rc = 0;
    if (r->asked.rounds > 0) {
        rc = string_list_add(command, "--rounds");
        if (rc == 0)
            rc = string_list_addf(command, "%lld", (long long)r->asked.rounds);
    }
    if (rc == 0 && r->asked.budget_s > 0)
        rc = add_option(command, "--budget", number_text(&text, r->asked.budget_s, UNIT_SECONDS));
    if (rc == 0 && r->asked.precision > 0)
        rc = add_option(command, "--precision", number_text(&text, r->asked.precision, UNIT_PERCENT));
    if (rc == 0 && r->margin != MARGIN_DEFAULT)
        rc = add_option(command, "--margin", number_text(&text, r->margin, UNIT_PERCENT));
    if (rc == 0 && timeout_s > 0 && timeout_s != TIMEOUT_DEFAULT_S)
        rc = add_option(command, "--timeout", number_text(&text, timeout_s, UNIT_NONE));
    if (rc == 0)
        rc = string_list_add(command, "--seed");
    return rc != 0 ? rc : string_list_addf(command, "%lld", (long long)r->seed);
}

static int add_command(const struct span *span, struct string_list *lines)
{
    const struct result_group *group = group_of(span, 0);
    struct string_list command = {NULL, 0};
    const char *const fixed[] = {"build/cobench", "run", "--task", group->task};
    int rc = 0;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed && rc == 0; i++)
        rc = string_list_add(&command, fixed[i]);
    if (rc == 0)
        rc = add_params(&command, group);
    if (rc == 0 && !all_runtimes(span))
        rc = add_names(span, &command, "--runtime", false);
    if (rc == 0)
        rc = add_names(span, &command, "--model", true);
    if (rc == 0)
        rc = add_list(&command, "--jobs", &span->jobs);
    if (rc == 0)
        rc = add_list(&command, "--workers", &span->workers);
    if (rc == 0)
        rc = add_group_options(span, &command);
    if (rc == 0)
        rc = add_run_options(span->results, &command);
    char *line = rc == 0 ? string_list_quote(&command) : NULL;
    if (rc == 0)
        rc = line == NULL ? -ENOMEM : string_list_add(lines, line);
    free(line);
    string_list_free(&command);
    return rc;
}

/* Is there a variant of the group to ask for? */
static bool has_cells(const struct span *span)
{
    for (size_t i = 0; i < span->results->cell_count; i++)
        if (is_variant(span, &span->results->cells[i]))
            return true;
    return false;
}

int again_commands(const struct results *results, struct string_list *lines)
{
    int rc = 0;
    for (size_t g = 0; g < results->group_count && rc == 0;) {
        struct span span;
        rc = span_open(&span, results, g);
        if (rc == 0 && has_cells(&span))
            rc = add_command(&span, lines);
        g += span.count;
        span_free(&span);
    }
    return rc;
}
