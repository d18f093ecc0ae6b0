/* SPDX-License-Identifier: MIT */
/* A comparison as CSV: one row a cell of either run, empty where not known. `in` is both, A or B. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "bench/util/escape.h"
#include "bench/report/format.h"
#include "bench/report/compare_formats.h"

#define CHANGE_COLUMNS(name) \
    name "," name "_low," name "_high," name "_verdict," name "_p," name "_p_adjusted," name "_doubt"

static const char header[] =
    "in,group,task,params,jobs,workers,runtime,model,role,gate,note_a,note_b,rounds_a,rounds_b,"
    "whole_a_s,whole_b_s,work_a_s,work_b_s," CHANGE_COLUMNS("time_whole") "," CHANGE_COLUMNS("time_work") "," CHANGE_COLUMNS(
        "speedup_whole") "," CHANGE_COLUMNS("speedup_work") ",rate,rate_kept_a,rate_kept_b,latency_p50_a_s,"
                                                            "latency_p50_b_s,latency_p99_a_s,latency_p99_b_"
                                                            "s," CHANGE_COLUMNS("latency_p50") "," CHANGE_COLUMNS(
                                                                "latency_p99") "\n";
enum { NUMBERS = 6, LATENCIES = 7, CHANGE_FIELDS = 7 };

static int put_cell(const char *in, const struct plan_group *group, const struct result_cell *cell, FILE *out)
{
    static const char *const roles[] = {
        [ROLE_MODEL] = "model", [ROLE_CONTROL] = "control", [ROLE_CAPACITY] = "capacity"};
    char *params = format_params(group);
    if (params == NULL)
        return -ENOMEM;
    const char *const texts[] = {in, group->name, group->task, params};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        csv_put_text(out, texts[i]);
        fputc(',', out);
    }
    free(params);
    fprintf(out, "%lld,%lld,", (long long)group->jobs, (long long)group->workers);
    csv_put_text(out, cell->runtime);
    fputc(',', out);
    csv_put_text(out, cell->model);
    fprintf(out, ",%s", roles[cell->role]);
    return 0;
}

static void put_change(const struct compare_change *change, FILE *out)
{
    const struct ratio *r = &change->ratio;
    csv_put_number(out, r->ratio);
    csv_put_number(out, r->low);
    csv_put_number(out, r->high);
    fputc(',', out);
    csv_put_text(out, verdict_name(r->verdict));
    csv_put_number(out, r->p);
    csv_put_number(out, r->p_adjusted);
    fputc(',', out);
    csv_put_text(out, doubt_name(r->doubt));
}

/* What an open loop has; nothing of a closed one. */
static void put_latencies(const struct compare_row *row, FILE *out)
{
    const bool open = compare_is_open(row);
    csv_put_number(out, open ? row->group[COMPARE_B]->rate : NAN);
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        const bool known = open && row->cell[side]->status == CELL_OK && row->cell[side]->count > 0;
        fprintf(out, ",%s", !known ? "" : row->missed[side] ? "false" : "true");
    }
    for (enum compare_latency k = 0; k < COMPARE_LATENCIES; k++)
        for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
            csv_put_number(out, row->latency_s[k][side]);
    for (enum compare_latency k = 0; k < COMPARE_LATENCIES; k++)
        put_change(&row->latency[k], out);
}

static int put_row(const struct compare_row *row, FILE *out)
{
    static const char *const gates[] = {[GATE_NONE] = "",         [GATE_PASSES] = "passes", [GATE_SLOWER] = "slower",
                                        [GATE_BROKEN] = "broken", [GATE_RATE] = "rate",     [GATE_UNKNOWN] = "unknown"};
    const int rc = put_cell("both", row->group[COMPARE_B], row->cell[COMPARE_B], out);
    fprintf(out, ",%s", gates[row->gate]);
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        fputc(',', out);
        csv_put_text(out, row->note[side]);
    }
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        csv_put_number(out, (double)row->cell[side]->count);
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        csv_put_number(out, row->median_s[RATIO_WHOLE][side]);
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        csv_put_number(out, row->median_s[RATIO_WORK][side]);
    const struct compare_change *const changes[] = {&row->time[RATIO_WHOLE], &row->time[RATIO_WORK],
                                                    &row->speedup[RATIO_WHOLE], &row->speedup[RATIO_WORK]};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        put_change(changes[i], out);
    put_latencies(row, out);
    fputc('\n', out);
    return rc;
}

static int put_lone(const struct compare_lone *lone, FILE *out)
{
    const int rc = put_cell(lone->side == COMPARE_A ? "A" : "B", lone->group, lone->cell, out);
    for (int i = 0; i < 3 + NUMBERS + LATENCIES + 6 * CHANGE_FIELDS; i++) /* gate and notes, and all that is measured */
        fputc(',', out);
    fputc('\n', out);
    return rc;
}

int render_compare_csv(const struct compare_view *view, FILE *out)
{
    const struct compare *c = view->compare;
    int rc = 0;
    fputs(header, out);
    for (size_t i = 0; i < c->row_count && rc == 0; i++)
        rc = put_row(&c->rows[i], out);
    for (size_t i = 0; i < c->lone_count && rc == 0; i++)
        rc = put_lone(&c->lone[i], out);
    return rc;
}
