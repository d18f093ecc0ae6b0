/* SPDX-License-Identifier: MIT */
/* plan.json and machine.json of a run's folder (bench/store/results.c, bench/plan/plan_json.c), which may come from
 * another machine, another version or a text editor: the two with a line "===" between them, and a short journal of
 * cell 0. What is accepted for a report has cells whose group is there and numbers in range, and every table can be
 * made of it (see fuzz_journal.c). What can be resumed has an order for every round, and written out and read again it
 * is the same plan. */
#include <math.h>
#include <stdlib.h>

#include "bench/plan/plan.h"
#include "given.h"
#include "render_all.h"
#include "support.h"

static const char samples[] =
    "{\"sample\":1,\"pass\":\"verify\",\"round\":0,\"order\":0,\"cell\":0,\"status\":\"ok\",\"peak_pss_bytes\":4096}\n"
    "{\"sample\":1,\"pass\":\"timed\",\"round\":1,\"order\":0,\"cell\":0,\"status\":\"ok\",\"whole_ns\":9000000,"
    "\"work_ns\":8000000}\n";

static void check_plan(const struct results *r)
{
    FUZZ_MUST(r->rounds >= 0 && r->rounds <= 1000000);
    FUZZ_MUST(r->margin >= 0 && r->margin < 1);
    for (size_t i = 0; i < r->group_count; i++) {
        const struct plan_group *g = &r->groups[i];
        FUZZ_MUST(g->name != NULL && g->task != NULL && g->kind != NULL && g->asks != NULL);
        FUZZ_MUST(g->jobs >= 1 && g->workers >= 1);
        FUZZ_MUST(isfinite(g->ideal) && g->ideal > 0);
    }
    for (size_t i = 0; i < r->cell_count; i++)
        FUZZ_MUST(r->cells[i].group < r->group_count && r->cells[i].copies >= 1);
}

static void check_order(const struct plan *plan)
{
    size_t *order = calloc(plan->cell_count, sizeof *order), cells = 0;
    FUZZ_MUST(order != NULL);
    for (size_t g = 0; g < plan->group_count && g < 4; g++)
        cells += plan_order(plan, 1, g, order);
    FUZZ_MUST(plan->group_count > 4 || cells == plan->cell_count);
    free(order);
}

static void check_plan_json(json_t *json)
{
    struct catalog catalog;
    struct plan plan;
    struct error err = {.text = ""};
    if (json == NULL)
        return;
    given_catalog(&catalog);
    const int rc = plan_read(json, &catalog, &plan, &err);
    if (rc == 0) {
        FUZZ_MUST(plan.group_count > 0 && plan.cell_count > 0);
        check_order(&plan);
        json_decref(check_resumed(&plan, &catalog));
        plan_free(&plan);
    } else {
        fuzz_check_refusal(rc, err.text);
    }
    catalog_free(&catalog);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct results results;
    struct error err = {.text = ""};
    size_t first;
    const size_t second = fuzz_second_part(data, size, &first);
    const struct results_texts texts = {.plan = {(const char *)data, first},
                                        .machine = {(const char *)data + second, size - second},
                                        .samples = {samples, sizeof samples - 1},
                                        .events = {"", 0}};
    check_plan_json(json_loadb((const char *)data, first, JSON_REJECT_DUPLICATES, NULL));
    const int rc = results_parse(&results, &texts, &err);
    if (rc != 0) {
        fuzz_check_refusal(rc, err.text);
        return 0;
    }
    check_plan(&results);
    render_all(&results);
    results_free(&results);
    return 0;
}
