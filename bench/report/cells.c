/* SPDX-License-Identifier: MIT */
/* The columns of a cell. */
#include "bench/report/cells.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/ranking.h"
#include "bench/report/format.h"

static const struct summary_cell *cell_of(const void *row) { return ((const struct cells_row *)row)->cell; }

bool cells_wait(const struct plan_group *group) { return strcmp(group->asks, "nothing") != 0; }

/* -- what it is ------------------------------------------------------------------------------------------------------- */

enum name {
    NAME_GROUP,
    NAME_TASK,
    NAME_KIND,
    NAME_RUNTIME,
    NAME_MODEL,
    NAME_START_METHOD,
    NAME_NOTE,
    NAME_LOOP,
    NAME_ARRIVALS,
    NAME_DOUBT,
    NAME_FINDING
};

static void read_name(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = cell_of(row);
    const bool open = c->group->rate > 0;
    const char *const names[] = {
        [NAME_GROUP] = c->group->name,
        [NAME_TASK] = c->group->task,
        [NAME_KIND] = c->group->kind,
        [NAME_RUNTIME] = c->cell->runtime,
        [NAME_MODEL] = c->cell->model,
        [NAME_START_METHOD] = c->cell->start_method,
        [NAME_NOTE] = c->note,
        [NAME_LOOP] = open ? "open" : "closed",
        [NAME_ARRIVALS] = open ? c->group->arrivals : NULL,
        [NAME_DOUBT] = doubt_name(c->doubt),
        [NAME_FINDING] = finding_name(c->finding),
    };
    table_set_text(out, names[which]);
}

static void read_variant(const void *row, int which, struct table_value *out)
{
    (void)which;
    const struct result_cell *cell = cell_of(row)->cell;
    table_set_format(out, "%.100s:%.100s", cell->runtime, cell->model);
}

void cells_set_params(struct table_value *out, const struct plan_group *group)
{
    const char *key;
    json_t *value;
    size_t at = 0;
    out->text = out->own;
    json_object_foreach((json_t *)group->params, key, value) if (at < sizeof out->own) at += (size_t)snprintf(
        out->own + at, sizeof out->own - at, "%s%s=%s", at > 0 ? " " : "", key, json_string_value(value));
}

static void read_params(const void *row, int which, struct table_value *out)
{
    (void)which;
    cells_set_params(out, cell_of(row)->group);
}

static void read_outliers(const void *row, int which, struct table_value *out)
{
    (void)which;
    const struct summary_cell *c = cell_of(row);
    size_t at = 0;
    out->text = out->own;
    for (size_t i = 0; i < c->outlier_count && at < sizeof out->own; i++)
        at += (size_t)snprintf(out->own + at, sizeof out->own - at, "%s%ld", at > 0 ? " " : "", (long)c->outliers[i]);
}

static void read_break_even(const void *row, int which, struct table_value *out)
{
    const struct cells_row *r = row;
    const struct break_even found = break_even_of(r->summary, r->cell);
    if (which == 0)
        table_set_text(out, break_even_name(found.state));
    else if (found.state == BREAK_EVEN_FROM)
        table_set_count(out, found.jobs);
}

/* -- numbers ---------------------------------------------------------------------------------------------------------- */

static void read_time(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = cell_of(row);
    if (which == RATIO_WORK) {
        table_set_interval(out, c->work_s, c->work_ci_s.low, c->work_ci_s.high);
        return;
    }
    table_set_interval(out, c->median_s, c->median_ci_s.low, c->median_ci_s.high);
    if (!c->verified || c->rounds == 0) /* people read why; what exactly stands in the notes */
        table_set_text(out, c->cell->status == CELL_IMPOSSIBLE ? "not here"
                            : c->cell->status > CELL_OK        ? cell_status_word(c->cell->status)
                                                               : "not run");
}

/* The same for people, who have the interval of the speedup beside it. */
static void read_plain_time(const void *row, int which, struct table_value *out)
{
    read_time(row, which, out);
    out->low = out->high = NAN;
}

/* `which` of a number that a summary_cell has as it is. */
#define AT(member) ((int)offsetof(struct summary_cell, member))

static double number_at(const void *row, int at) { return *(const double *)((const char *)cell_of(row) + at); }

static void read_number(const void *row, int which, struct table_value *out)
{
    table_set_number(out, number_at(row, which));
}

