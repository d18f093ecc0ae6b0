/* SPDX-License-Identifier: MIT */
/* The columns of a cell. */
#include "bench/report/document.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/ranking.h"
#include "bench/report/format.h"
#include "bench/util/alloc.h"

struct row {
    const struct summary *summary;
    const struct summary_cell *cell;
};

static const struct summary_cell *cell_of(const void *row) { return ((const struct row *)row)->cell; }

bool cells_wait(const struct plan_group *group) { return strcmp(group->asks, "nothing") != 0; }

static bool is_open(const struct summary_cell *c) { return c->group->rate > 0 && c->rounds > 0; }

/* -- what it is ------------------------------------------------------------------------------------------------------- */

enum name { GROUP, TASK, KIND, RUNTIME, MODEL, START, NOTE, LOOP, ARRIVALS, DOUBT, FINDING, NAMES };
enum made { VARIANT = NAMES, PARAMS, OUTLIERS };

static char *outliers(const struct summary_cell *c)
{
    struct string_list rounds = {NULL, 0};
    for (size_t i = 0; i < c->outlier_count; i++)
        string_list_addf(&rounds, "%ld", (long)c->outliers[i]);
    char *text = string_list_join(&rounds, " ");
    string_list_free(&rounds);
    return text;
}

static void read_name(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = cell_of(row);
    const bool open = c->group->rate > 0;
    const char *const names[NAMES] = {
        [GROUP] = c->group->name,
        [TASK] = c->group->task,
        [KIND] = c->group->kind,
        [RUNTIME] = c->cell->runtime,
        [MODEL] = c->cell->model,
        [START] = c->cell->start_method,
        [NOTE] = c->note,
        [LOOP] = open ? "open" : "closed",
        [ARRIVALS] = open ? c->group->arrivals : NULL,
        [DOUBT] = doubt_name(c->doubt),
        [FINDING] = finding_name(c->finding),
    };
    if (which < NAMES)
        table_set_text(out, names[which]);
    else if (which == VARIANT)
        table_set_variant(out, c->cell->runtime, c->cell->model);
    else
        table_set_made(out, which == PARAMS ? format_params(c->group) : outliers(c));
}

static void read_break_even(const void *row, int which, struct table_value *out)
{
    const struct row *r = row;
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
                            : c->cell->status > CELL_OK        ? cell_word(c->cell)
                                                               : "not run");
}

/* The same for people, who have the interval of the speedup beside it. */
static void read_plain_time(const void *row, int which, struct table_value *out)
{
    read_time(row, which, out);
    out->low = out->high = NAN;
}

/* Where it stands in the place of a ratio. */
static void read_rate(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = cell_of(row);
    (void)which;
    if (!plan_compares(c->group) && !is_open(c))
        table_set_number(out, (double)c->group->jobs / c->work_s);
}

/* `which` of a number that a summary_cell has as it is. */
#define AT(member) ((int)offsetof(struct summary_cell, member))

static void read_number(const void *row, int which, struct table_value *out)
{
    table_read_real(cell_of(row), which, out);
}

static void read_open(const void *row, int which, struct table_value *out)
{
    if (is_open(cell_of(row)))
        read_number(row, which, out);
}

static void read_plan(const void *row, int which, struct table_value *out)
{
    const struct plan_group *group = cell_of(row)->group;
    table_set_number(out, which == 0 ? group->ideal : group->rate > 0 ? group->rate : NAN);
}

enum count { JOBS, WORKERS, ROUNDS, DISTURBED, MEMORY_SAMPLES, VERIFIED, MISSED, KEPT };

