/* SPDX-License-Identifier: MIT */
/* What handing over a job costs, and from which length of job on it pays: two tables and two sentences. */
#include "bench/analysis/ladder.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "bench/report/document.h"
#include "bench/report/findings.h"
#include "bench/report/format.h"
#include "bench/util/alloc.h"

/* For people a rung; for programs one of its costs. */
struct row {
    const struct ladder_rung *rung;
    const struct ladder_cost *cost;
};

enum text { RUNTIME, MODEL, GROUP, TASK, NOTE, VARIANT, PARAMS };

static void read_text(const void *row, int which, struct table_value *out)
{
    const struct row *r = row;
    const struct ladder_rung *rung = r->rung;
    const struct summary_cell *cell = r->cost != NULL ? r->cost->cell : NULL;
    const struct plan_group *group = cell != NULL ? cell->group : rung->group;
    const char *const texts[] = {
        [RUNTIME] = rung->runtime,
        [MODEL] = rung->model,
        [GROUP] = group != NULL ? group->name : NULL,
        [TASK] = group != NULL ? group->task : NULL,
        [NOTE] = cell != NULL         ? cell->note
                 : rung->law.accepted ? NULL
                                      : rung->law.reason,
    };
    if (which == VARIANT)
        table_set_made(out, ladder_name(rung));
    else if (which == PARAMS)
        table_set_made(out, format_params(group));
    else
        table_set_text(out, texts[which]);
}

static void set_interval(struct table_value *out, const struct stats_interval *value)
{
    table_set_interval(out, value->estimate, value->low, value->high);
}

/* -- what it costs ------------------------------------------------------------------------------------------------------- */

static void set_cost(struct table_value *out, const struct ladder_cost *cost)
{
    const struct summary_cell *cell = cost->cell;
    set_interval(out, &cost->job_s);
    if (cell != NULL && (!cell->verified || cell->rounds == 0))
        table_set_text(out, cell->cell->status == CELL_IMPOSSIBLE ? "not here" : cell_status_word(cell->cell->status));
    else if (cell != NULL && isnan(cost->job_s.estimate))
        table_set_text(out, format_ratio_state(RATIO_TOO_SHORT));
    out->doubtful = cell != NULL && cell->doubt != DOUBT_NONE;
}

static void read_column(const void *row, int which, struct table_value *out)
{
    set_cost(out, &((const struct row *)row)->rung->costs[which]);
}

static void read_cost(const void *row, int which, struct table_value *out)
{
    const struct ladder_cost *cost = ((const struct row *)row)->cost;
    if (which == 0)
        set_interval(out, &cost->job_s);
    else
        table_set_count(out, which == 1 ? cost->cell->group->jobs : cost->cell->group->workers);
}

static void write_costs_for_people(const struct ladder *ladder, struct writer *w)
{
    struct table_column *columns = xcalloc(ladder->column_count + 1, sizeof *columns);
    struct string_list titles = {NULL, 0};
    struct row *rows = xcalloc(ladder->count, sizeof *rows);
    struct table table = {.title = "What handing over one job costs: work time over jobs that do nothing",
                          .columns = columns,
                          .column_count = ladder->column_count + 1,
                          .rows = rows,
                          .row_size = sizeof *rows};
    columns[0] = (struct table_column){NULL, "variant", UNIT_TEXT, false, 0, read_text, VARIANT};
    for (size_t i = 0; i < ladder->column_count; i++) {
        char *params = format_params(ladder->columns[i]);
        string_list_add(&titles, *params != '\0' ? params : ladder->columns[i]->task);
        columns[1 + i] = (struct table_column){NULL, titles.items[i], UNIT_SECONDS, false, 0, read_column, (int)i};
        free(params);
    }
    for (size_t i = 0; i < ladder->count; i++) {
        bool any = false;
        for (size_t k = 0; k < ladder->column_count; k++)
            any |= ladder->rungs[i].costs[k].cell != NULL;
        if (any)
            rows[table.row_count++].rung = &ladder->rungs[i];
    }
    write_table(w, &table);
    string_list_free(&titles);
    free(rows);
    free(columns);
}

