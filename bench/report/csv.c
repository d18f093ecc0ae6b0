/* SPDX-License-Identifier: MIT */
/*
 * summary.csv (RFC 4180, but with plain newlines): one row a cell, everything in it, plain numbers in seconds, bytes
 * and ratios, empty where not known. A control's row has its ratio under whole_own_sync (also where an open loop makes it
 * one of p50 latencies), a capacity's under
 * work_own_sync; `role` tells them apart.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/ranking.h"
#include "bench/util/csv.h"
#include "bench/report/format.h"
#include "bench/report/render.h"
#include "bench/report/latency.h"
#include "bench/util/text.h"

#define RATIO_COLUMNS(name) name "," name "_low," name "_high," name "_verdict," name "_p," name "_p_adjusted"

static const char header[] =
    "group,task,kind,params,jobs,workers,ideal,runtime,model,role,start_method,verified,note,doubt,finding,rounds,"
    "median_s,median_low_s,median_high_s,work_s,work_low_s,work_high_s,outliers,cpu_s,peak_pss_bytes,memory_looks,"
    "connections,"
    "origin_share,origin_wait_share,in_flight_max,in_flight_mean,cpus_used,off_cpu_share,disturbed_rounds,break_even,"
    "break_even_jobs,"
    "start_s,ready_s,"
    "work_phase_s,end_s,latency_p50_s,latency_p90_s,latency_p99_s,latency_max_s," RENDER_LATENCY_CSV
    "," RATIO_COLUMNS("work_own_sync") "," RATIO_COLUMNS("work_py_sync") "," RATIO_COLUMNS(
        "whole_own_sync") "," RATIO_COLUMNS("whole_py_sync") "\n";

static void put_numbers(FILE *out, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        csv_put_number(out, values[i]);
}

static void put_ratio(FILE *out, const struct ratio *ratio)
{
    csv_put_number(out, ratio->ratio);
    csv_put_number(out, ratio->low);
    csv_put_number(out, ratio->high);
    fputc(',', out);
    csv_put_text(out, verdict_name(ratio->verdict));
    csv_put_number(out, ratio->p);
    csv_put_number(out, ratio->p_adjusted);
}

/* The columns that every role has, up to `role` and the start method. */
static int put_head(FILE *out, const struct result_group *group, const struct result_cell *cell, const char *role)
{
    char *params = format_params(group);
    if (params == NULL)
        return -ENOMEM;
    const char *const before[] = {group->name, group->task, group->kind, params};
    const char *const after[] = {cell ? cell->runtime : NULL, cell ? cell->model : NULL, role,
                                 cell ? cell->start_method : NULL};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        csv_put_text(out, before[i]);
        fputc(',', out);
    }
    fprintf(out, "%lld,%lld,%.9g", (long long)group->jobs, (long long)group->workers, group->ideal);
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        fputc(',', out);
        csv_put_text(out, after[i]);
    }
    free(params);
    return 0;
}

static void put_note(FILE *out, bool verified, const char *const texts[3])
{
    fprintf(out, ",%s", verified ? "true" : "false");
    for (size_t i = 0; i < 3; i++) {
        fputc(',', out);
        csv_put_text(out, texts[i]);
    }
}

/* "from" and the number of jobs, "never" and none, or neither. */
static void put_break_even(FILE *out, const struct break_even *found)
{
    fputc(',', out);
    csv_put_text(out, break_even_name(found->state));
    csv_put_number(out, found->state == BREAK_EVEN_FROM ? (double)found->jobs : NAN);
}

static double known(int64_t count) { return count >= 0 ? (double)count : NAN; }

static int put_cell(FILE *out, const struct summary *summary, const struct summary_cell *c)
{
    if (put_head(out, c->group, c->cell, "model") != 0)
        return -ENOMEM;
    put_note(out, c->verified, (const char *const[]){c->note, doubt_name(c->doubt), finding_name(c->finding)});
    const double times[] = {(double)c->rounds, c->median_s,      c->median_ci_s.low, c->median_ci_s.high,
                            c->work_s,         c->work_ci_s.low, c->work_ci_s.high};
    const double more[] = {c->cpu_s,
                           known(c->cell->peak_pss_bytes),
                           known(c->cell->memory_looks),
                           c->connections,
                           c->origin_share,
                           c->origin_wait_share,
                           c->in_flight_max,
                           c->in_flight_mean,
                           c->cpus_used,
                           c->off_cpu_share,
                           (double)c->disturbed_rounds};
    const struct break_even found = break_even_of(summary, c);
    put_numbers(out, times, sizeof times / sizeof *times);
    fputc(',', out);
    for (size_t i = 0; i < c->outlier_count; i++)
        fprintf(out, "%s%ld", i > 0 ? " " : "", (long)c->outliers[i]);
    put_numbers(out, more, sizeof more / sizeof *more);
    put_break_even(out, &found);
    put_numbers(out, c->phase_s, PHASES);
    put_numbers(out, c->latency_s, LATENCY_POINTS);
    render_latency_csv(c, out);
    for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES; b++)
            put_ratio(out, &c->speedup[t][b]);
    fputc('\n', out);
    return 0;
}

/* A control's or a capacity's row: of the numbers only the rounds, and one ratio. */
struct extra_row {
    const struct result_group *group;
    const struct result_cell *cell;
    const char *role, *note;
    const struct ratio *ratio;
    enum ratio_time time;
    enum doubt doubt;
};

/* The columns between the rounds and the ratios. */
enum { NUMBERS = 20 + PHASES + LATENCY_POINTS + RENDER_LATENCY_COLUMNS };

static void put_nothing(FILE *out, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        fputc(',', out);
}

static int put_extra(FILE *out, const struct extra_row *row)
{
    const struct ratio none = ratio_none(RATIO_NOT_RUN);
    const bool verified = row->cell != NULL && row->cell->status == CELL_OK;
    if (put_head(out, row->group, row->cell, row->role) != 0)
        return -ENOMEM;
    put_note(out, verified, (const char *const[]){row->note, doubt_name(row->doubt), NULL});
    csv_put_number(out, (double)row->ratio->rounds);
    put_nothing(out, NUMBERS);
    for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES; b++)
            put_ratio(out, t == row->time && b == RATIO_OWN_SYNC ? row->ratio : &none);
    fputc('\n', out);
    return 0;
}

int render_csv(const void *what, FILE *out)
{
    const struct summary *summary = what;
    int rc = 0;
    fputs(header, out);
    for (size_t i = 0; i < summary->control_count && rc == 0; i++) {
        const struct summary_control *c = &summary->controls[i];
        rc = put_extra(out, &(struct extra_row){c->group, c->cell, "control", c->note, &c->ratio, RATIO_WHOLE,
                                                c->flagged ? DOUBT_CONTROL : DOUBT_NONE});
    }
    for (size_t i = 0; i < summary->capacity_count && rc == 0; i++) {
        const struct summary_capacity *c = &summary->capacities[i];
        rc = put_extra(out,
                       &(struct extra_row){c->group, c->cell, "capacity", c->note, &c->ratio, RATIO_WORK, DOUBT_NONE});
    }
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++)
        rc = put_cell(out, summary, &summary->cells[i]);
    return rc;
}
