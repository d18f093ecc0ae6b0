/* SPDX-License-Identifier: MIT */
/*
 * summary.csv (RFC 4180, but with plain newlines): one row a cell, everything in it, plain numbers in seconds, bytes
 * and ratios, empty where not known. A control's row has its ratio under whole_own_sync, a capacity's under
 * work_own_sync; `role` tells them apart.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/format.h"
#include "bench/render.h"

static const char header[] =
    "group,task,kind,params,jobs,workers,ideal,runtime,model,role,start_method,verified,note,marks,rounds,"
    "median_s,work_s,cpu_s,peak_pss_bytes,connections,origin_share,start_s,ready_s,work_phase_s,end_s,"
    "latency_p50_s,latency_p90_s,latency_p99_s,latency_max_s,"
    "work_own_sync,work_own_sync_low,work_own_sync_high,work_py_sync,work_py_sync_low,work_py_sync_high,"
    "whole_own_sync,whole_own_sync_low,whole_own_sync_high,whole_py_sync,whole_py_sync_low,whole_py_sync_high\n";

static void put_text(FILE *out, const char *text)
{
    if (text == NULL)
        return;
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++)
        fputs(*text == '"' ? "\"\"" : (const char[]){*text, '\0'}, out);
    fputc('"', out);
}

static void put_number(FILE *out, double value)
{
    fputc(',', out);
    if (isfinite(value))
        fprintf(out, "%.9g", value);
}

static void put_ratio(FILE *out, const struct ratio *ratio)
{
    put_number(out, ratio->ratio);
    put_number(out, ratio->low);
    put_number(out, ratio->high);
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
        put_text(out, before[i]);
        fputc(',', out);
    }
    fprintf(out, "%lld,%lld,%.9g", (long long)group->jobs, (long long)group->workers, group->ideal);
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        fputc(',', out);
        put_text(out, after[i]);
    }
    free(params);
    return 0;
}

static int put_note(FILE *out, bool verified, const char *note, unsigned marks)
{
    char *names = format_marks(marks);
    if (names == NULL)
        return -ENOMEM;
    fprintf(out, ",%s,", verified ? "true" : "false");
    put_text(out, note);
    fputc(',', out);
    put_text(out, names);
    free(names);
    return 0;
}

static int put_cell(FILE *out, const struct summary_cell *c)
{
    if (put_head(out, c->group, c->cell, "model") != 0 || put_note(out, c->verified, c->note, c->marks) != 0)
        return -ENOMEM;
    const double numbers[] = {
        (double)c->rounds, c->median_s, c->work_s, c->cpu_s,
        c->cell->peak_pss_bytes >= 0 ? (double)c->cell->peak_pss_bytes : NAN, c->connections, c->origin_share,
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_number(out, numbers[i]);
    for (size_t i = 0; i < PHASES; i++)
        put_number(out, c->phase_s[i]);
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        put_number(out, c->latency_s[i]);
    for (size_t t = 0; t < RATIO_TIMES; t++)
        for (size_t b = 0; b < RATIO_BASES; b++)
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
    unsigned marks;
};

static int put_extra(FILE *out, const struct extra_row *row)
{
    static const struct ratio none = {.ratio = NAN, .low = NAN, .high = NAN};
    const bool verified = row->cell != NULL && row->cell->status == CELL_OK;
    if (put_head(out, row->group, row->cell, row->role) != 0 || put_note(out, verified, row->note, row->marks) != 0)
        return -ENOMEM;
    put_number(out, (double)row->ratio->rounds);
    for (size_t i = 0; i < 6 + PHASES + LATENCY_POINTS; i++)
        put_number(out, NAN);
    for (size_t t = 0; t < RATIO_TIMES; t++)
        for (size_t b = 0; b < RATIO_BASES; b++)
            put_ratio(out, t == row->time && b == RATIO_OWN_SYNC ? row->ratio : &none);
    fputc('\n', out);
    return 0;
}

int render_csv(const void *what, FILE *out)
{
    const struct summary *summary = what;
    int code = 0;
    fputs(header, out);
    for (size_t i = 0; i < summary->control_count && code == 0; i++) {
        const struct summary_control *c = &summary->controls[i];
        code = put_extra(out, &(struct extra_row){c->group, c->cell, "control", c->note, &c->ratio, RATIO_WHOLE,
                                                  c->flagged ? MARK_CONTROL_FLAGGED : 0});
    }
    for (size_t i = 0; i < summary->capacity_count && code == 0; i++) {
        const struct summary_capacity *c = &summary->capacities[i];
        code = put_extra(out, &(struct extra_row){c->group, c->cell, "capacity", c->note, &c->ratio, RATIO_WORK, 0});
    }
    for (size_t i = 0; i < summary->cell_count && code == 0; i++)
        code = put_cell(out, &summary->cells[i]);
    return code;
}