static void read_count(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = cell_of(row);
    const long long counts[] = {
        [JOBS] = c->group->jobs,
        [WORKERS] = c->group->workers,
        [ROUNDS] = (long long)c->rounds,
        [DISTURBED] = (long long)c->disturbed_rounds,
        [MEMORY_SAMPLES] = c->cell->memory_looks,
        [VERIFIED] = c->verified && c->doubt != DOUBT_UNCHECKED,
        [MISSED] = is_open(c) ? (long long)c->open_loop.missed : -1,
        [KEPT] = is_open(c) ? !c->open_loop.behind : -1,
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

/* A job's share of what crossed between processes. */
static void read_carried(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = cell_of(row);
    const int64_t bytes = which == 0 ? c->cell->sent_bytes : c->cell->received_bytes;
    table_set_count(out, bytes > 0 ? bytes / c->group->jobs : -1);
}

/* Where more were opened than there are workers to have one. */
static void read_connections(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = cell_of(row);
    (void)which;
    table_set_count(out, c->connections > (double)c->group->workers ? (int64_t)c->connections : -1);
}

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

/* -- speedups --------------------------------------------------------------------------------------------------------- */

const char *cells_sign(enum verdict verdict)
{
    return verdict == VERDICT_FASTER          ? "▲"
           : verdict == VERDICT_SLOWER        ? "▼"
           : verdict == VERDICT_NO_DIFFERENCE ? "="
                                              : " ";
}

void cells_set_ratio(struct table_value *out, const struct ratio *ratio)
{
    if (ratio->state == RATIO_SELF || !ratio_known(ratio)) {
        table_set_text(out, format_ratio_state(ratio->state));
        out->number = ratio->state == RATIO_SELF ? 1 : NAN;
        return;
    }
    table_set_interval(out, ratio->ratio, ratio->low, ratio->high);
    out->sign = cells_sign(ratio->verdict);
    out->doubtful = ratio_level(ratio) == LEVEL_DOUBTFUL;
}

/* What is read of a speedup; `which` of it: the time, behind it the baseline, behind that the part. */
enum part { PART_RATIO, PART_VERDICT, PART_P, PART_P_ADJUSTED, PART_DOUBT, PARTS };
#define OWN(time) (((time)*RATIO_BASES + RATIO_OWN_SYNC) * PARTS)
#define PY(time)  (((time)*RATIO_BASES + RATIO_PY_SYNC) * PARTS)

static void read_speedup(const void *row, int which, struct table_value *out)
{
    const int base = which / PARTS % RATIO_BASES;
    const struct ratio *ratio = &cell_of(row)->speedup[which / PARTS / RATIO_BASES][base];
    switch ((enum part)(which % PARTS)) {
    case PART_RATIO:
        if (ratio->state != RATIO_NO_BASE ||
            (base == RATIO_OWN_SYNC &&
             plan_compares(cell_of(row)->group))) /* a run without py:sync has no column of it */
            cells_set_ratio(out, ratio);
        return;
    case PART_VERDICT:
        table_set_text(out, verdict_name(ratio->verdict));
        return;
    case PART_DOUBT:
        table_set_text(out, ratio_level(ratio) == LEVEL_DOUBTFUL ? doubt_name(ratio->doubt) : NULL);
        return;
    default:
        table_set_number(out, which % PARTS == PART_P ? ratio->p : ratio->p_adjusted);
    }
}

/* -- the table -------------------------------------------------------------------------------------------------------- */

#define SPEEDUP(key, title, which)                                                             \
    {key, title, UNIT_RATIO, true, CELLS_SPEEDUP, read_speedup, which + PART_RATIO},           \
        {key "_verdict", NULL, UNIT_TEXT, false, 0, read_speedup, which + PART_VERDICT},       \
        {key "_p", NULL, UNIT_REAL, false, 0, read_speedup, which + PART_P},                   \
        {key "_p_adjusted", NULL, UNIT_REAL, false, 0, read_speedup, which + PART_P_ADJUSTED}, \
    {                                                                                          \
        key "_doubt", NULL, UNIT_TEXT, false, 0, read_speedup, which + PART_DOUBT              \
    }
#define LATENCY(name, point)                                                      \
    {"latency_" name "_s", NULL, UNIT_SECONDS, true, 0, read_latency, point},     \
    {                                                                             \
        NULL, name, UNIT_SECONDS, false, CELLS_LATENCY, read_plain_latency, point \
    }
#define EITHER (CELLS_SPEEDUP | CELLS_COST)

static const struct table_column columns[] = {
    {NULL, "variant", UNIT_TEXT, false, 0, read_name, VARIANT},
    {"group", "task", UNIT_TEXT, false, CELLS_ALL, read_name, GROUP},
    {"task", NULL, UNIT_TEXT, false, 0, read_name, TASK},
    {"kind", NULL, UNIT_TEXT, false, 0, read_name, KIND},
    {"params", NULL, UNIT_TEXT, false, 0, read_name, PARAMS},
    {"jobs", NULL, UNIT_COUNT, false, 0, read_count, JOBS},
    {"workers", NULL, UNIT_COUNT, false, 0, read_count, WORKERS},
    {"ideal", NULL, UNIT_REAL, false, 0, read_plan, 0},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_name, RUNTIME},
    {"model", NULL, UNIT_TEXT, false, 0, read_name, MODEL},
    {"start_method", NULL, UNIT_TEXT, false, 0, read_name, START},
    {"verified", NULL, UNIT_FLAG, false, 0, read_count, VERIFIED},
    {"note", NULL, UNIT_TEXT, false, 0, read_name, NOTE},
    {"doubt", NULL, UNIT_TEXT, false, 0, read_name, DOUBT},
    {"finding", NULL, UNIT_TEXT, false, 0, read_name, FINDING},
    {"rounds", NULL, UNIT_COUNT, false, 0, read_count, ROUNDS},
    {"median_s", NULL, UNIT_SECONDS, true, 0, read_time, RATIO_WHOLE},
    {NULL, "whole", UNIT_SECONDS, false, EITHER, read_plain_time, RATIO_WHOLE},
    {"work_s", NULL, UNIT_SECONDS, true, 0, read_time, RATIO_WORK},
    {NULL, "work", UNIT_SECONDS, false, EITHER, read_plain_time, RATIO_WORK},
    {NULL, "jobs/s", UNIT_RATE, false, EITHER, read_rate, 0},
    SPEEDUP("work_own_sync", "work / own sync", OWN(RATIO_WORK)),
    SPEEDUP("whole_own_sync", "whole / own sync", OWN(RATIO_WHOLE)),
    {"outliers", NULL, UNIT_TEXT, false, 0, read_name, OUTLIERS},
    {"cpu_s", "CPU", UNIT_SECONDS, false, EITHER, read_number, AT(cpu_s)},
    {"off_cpu_share", "off-CPU", UNIT_SHARE, false, EITHER, read_number, AT(off_cpu_share)},
    {"peak_pss_bytes", "memory", UNIT_BYTES, false, EITHER, read_memory, 0},
    {"sent_bytes", "sent a job", UNIT_BYTES, false, EITHER, read_carried, 0},
    {"received_bytes", "received", UNIT_BYTES, false, EITHER, read_carried, 1},
    {"lock_wait_share", "for a lock", UNIT_SHARE, false, EITHER, read_number, AT(lock_wait_share)},
    {"memory_samples", NULL, UNIT_COUNT, false, 0, read_count, MEMORY_SAMPLES},
    SPEEDUP("work_py_sync", "work / py:sync", PY(RATIO_WORK)),
    SPEEDUP("whole_py_sync", "whole / py:sync", PY(RATIO_WHOLE)),
    {"connections", NULL, UNIT_COUNT, false, 0, read_number, AT(connections)},
    {"origin_share", "origin", UNIT_SHARE, false, EITHER, read_number, AT(origin_share)},
    {"origin_wait_share", NULL, UNIT_SHARE, false, 0, read_number, AT(origin_wait_share)},
    {"service_share", "service", UNIT_SHARE, false, EITHER, read_number, AT(service_share)},
    {"service_wait_share", NULL, UNIT_SHARE, false, 0, read_number, AT(service_wait_share)},
    {"service_peak_bytes", "its memory", UNIT_BYTES, false, EITHER, read_number, AT(service_peak_bytes)},
    {"in_flight_max", NULL, UNIT_COUNT, false, 0, read_number, AT(in_flight_max)},
    {"in_flight_mean", NULL, UNIT_REAL, false, 0, read_number, AT(in_flight_mean)},
    {"cpus_used", NULL, UNIT_REAL, false, 0, read_number, AT(cpus_used)},
    {"disturbed_rounds", NULL, UNIT_COUNT, false, 0, read_count, DISTURBED},
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
    {"connection_wait_share", "for a connection", UNIT_SHARE, false, CELLS_LATENCY, read_number,
     AT(connection_wait_share)},
    {NULL, "connections", UNIT_COUNT, false, CELLS_LATENCY, read_connections, 0},
    {"loop", NULL, UNIT_TEXT, false, 0, read_name, LOOP},
    {"rate", NULL, UNIT_RATE, false, 0, read_plan, 1},
    {"arrivals", NULL, UNIT_TEXT, false, 0, read_name, ARRIVALS},
    {"offered_rate", NULL, UNIT_RATE, false, 0, read_open, AT(open_loop.offered)},
    {"achieved_rate", "done", UNIT_RATE, false, CELLS_LATENCY, read_open, AT(open_loop.achieved)},
    {"late_p50_s", "late p50", UNIT_SECONDS, false, CELLS_LATENCY, read_open, AT(open_loop.late_s[LATENCY_P50])},
    {"late_p90_s", NULL, UNIT_SECONDS, false, 0, read_open, AT(open_loop.late_s[LATENCY_P90])},
    {"late_p99_s", "late p99", UNIT_SECONDS, false, CELLS_LATENCY, read_open, AT(open_loop.late_s[LATENCY_P99])},
    {"late_max_s", NULL, UNIT_SECONDS, false, 0, read_open, AT(open_loop.late_s[LATENCY_MAX])},
    {"drift_s", NULL, UNIT_SECONDS, false, 0, read_open, AT(open_loop.drift_s)},
    {"rounds_rate_missed", NULL, UNIT_COUNT, false, 0, read_count, MISSED},
    {"rate_kept", "rate kept", UNIT_FLAG, false, CELLS_LATENCY, read_count, KEPT},
};

static const char *title_of(const struct plan_group *group, unsigned view)
{
    if (view & CELLS_LATENCY)
        return group == NULL     ? "Latency of the jobs that wait: medians of the rounds' percentiles"
               : group->rate > 0 ? "Latency, open loop: from when a job was to start to its end"
                                 : "Latency, closed loop: from a job's start to its end";
    return view & CELLS_COST
               ? "What it cost"
               : "Speedup over the runtime's own sync (what the model buys) and over py:sync (language and model "
                 "together)";
}

/* A title with the baseline's name in the place of sync's, and the common runtime's in that of py; kept in `names`. */
static const char *named(const char *title, const char *common, const char *baseline, struct string_list *names)
{
    char *text;
    size_t length;
    FILE *out = text_open(&text, &length);
    for (const char *at; (at = strstr(title, "sync")) != NULL; title = at + strlen("sync")) {
        const bool second = at - title >= 3 && strncmp(at - 3, "py:", 3) == 0;
        fprintf(out, "%.*s%s%s%s", (int)(at - title) - 3 * second, title, second ? common : "", second ? ":" : "",
                baseline);
    }
    fputs(title, out);
    text_close(out);
    string_list_add(names, text);
    free(text);
    return names->items[names->count - 1];
}

void cells_write(const struct summary *summary, const struct plan_group *group, unsigned view, struct writer *w)
{
    const char *baseline = group != NULL ? plan_baseline(group) : results_baseline_name(summary->results);
    const char *common = summary->results->common;
    struct row *rows = xcalloc(summary->cell_count, sizeof *rows);
    struct string_list names = {NULL, 0};
    struct table_column own[sizeof columns / sizeof *columns];
    struct table table = {.name = view == 0 ? "cells" : NULL,
                          .title = named(title_of(group, view), common, baseline, &names),
                          .columns = own,
                          .column_count = sizeof columns / sizeof *columns,
                          .rows = rows,
                          .row_size = sizeof *rows,
                          .view = view};
    memcpy(own, columns, sizeof columns);
    for (size_t i = 0; i < table.column_count; i++)
        own[i].title = own[i].title != NULL ? named(own[i].title, common, baseline, &names) : NULL;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *c = &summary->cells[i];
        const bool waits = cells_wait(c->group) && c->verified && c->rounds > 0;
        const bool shown = view == 0 ||
                           (!plan_prices(c->group) && !plan_serves(c->group) && (!(view & CELLS_LATENCY) || waits));
        if (shown && (group == NULL || c->group == group))
            rows[table.row_count++] = (struct row){summary, c};
    }
    write_table(w, &table);
    string_list_free(&names);
    free(rows);
}
