/* SPDX-License-Identifier: MIT */
/* What hosts print of themselves (bench/protocol/catalog.c): two lists of JSON with a line "===" between them, taken
 * in as the C host's and the Python host's. Accepted lists make a catalog in which every name is found as itself,
 * belongs to a host that listed it, and every parameter has its row; tables that differ are said to on one line. */
#include <stdlib.h>
#include <string.h>

#include "bench/protocol/catalog.h"
#include "support.h"

static size_t row_of(const struct catalog *c, const char *name)
{
    size_t row = 0;
    while (strcmp(c->hosts.rows[row].name, name) != 0)
        row++;
    return row;
}

static void check_one_line(const char *text) { FUZZ_MUST(text[0] != '\0' && strpbrk(text, "\r\n") == NULL); }

static void check_task(const struct catalog *c, const struct catalog_task *task)
{
    size_t i;
    const json_t *row;
    FUZZ_MUST(catalog_task(c, task->name) == task);
    FUZZ_MUST((task->hosts & (1u << task->first)) != 0);
    FUZZ_MUST(task->jobs >= 1);
    json_array_foreach(task->params, i, row)
        FUZZ_MUST(catalog_param(task, json_string_value(json_object_get(row, "key"))) == row);
    if (task->differ != NULL)
        check_one_line(task->differ);
    char *names = catalog_param_names(task);
    FUZZ_MUST(names != NULL);
    free(names);
}

static void check_catalog(const struct catalog *c)
{
    for (size_t i = 0; i < c->runtime_count; i++)
        FUZZ_MUST(catalog_runtime(c, c->runtimes[i].name) == &c->runtimes[i] && c->runtimes[i].host < c->hosts.count);
    for (size_t i = 0; i < c->model_count; i++)
        FUZZ_MUST(catalog_model(c, c->models[i].name) == &c->models[i] && c->models[i].hosts != 0);
    for (size_t i = 0; i < c->task_count; i++)
        check_task(c, &c->tasks[i]);
    for (size_t h = 0; h < c->hosts.count; h++) {
        const struct catalog_model *baseline = catalog_baseline(c, h);
        FUZZ_MUST(baseline == NULL || (baseline->baseline && (baseline->hosts & (1u << h)) != 0));
    }
    char *names = catalog_names(c->tasks, c->task_count, sizeof *c->tasks);
    FUZZ_MUST(strlen(names) >= c->task_count);
    free(names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t first;
    const size_t second = fuzz_second_part(data, size, &first);
    const char *const names[] = {"c", "py"};
    json_t *lists[] = {json_loadb((const char *)data, first, 0, NULL),
                       json_loadb((const char *)data + second, size - second, 0, NULL)};
    struct catalog catalog = {.runtimes = NULL};
    struct error err = {.text = ""};
    int rc = host_table_make(&catalog.hosts, NULL, NULL, &err);
    for (size_t i = 0; i < 2; i++)
        if (lists[i] != NULL && rc == 0)
            rc = catalog_add_list(&catalog, row_of(&catalog, names[i]), lists[i], &err);
        else
            json_decref(lists[i]);
    if (rc != 0)
        fuzz_check_refusal(rc, err.text);
    else
        check_catalog(&catalog);
    catalog_free(&catalog);
    return 0;
}