static void read_rate(const void *row, int which, struct table_value *out)
{
    (void)which;
    if (cell_of(row)->group->rate > 0)
        table_set_number(out, cell_of(row)->group->rate);
}

static void read_ideal(const void *row, int which, struct table_value *out)
{
    (void)which;
    table_set_number(out, cell_of(row)->group->ideal);
}

enum count { COUNT_JOBS, COUNT_WORKERS, COUNT_ROUNDS, COUNT_DISTURBED, COUNT_MEMORY_SAMPLES };

static void read_count(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = cell_of(row);
    const long long counts[] = {
        [COUNT_JOBS] = c->group->jobs,
        [COUNT_WORKERS] = c->group->workers,
        [COUNT_ROUNDS] = (long long)c->rounds,
        [COUNT_DISTURBED] = (long long)c->disturbed_rounds,
        [COUNT_MEMORY_SAMPLES] = c->cell->memory_looks,
    };
    table_set_count(out, counts[which]);
}

static void read_memory(const void *row, int which, struct table_value *out)
{
    (void)which;
    const struct summary_cell *c = cell_of(row);
    table_set_count(out, c->cell->peak_pss_bytes);
    out->sign = isfinite(out->number) && summary_memory_is_least(c) ? "≥" : NULL;
}

static void read_verified(const void *row, int which, struct table_value *out)
{
    (void)which;
    table_set_number(out, cell_of(row)->verified ? 1 : 0);
}

/* -- latency ---------------------------------------------------------------------------------------------------------- */

/* Of fewer jobs than this a percentile is the maximum under another name. */
static int64_t jobs_needed(int point) { return point == LATENCY_P90 ? 10 : point == LATENCY_P99 ? 100 : 1; }

static void read_latency(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = cell_of(row);
    table_set_interval(out, c->latency_s[which], c->latency_ci_s[which].low, c->latency_ci_s[which].high);
}

static void read_plain_latency(const void *row, int which, struct table_value *out)
{
    if (cell_of(row)->group->jobs >= jobs_needed(which))
        table_set_number(out, cell_of(row)->latency_s[which]);
}

static bool is_open(const struct summary_cell *c) { return c->group->rate > 0 && c->rounds > 0; }

static void read_open(const void *row, int which, struct table_value *out)
{
    if (is_open(cell_of(row)))
        table_set_number(out, number_at(row, which));
}

static void read_missed(const void *row, int which, struct table_value *out)
{
    (void)which;
    if (is_open(cell_of(row)))
        table_set_number(out, (double)cell_of(row)->open_loop.missed);
}

static void read_kept(const void *row, int which, struct table_value *out)
{
    (void)which;
    if (is_open(cell_of(row)))
        table_set_number(out, cell_of(row)->open_loop.behind ? 0 : 1);
}

/* -- speedups --------------------------------------------------------------------------------------------------------- */

void cells_set_ratio(struct table_value *out, const struct ratio *ratio)
{
    if (ratio->state == RATIO_SELF || !ratio_known(ratio)) {
        table_set_text(out, format_ratio_state(ratio->state));
        out->number = ratio->state == RATIO_SELF ? 1 : NAN;
        return;
    }
    table_set_interval(out, ratio->ratio, ratio->low, ratio->high);
    out->sign = format_verdict(ratio->verdict);
    out->doubtful = ratio_level(ratio) == LEVEL_DOUBTFUL;
}

/* `which` of a speedup: the time, and behind it the baseline. */
#define OWN(time) ((time)*RATIO_BASES + RATIO_OWN_SYNC)
#define PY(time)  ((time)*RATIO_BASES + RATIO_PY_SYNC)

static const struct ratio *ratio_at(const void *row, int which)
{
    return &cell_of(row)->speedup[which / RATIO_BASES][which % RATIO_BASES];
}

static void read_ratio(const void *row, int which, struct table_value *out)
{
    const struct ratio *ratio = ratio_at(row, which);
    if (ratio->state != RATIO_NO_BASE ||
        which % RATIO_BASES == RATIO_OWN_SYNC) /* a run without py:sync has no column of it */
        cells_set_ratio(out, ratio);
}

static void read_verdict(const void *row, int which, struct table_value *out)
{
    table_set_text(out, verdict_name(ratio_at(row, which)->verdict));
}

static void read_p(const void *row, int which, struct table_value *out)
{
    table_set_number(out, ratio_at(row, which)->p);
}