static const struct table_column cost_columns[] = {
    {"group", NULL, UNIT_TEXT, false, 0, read_text, GROUP},
    {"task", NULL, UNIT_TEXT, false, 0, read_text, TASK},
    {"params", NULL, UNIT_TEXT, false, 0, read_text, PARAMS},
    {"jobs", NULL, UNIT_COUNT, false, 0, read_cost, 1},
    {"workers", NULL, UNIT_COUNT, false, 0, read_cost, 2},
    {"variant", NULL, UNIT_TEXT, false, 0, read_text, VARIANT},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_text, RUNTIME},
    {"model", NULL, UNIT_TEXT, false, 0, read_text, MODEL},
    {"job_s", NULL, UNIT_SECONDS, true, 0, read_cost, 0},
    {"note", NULL, UNIT_TEXT, false, 0, read_text, NOTE},
};

static void write_costs_for_programs(const struct ladder *ladder, struct writer *w)
{
    struct row *rows = xcalloc(ladder->count * ladder->column_count, sizeof *rows);
    struct table table = {.name = "handover",
                          .columns = cost_columns,
                          .column_count = sizeof cost_columns / sizeof *cost_columns,
                          .rows = rows,
                          .row_size = sizeof *rows};
    for (size_t i = 0; i < ladder->count; i++)
        for (size_t k = 0; k < ladder->column_count; k++)
            if (ladder->rungs[i].costs[k].cell != NULL)
                rows[table.row_count++] = (struct row){&ladder->rungs[i], &ladder->rungs[i].costs[k]};
    write_table(w, &table);
    free(rows);
}

/* -- from which length on it pays ---------------------------------------------------------------------------------------- */

#define RUNG(member) ((int)offsetof(struct ladder_rung, member))

static const struct stats_interval *interval_at(const struct ladder_rung *rung, int at)
{
    return (const void *)((const char *)rung + at);
}

static void read_interval(const void *row, int which, struct table_value *out)
{
    set_interval(out, interval_at(((const struct row *)row)->rung, which));
}

static void read_each(const void *row, int which, struct table_value *out)
{
    read_interval(row, which, out);
    if (out->number <= 0 || out->low <= 0)
        table_set_text(out, "none shown");
}

/* What lies outside of the lengths that were measured is no number to people; nor is what only lies between two of them. */
static void set_length(const struct ladder_rung *rung, const struct stats_interval *length, struct table_value *out)
{
    const bool fitted = isfinite(length->estimate);
    const int beyond = fitted ? ladder_beyond(rung, length->estimate) : length->low <= 0 ? -1 : isnan(length->high);
    struct format f, g;
    set_interval(out, length);
    if (isnan(length->low))
        return;
    if (beyond != 0)
        table_set_format(out, "%s %s", beyond < 0 ? "under" : "over",
                         format_time(&f, beyond < 0 ? rung->law.shortest_s : rung->law.longest_s));
    else if (!fitted)
        table_set_format(out, "%s to %s", format_time(&f, length->low), format_time(&g, length->high));
}

static void read_length(const void *row, int which, struct table_value *out)
{
    const struct ladder_rung *rung = ((const struct row *)row)->rung;
    set_length(rung, interval_at(rung, which), out);
}

static void read_number(const void *row, int which, struct table_value *out)
{
    table_read_real(((const struct row *)row)->rung, which, out);
}

static void read_count(const void *row, int which, struct table_value *out)
{
    const struct ladder_rung *rung = ((const struct row *)row)->rung;
    table_set_count(out, which == 0 ? (long long)rung->count : rung->workers);
}

static const struct table_column law_columns[] = {
    {"variant", "variant", UNIT_TEXT, false, 0, read_text, VARIANT},
    {"task", NULL, UNIT_TEXT, false, 0, read_text, TASK},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_text, RUNTIME},
    {"model", NULL, UNIT_TEXT, false, 0, read_text, MODEL},
    {"workers", NULL, UNIT_COUNT, false, 0, read_count, 1},
    {"points", NULL, UNIT_COUNT, false, 0, read_count, 0},
    {"shortest_s", NULL, UNIT_SECONDS, false, 0, read_number, RUNG(law.shortest_s)},
    {"longest_s", NULL, UNIT_SECONDS, false, 0, read_number, RUNG(law.longest_s)},
    {"capacity", NULL, UNIT_REAL, false, 0, read_number, RUNG(capacity)},
    {"each_s", NULL, UNIT_SECONDS, true, 0, read_interval, RUNG(law.each_s)},
    {NULL, "each job costs", UNIT_SECONDS, false, 0, read_each, RUNG(law.each_s)},
    {"even_s", NULL, UNIT_SECONDS, true, 0, read_interval, RUNG(even_s)},
    {NULL, "as fast as sync from", UNIT_SECONDS, false, 0, read_length, RUNG(even_s)},
    {"most_s", NULL, UNIT_SECONDS, true, 0, read_interval, RUNG(most_s)},
    {NULL, "90% from", UNIT_SECONDS, false, 0, read_length, RUNG(most_s)},
    {"rms", "off", UNIT_SHARE, false, 0, read_number, RUNG(law.rms)},
    {"reason", "note", UNIT_TEXT, false, 0, read_text, NOTE},
};

