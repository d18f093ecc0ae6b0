/* SPDX-License-Identifier: MIT */
/* From a suite and a command line to a plan (bench/plan/plan.c, bench/plan/params.c). The input is a suite file, a
 * line "===", and the words of `cobench run`, a line each; the catalog is fixed (given.h). A plan that is made has
 * jobs and workers in range, every parameter the task has, cells of a group side by side, in each round every cell of
 * a group once, and a plan.json that is read back as that plan. */
#define _GNU_SOURCE /* argp.h wants error_t */
#include <stdlib.h>
#include <string.h>

#include "argp_quiet.h"
#include "bench/cmd/run_options.h"
#include "given.h"
#include "support.h"

error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *arg_index, void *input)
{
    return __real_argp_parse(argp, argc, argv, flags | ARGP_QUIET, arg_index, input);
}

static void check_group(const struct plan_group *g, const struct run_options *o)
{
    size_t i;
    const json_t *row;
    FUZZ_MUST(g->jobs >= 1 && g->jobs <= JOBS_MAX);
    FUZZ_MUST(g->workers >= 1 && g->workers <= g->jobs);
    FUZZ_MUST(g->ideal > 0 && g->ideal <= (double)g->workers);
    json_array_foreach(g->entry->params, i, row)
    {
        const char *key = json_string_value(json_object_get(row, "key"));
        const bool url = strcmp(json_string_value(json_object_get(row, "type")), "url") == 0;
        FUZZ_MUST(url || json_is_string(json_object_get(g->params, key)));
    }
    FUZZ_MUST(json_object_size(g->params) <= json_array_size(g->entry->params));
    FUZZ_MUST(o->plan.tasks.count == 0 || string_list_have(&o->plan.tasks, g->task));
}

static void check_cells(const struct plan *p)
{
    for (size_t i = 0; i < p->cell_count; i++) {
        const struct plan_cell *c = &p->cells[i];
        FUZZ_MUST(c->group < p->group_count && (i == 0 || c->group >= p->cells[i - 1].group));
        FUZZ_MUST(c->copies == (c->role == ROLE_CAPACITY ? p->groups[c->group].workers : 1));
        FUZZ_MUST(!c->baseline || c->role == ROLE_MODEL);
    }
}

/* Every cell of the group once. */
static void check_order(const struct plan *p, int64_t round, size_t group, size_t *order, unsigned char *seen)
{
    const size_t count = plan_order(p, round, group, order);
    size_t cells = 0;
    memset(seen, 0, p->cell_count);
    for (size_t i = 0; i < count; i++) {
        FUZZ_MUST(order[i] < p->cell_count && p->cells[order[i]].group == group && !seen[order[i]]);
        seen[order[i]] = 1;
    }
    for (size_t i = 0; i < p->cell_count; i++)
        cells += p->cells[i].group == group;
    FUZZ_MUST(count == cells);
}

/* As `cobench report` reads it. */
static void check_read_back(const struct plan *p, const json_t *json)
{
    struct results results;
    struct error err = {.text = ""};
    char *text = json_dumps(json, 0);
    FUZZ_MUST(text != NULL);
    const struct results_texts texts = {
        .plan = {text, strlen(text)}, .machine = {"{}", 2}, .samples = {"", 0}, .events = {"", 0}};
    FUZZ_MUST(results_parse(&results, &texts, &err) == 0);
    FUZZ_MUST(results.group_count == p->group_count && results.cell_count == p->cell_count);
    FUZZ_MUST(results.seed == p->seed && results.asked.rounds == p->stopping.rounds);
    for (size_t g = 0; g < p->group_count; g++)
        FUZZ_MUST(results.groups[g].jobs == p->groups[g].jobs && results.groups[g].workers == p->groups[g].workers);
    results_free(&results);
    free(text);
}

static void check_plan(const struct plan *p, const struct run_options *o, const struct catalog *catalog)
{
    size_t *order = calloc(p->cell_count, sizeof *order);
    unsigned char *seen = calloc(p->cell_count, 1);
    FUZZ_MUST(order != NULL && seen != NULL);
    FUZZ_MUST(p->timeout_s > 0);
    fuzz_check_stopping(&p->stopping);
    FUZZ_MUST(p->stopping.rounds > 0 || p->stopping.budget_s > 0);
    check_cells(p);
    for (size_t g = 0; g < p->group_count; g++) {
        check_group(&p->groups[g], o);
        if (g < 4)
            check_order(p, 1 + (int64_t)g, g, order, seen);
    }
    json_t *json = check_resumed(p, catalog);
    check_read_back(p, json);
    json_decref(json);
    free(seen);
    free(order);
}

static void make(const struct suite *suite, struct run_options *options)
{
    struct catalog catalog;
    struct plan plan;
    struct error err = {.text = ""};
    given_catalog(&catalog);
    if (options->plan.seed < 0)
        options->plan.seed = 42; /* `cobench run` draws one */
    const struct plan_source source = {
        .suite = suite, .options = &options->plan, .catalog = &catalog, .effective_cpus = 2.5};
    const int rc = plan_make(&source, &plan, &err);
    if (rc == 0) {
        check_plan(&plan, options, &catalog);
        plan_free(&plan);
    } else {
        fuzz_check_refusal(rc, err.text);
    }
    catalog_free(&catalog);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct suite suite;
    struct run_options options;
    struct fuzz_argv line;
    struct error err = {.text = ""};
    size_t first;
    const size_t second = fuzz_second_part(data, size, &first);
    if (suite_parse("x.ini", (const char *)data, first, &suite, &err) != 0)
        return 0;
    text_set(&suite.name, "x");
    fuzz_argv_split(&line, "cobench run", data + second, size - second);
    if (run_options_parse(line.argc, line.argv, &options, &err) == 0)
        make(&suite, &options);
    run_options_free(&options);
    fuzz_argv_free(&line);
    suite_free(&suite);
    return 0;
}