static void read_p_adjusted(const void *row, int which, struct table_value *out)
{
    table_set_number(out, ratio_at(row, which)->p_adjusted);
}

static void read_ratio_doubt(const void *row, int which, struct table_value *out)
{
    const struct ratio *ratio = ratio_at(row, which);
    table_set_text(out, ratio_level(ratio) == LEVEL_DOUBTFUL ? doubt_name(ratio->doubt) : NULL);
}

/* -- the table -------------------------------------------------------------------------------------------------------- */

#define SPEEDUP(key, title, which)                                              \
    {key, title, UNIT_RATIO, true, CELLS_SPEEDUP, read_ratio, which},           \
        {key "_verdict", NULL, UNIT_TEXT, false, 0, read_verdict, which},       \
        {key "_p", NULL, UNIT_REAL, false, 0, read_p, which},                   \
        {key "_p_adjusted", NULL, UNIT_REAL, false, 0, read_p_adjusted, which}, \
    {                                                                           \
        key "_doubt", NULL, UNIT_TEXT, false, 0, read_ratio_doubt, which        \
    }
#define LATENCY(name, point)                                                      \
    {"latency_" name "_s", NULL, UNIT_SECONDS, true, 0, read_latency, point},     \
    {                                                                             \
        NULL, name, UNIT_SECONDS, false, CELLS_LATENCY, read_plain_latency, point \
    }
#define EITHER (CELLS_SPEEDUP | CELLS_COST)