/* Whether there are any. */
static bool write_laws(const struct ladder *ladder, struct writer *w)
{
    struct row *rows = xcalloc(ladder->count, sizeof *rows);
    struct table table = {.name = "ladder",
                          .title = "From which length of job on it pays",
                          .columns = law_columns,
                          .column_count = sizeof law_columns / sizeof *law_columns,
                          .rows = rows,
                          .row_size = sizeof *rows};
    for (size_t i = 0; i < ladder->count; i++)
        if (ladder->rungs[i].count > 0)
            rows[table.row_count++].rung = &ladder->rungs[i];
    write_table(w, &table);
    const bool any = table.row_count > 0;
    free(rows);
    return any;
}

void ladder_write(const struct summary *summary, struct writer *w)
{
    struct ladder ladder;
    ladder_make(&ladder, summary);
    if (ladder.count > 0 && !w->brief)
        write_heading(w, 2, "What handing over a job costs");
    if (w->format->for_programs)
        write_costs_for_programs(&ladder, w);
    else
        write_costs_for_people(&ladder, w);
    if (write_laws(&ladder, w))
        write_paragraph(w, "Fitted over the lengths of job: gain = capacity * t / (t + h), h being what each job of "
                           "length t costs more "
                           "on its worker. \"As fast as sync from\": gain 1, t = h / (capacity - 1); \"90% from\": 90% "
                           "of the capacity, "
                           "t = 9 h. In brackets 95% intervals; \"off\": how far the points lie from the curve.");
    ladder_free(&ladder);
}

/* -- in sentences --------------------------------------------------------------------------------------------------------- */

/* "one job costs 96.0 ns (c:thread-pool) to 1.30 ms (py:celery)", of two rungs, or of one; to be freed. */
static char *range_text(const char *before, const struct ladder_rung *first, const char *low,
                        const struct ladder_rung *last, const char *high)
{
    char *one = ladder_name(first), *other = ladder_name(last);
    char *text = first == last ? text_format("%s %s (%s)", before, low, one)
                               : text_format("%s %s (%s) to %s (%s)", before, low, one, high, other);
    free(other);
    free(one);
    return text;
}

static void say_costs(const struct ladder *ladder, struct string_list *out)
{
    const struct ladder_rung *first = NULL, *last = NULL;
    struct format low, high;
    for (size_t i = 0; ladder->column_count > 0 && i < ladder->count; i++)
        if (isfinite(ladder->rungs[i].costs[0].job_s.estimate)) {
            first = first != NULL ? first : &ladder->rungs[i];
            last = &ladder->rungs[i];
        }
    if (first == NULL)
        return;
    char *text = range_text("one job costs", first, format_time(&low, first->costs[0].job_s.estimate), last,
                            format_time(&high, last->costs[0].job_s.estimate));
    string_list_add(out, text);
    free(text);
}

static const char *length_text(const struct ladder_rung *rung, struct table_value *value, char out[TABLE_VALUE_SIZE])
{
    const struct table_column column = {.unit = UNIT_SECONDS};
    *value = (struct table_value){.number = NAN, .low = NAN, .high = NAN};
    set_length(rung, &rung->most_s, value);
    value->low = NAN;
    return table_text(&column, value, false, out, TABLE_VALUE_SIZE);
}

static void say_lengths(const struct ladder *ladder, struct string_list *out)
{
    const struct ladder_rung *first = NULL, *last = NULL;
    struct table_value value;
    char low[TABLE_VALUE_SIZE], high[TABLE_VALUE_SIZE];
    for (size_t i = 0; i < ladder->count; i++) {
        const struct ladder_rung *r = &ladder->rungs[i];
        if (!r->law.accepted)
            continue;
        first = first == NULL || r->most_s.estimate < first->most_s.estimate ? r : first;
        last = last == NULL || r->most_s.estimate > last->most_s.estimate ? r : last;
    }
    if (first == NULL)
        return;
    char *text = range_text("90% of what is possible is reached by jobs of", first, length_text(first, &value, low),
                            last, length_text(last, &value, high));
    string_list_add(out, text);
    free(text);
}

void ladder_say(const struct ladder *ladder, struct string_list *out)
{
    say_costs(ladder, out);
    say_lengths(ladder, out);
}