static const struct table_column columns[] = {
    {NULL, "variant", UNIT_TEXT, false, 0, read_variant, 0},
    {"group", "task", UNIT_TEXT, false, CELLS_ALL, read_name, NAME_GROUP},
    {"task", NULL, UNIT_TEXT, false, 0, read_name, NAME_TASK},
    {"kind", NULL, UNIT_TEXT, false, 0, read_name, NAME_KIND},
    {"params", NULL, UNIT_TEXT, false, 0, read_params, 0},
    {"jobs", NULL, UNIT_COUNT, false, 0, read_count, COUNT_JOBS},
    {"workers", NULL, UNIT_COUNT, false, 0, read_count, COUNT_WORKERS},
    {"ideal", NULL, UNIT_REAL, false, 0, read_ideal, 0},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_name, NAME_RUNTIME},
    {"model", NULL, UNIT_TEXT, false, 0, read_name, NAME_MODEL},
    {"start_method", NULL, UNIT_TEXT, false, 0, read_name, NAME_START_METHOD},
    {"verified", NULL, UNIT_FLAG, false, 0, read_verified, 0},
    {"note", NULL, UNIT_TEXT, false, 0, read_name, NAME_NOTE},
    {"doubt", NULL, UNIT_TEXT, false, 0, read_name, NAME_DOUBT},
    {"finding", NULL, UNIT_TEXT, false, 0, read_name, NAME_FINDING},
    {"rounds", NULL, UNIT_COUNT, false, 0, read_count, COUNT_ROUNDS},
    {"median_s", NULL, UNIT_SECONDS, true, 0, read_time, RATIO_WHOLE},
    {NULL, "whole", UNIT_SECONDS, false, EITHER, read_plain_time, RATIO_WHOLE},
    {"work_s", NULL, UNIT_SECONDS, true, 0, read_time, RATIO_WORK},
    {NULL, "work", UNIT_SECONDS, false, EITHER, read_plain_time, RATIO_WORK},
    SPEEDUP("work_own_sync", "work / own sync", OWN(RATIO_WORK)),
    SPEEDUP("whole_own_sync", "whole / own sync", OWN(RATIO_WHOLE)),
    {"outliers", NULL, UNIT_TEXT, false, 0, read_outliers, 0},
    {"cpu_s", "CPU", UNIT_SECONDS, false, EITHER, read_number, AT(cpu_s)},
    {"off_cpu_share", "off-CPU", UNIT_SHARE, false, EITHER, read_number, AT(off_cpu_share)},
    {"peak_pss_bytes", "memory", UNIT_BYTES, false, EITHER, read_memory, 0},
    {"memory_samples", NULL, UNIT_COUNT, false, 0, read_count, COUNT_MEMORY_SAMPLES},
    SPEEDUP("work_py_sync", "work / " SUMMARY_BASELINE_RUNTIME ":sync", PY(RATIO_WORK)),
    SPEEDUP("whole_py_sync", "whole / " SUMMARY_BASELINE_RUNTIME ":sync", PY(RATIO_WHOLE)),
    {"connections", NULL, UNIT_COUNT, false, 0, read_number, AT(connections)},
    {"origin_share", "origin", UNIT_SHARE, false, EITHER, read_number, AT(origin_share)},
    {"origin_wait_share", NULL, UNIT_SHARE, false, 0, read_number, AT(origin_wait_share)},
    {"in_flight_max", NULL, UNIT_COUNT, false, 0, read_number, AT(in_flight_max)},
    {"in_flight_mean", NULL, UNIT_REAL, false, 0, read_number, AT(in_flight_mean)},
    {"cpus_used", NULL, UNIT_REAL, false, 0, read_number, AT(cpus_used)},
    {"disturbed_rounds", NULL, UNIT_COUNT, false, 0, read_count, COUNT_DISTURBED},
    {"break_even", NULL, UNIT_TEXT, false, 0, read_break_even, 0},
    {"break_even_jobs", NULL, UNIT_COUNT, false, 0, read_break_even, 1},
    {"start_s", NULL, UNIT_SECONDS, false, 0, read_number, AT(phase_s[PHASE_START])},
    {"ready_s", NULL, UNIT_SECONDS, false, 0, read_number, AT(phase_s[PHASE_READY])},
    {"work_phase_s", NULL, UNIT_SECONDS, false, 0, read_number, AT(phase_s[PHASE_WORK])},
    {"end_s", NULL, UNIT_SECONDS, false, 0, read_number, AT(phase_s[PHASE_END])},
    LATENCY("p50", LATENCY_P50),
    LATENCY("p90", LATENCY_P90),
    LATENCY("p99", LATENCY_P99),
    LATENCY("max", LATENCY_MAX),
    {"loop", NULL, UNIT_TEXT, false, 0, read_name, NAME_LOOP},
    {"rate", NULL, UNIT_RATE, false, 0, read_rate, 0},
    {"arrivals", NULL, UNIT_TEXT, false, 0, read_name, NAME_ARRIVALS},
    {"offered_rate", NULL, UNIT_RATE, false, 0, read_open, AT(open_loop.offered)},
    {"achieved_rate", "done", UNIT_RATE, false, CELLS_LATENCY, read_open, AT(open_loop.achieved)},
    {"late_p50_s", "late p50", UNIT_SECONDS, false, CELLS_LATENCY, read_open, AT(open_loop.late_s[LATENCY_P50])},
    {"late_p90_s", NULL, UNIT_SECONDS, false, 0, read_open, AT(open_loop.late_s[LATENCY_P90])},
    {"late_p99_s", "late p99", UNIT_SECONDS, false, CELLS_LATENCY, read_open, AT(open_loop.late_s[LATENCY_P99])},
    {"late_max_s", NULL, UNIT_SECONDS, false, 0, read_open, AT(open_loop.late_s[LATENCY_MAX])},
    {"drift_s", NULL, UNIT_SECONDS, false, 0, read_open, AT(open_loop.drift_s)},
    {"rounds_rate_missed", NULL, UNIT_COUNT, false, 0, read_missed, 0},
    {"rate_kept", "rate kept", UNIT_FLAG, false, CELLS_LATENCY, read_kept, 0},
};

int cells_make(struct cells *cells, const struct summary *summary, const struct plan_group *group, unsigned view)
{
    const size_t size = summary->cell_count + 1; /* one more, so that none is no failed allocation */
    *cells = (struct cells){.rows = calloc(size, sizeof *cells->rows)};
    if (cells->rows == NULL)
        return -ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *c = &summary->cells[i];
        const bool waits = cells_wait(c->group) && c->verified && c->rounds > 0;
        const bool shown = view == 0 || (plan_compares(c->group) && (!(view & CELLS_LATENCY) || waits));
        if (shown && (group == NULL || c->group == group))
            cells->rows[count++] = (struct cells_row){summary, c};
    }
    cells->table = (struct table){.name = view == 0 ? "cells" : NULL,
                                  .columns = columns,
                                  .column_count = sizeof columns / sizeof *columns,
                                  .rows = cells->rows,
                                  .row_size = sizeof *cells->rows,
                                  .row_count = count,
                                  .view = view};
    return 0;
}

void cells_free(struct cells *cells)
{
    free(cells->rows);
    *cells = (struct cells){.rows = NULL};
}
