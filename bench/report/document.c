/* SPDX-License-Identifier: MIT */
/* The report, content only: the writers lay it out. */
#include "bench/report/document.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/ranking.h"
#include "bench/report/cells.h"
#include "bench/report/findings.h"
#include "bench/report/format.h"
#include "bench/report/machine_line.h"
#include "bench/report/rounds.h"
#include "bench/report/warnings.h"

/* -- the head --------------------------------------------------------------------------------------------------------- */

static int write_title(const struct summary *summary, struct writer *w)
{
    const struct results *r = summary->results;
    const char *url = json_string_value(json_object_get(r->plan, "url"));
    struct string_list phrases = {NULL, 0};
    char rounds[240];
    rounds_text(r, rounds, sizeof rounds);
    char *title = text_format("%s: %s, seed %lld, %s", r->suite, rounds, (long long)r->seed, r->created);
    int rc = title == NULL ? -ENOMEM : url == NULL ? 0 : string_list_addf(&phrases, "asking %s", url);
    if (rc == 0)
        rc = machine_line(r->machine, &phrases);
    char *line = rc == 0 && phrases.count > 0 ? string_list_join(&phrases, " · ") : NULL;
    if (rc == 0)
        write_heading(w, 1, title);
    if (line != NULL)
        write_paragraph(w, line);
    free(line);
    free(title);
    string_list_free(&phrases);
    return rc;
}

static int write_warnings(const struct summary *summary, struct writer *w)
{
    struct warnings warnings;
    if (warnings_make(&warnings, summary) != 0)
        return -ENOMEM;
    if (warnings.count > 0)
        write_heading(w, 3, "What was wrong with this run");
    for (size_t i = 0; i < warnings.count; i++)
        write_item(w, warning_title(warnings.items[i].kind), warnings.items[i].text);
    warnings_free(&warnings);
    return 0;
}

/* -- checks: controls and capacities ---------------------------------------------------------------------------------- */

/* One of the two. */
struct check {
    const struct summary_control *control;
    const struct summary_capacity *capacity;
};

static const struct result_cell *check_cell(const struct check *c)
{
    return c->control != NULL ? c->control->cell : c->capacity->cell;
}

enum check_text { CHECK_NAME, CHECK_GROUP, CHECK_KIND, CHECK_RUNTIME, CHECK_OF, CHECK_NOTE, CHECK_SAID };

static void read_check_text(const void *row, int which, struct table_value *out)
{
    const struct check *c = row;
    const struct result_cell *cell = check_cell(c);
    const struct plan_group *group = c->control != NULL ? c->control->group : c->capacity->group;
    const char *of = c->control != NULL && group->rate > 0 ? "latency_p50" : c->control != NULL ? "whole" : "work";
    const char *note = c->control != NULL ? c->control->note : c->capacity->note;
    const char *const texts[] = {
        [CHECK_NAME] = NULL,
        [CHECK_GROUP] = group->name,
        [CHECK_KIND] = c->control != NULL ? "control" : "capacity",
        [CHECK_RUNTIME] = cell != NULL ? cell->runtime : NULL,
        [CHECK_OF] = of,
        [CHECK_NOTE] = note,
        [CHECK_SAID] = c->control != NULL && c->control->flagged ? "missed 1" : note,
    };
    if (which != CHECK_NAME)
        table_set_text(out, texts[which]);
    else if (cell == NULL)
        table_set_text(out, "capacity");
    else if (c->control != NULL)
        table_set_format(out, "A/A control %.60s:sync%s", cell->runtime, group->rate > 0 ? " p50" : "");
    else
        table_set_format(out, "capacity %lld x %.60s:sync", (long long)cell->copies, cell->runtime);
}

enum check_number { CHECK_RATIO, CHECK_99, CHECK_ROUNDS, CHECK_COPIES, CHECK_LOW_99, CHECK_HIGH_99, CHECK_FLAGGED };

static void read_check_number(const void *row, int which, struct table_value *out)
{
    const struct check *c = row;
    const struct ratio *ratio = c->control != NULL ? &c->control->ratio : &c->capacity->ratio;
    const char *note = c->control != NULL ? c->control->note : c->capacity->note;
    const double low = c->control != NULL ? c->control->low99 : NAN,
                 high = c->control != NULL ? c->control->high99 : NAN;
    const double numbers[] = {
        [CHECK_ROUNDS] = (double)ratio->rounds,
        [CHECK_COPIES] = c->capacity != NULL && c->capacity->cell != NULL ? (double)c->capacity->cell->copies : NAN,
        [CHECK_LOW_99] = low,
        [CHECK_HIGH_99] = high,
        [CHECK_FLAGGED] = c->control != NULL ? c->control->flagged : NAN,
    };
    struct format f;
    if (which == CHECK_99 && isfinite(low))
        table_set_format(out, "%s", format_interval(&f, low, high));
    else if (which == CHECK_RATIO && ratio_known(ratio))
        table_set_interval(out, ratio->ratio, ratio->low, ratio->high);
    else if (which == CHECK_RATIO)
        table_set_text(out, note != NULL ? "-" : format_ratio_state(ratio->state));
    else if (which != CHECK_99)
        table_set_number(out, numbers[which]);
}

static const struct table_column check_columns[] = {
    {NULL, "check", UNIT_TEXT, false, 0, read_check_text, CHECK_NAME},
    {"group", "task", UNIT_TEXT, false, CELLS_ALL, read_check_text, CHECK_GROUP},
    {"check", NULL, UNIT_TEXT, false, 0, read_check_text, CHECK_KIND},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_check_text, CHECK_RUNTIME},
    {"of", NULL, UNIT_TEXT, false, 0, read_check_text, CHECK_OF},
    {"copies", NULL, UNIT_COUNT, false, 0, read_check_number, CHECK_COPIES},
    {"ratio", "ratio, 95%", UNIT_RATIO, true, 0, read_check_number, CHECK_RATIO},
    {NULL, "99%", UNIT_TEXT, false, 0, read_check_number, CHECK_99},
    {"low99", NULL, UNIT_REAL, false, 0, read_check_number, CHECK_LOW_99},
    {"high99", NULL, UNIT_REAL, false, 0, read_check_number, CHECK_HIGH_99},
    {"rounds", NULL, UNIT_COUNT, false, 0, read_check_number, CHECK_ROUNDS},
    {"flagged", NULL, UNIT_FLAG, false, 0, read_check_number, CHECK_FLAGGED},
    {"note", NULL, UNIT_TEXT, false, 0, read_check_text, CHECK_NOTE},
    {NULL, "note", UNIT_TEXT, false, 0, read_check_text, CHECK_SAID},
};

int document_write_checks(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    struct check *rows = calloc(summary->control_count + summary->capacity_count + 1, sizeof *rows);
    struct table table = {.name = "checks",
                          .columns = check_columns,
                          .column_count = sizeof check_columns / sizeof *check_columns,
                          .rows = rows,
                          .row_size = sizeof *rows,
                          .view = group == NULL ? CELLS_ALL : CELLS_SPEEDUP};
    if (rows == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < summary->control_count; i++)
        if (group == NULL || summary->controls[i].group == group)
            rows[table.row_count++].control = &summary->controls[i];
    for (size_t i = 0; i < summary->capacity_count; i++)
        if (group == NULL || summary->capacities[i].group == group)
            rows[table.row_count++].capacity = &summary->capacities[i];
    write_table(w, &table);
    free(rows);
    return 0;
}

/* -- a group ---------------------------------------------------------------------------------------------------------- */

int document_write_group_heading(const struct plan_group *group, struct writer *w)
{
    char *params = format_params(group), *shape = format_shape(group), *heading = NULL;
    const bool named = strcmp(group->name, group->task) != 0;
    if (params != NULL && shape != NULL)
        heading = text_format("%s%s%s · %s%s%s · %s", group->name, named ? " · task " : "", named ? group->task : "",
                              group->kind, *params != '\0' ? " · " : "", params, shape);
    if (heading != NULL)
        write_heading(w, 2, heading);
    const int rc = heading == NULL ? -ENOMEM : 0;
    free(heading);
    free(shape);
    free(params);
    return rc;
}

static int write_cells(const struct summary *summary, const struct plan_group *group, unsigned view, const char *title,
                       struct writer *w)
{
    struct cells cells;
    const int rc = cells_make(&cells, summary, group, view);
    if (rc != 0)
        return rc;
    cells.table.title = title;
    write_table(w, &cells.table);
    cells_free(&cells);
    return 0;
}

/* "c:threads from 3 jobs, py:threads never" of the variants that have one. */
static int write_break_even(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    struct string_list found = {NULL, 0};
    int rc = 0;
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++) {
        const struct summary_cell *c = &summary->cells[i];
        const struct break_even b = c->group == group ? break_even_of(summary, c) : (struct break_even){.jobs = 0};
        if (b.state == BREAK_EVEN_FROM)
            rc = string_list_addf(&found, "%s:%s from %lld job%s", c->cell->runtime, c->cell->model, (long long)b.jobs,
                                  b.jobs == 1 ? "" : "s");
        else if (b.state == BREAK_EVEN_NEVER)
            rc = string_list_addf(&found, "%s:%s never", c->cell->runtime, c->cell->model);
    }
    struct string_list all = {NULL, 0};
    rc = format_add_names(&all, rc, &found, SIZE_MAX, ", ", "", "");
    if (all.count > 0)
        write_item(w, "pays", all.items[0]);
    string_list_free(&all);
    return rc;
}

/* What variants do, from how many jobs on they pay, and why numbers are doubtful. */
static int write_notes(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    struct string_list found = {NULL, 0}, notes = {NULL, 0};
    int rc = findings_of_variants(&found, summary, group);
    if (rc == 0)
        rc = notes_make(&notes, summary, group);
    for (size_t i = 0; i < found.count; i++)
        write_item(w, "found", found.items[i]);
    if (rc == 0)
        rc = write_break_even(summary, group, w);
    for (size_t i = 0; i < notes.count; i++)
        write_item(w, "?", notes.items[i]);
    string_list_free(&found);
    string_list_free(&notes);
    return rc;
}

static int write_group(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    const bool open = group->rate > 0;
    int rc = document_write_group_heading(group, w);
    if (rc == 0)
        rc = document_write_checks(summary, group, w);
    if (rc == 0 && open)
        rc = write_cells(summary, group, CELLS_LATENCY, "Latency, open loop: from when a job was to start to its end",
                         w);
    if (rc == 0)
        rc = open ? write_cells(summary, group, CELLS_COST, "What it cost", w)
                  : write_cells(
                        summary, group, CELLS_SPEEDUP,
                        "Speedup over the runtime's own sync (what the model buys) and over " SUMMARY_BASELINE_RUNTIME
                        ":sync (language and model together)",
                        w);
    if (rc == 0 && !open && cells_wait(group))
        rc = write_cells(summary, group, CELLS_LATENCY, "Latency, closed loop: from a job's start to its end", w);
    return rc != 0 ? rc : write_notes(summary, group, w);
}

/* -- the whole -------------------------------------------------------------------------------------------------------- */

const char *const (*document_legend(void))[2]
{
    static const char *const lines[][2] = {
        {"whole",
         "the command from start to exit, as hyperfine times it; work: from when all workers are up and warm to "
         "the end of the last job; CPU: user and system, with children. Medians of the rounds."},
        {"speedup", "baseline / variant, above 1 is faster: the pseudo-median of the paired rounds with its exact 95% "
                    "signed-rank interval."},
        {"▲ ▼ =",
         "faster, slower: the interval clears 1 by the margin, and the p-value, adjusted by Holm over the column, "
         "is below 5%; = no difference shown. A number with a ? is doubtful: its reason stands below the table."},
        {"checks",
         "an A/A control is the same command twice a round and must hold 1; the capacity is what copies of sync "
         "gain at once: what this machine can do in parallel on this work."},
        {"memory",
         "the most that all processes of the command had together (PSS), in a run of its own; ≥ where the work "
         "was over before it could be read."},
        {"latency",
         "medians of the rounds' percentiles. Closed loop: a worker that waits asks for nothing meanwhile, so "
         "that a stall costs only the few jobs it meets. Open loop: jobs arrive at their rate whatever happens."},
        {NULL, NULL},
    };
    return lines;
}

static int write_for_people(const struct summary *summary, struct writer *w)
{
    int rc = write_title(summary, w);
    if (rc == 0)
        rc = write_warnings(summary, w);
    for (size_t g = 0; g < summary->results->group_count && rc == 0; g++)
        if (plan_compares(&summary->results->groups[g]))
            rc = write_group(summary, &summary->results->groups[g], w);
    if (rc == 0)
        rc = document_write_scaling(summary, w);
    if (rc == 0)
        rc = document_write_marginal_cost(summary, w);
    if (rc == 0 && results_compare(summary->results)) {
        write_heading(w, 2, "How to read it");
        for (const char *const(*line)[2] = document_legend(); (*line)[0] != NULL; line++)
            write_item(w, (*line)[0], (*line)[1]);
    }
    return rc;
}

static void write_facts(const struct summary *summary, struct writer *w)
{
    const struct results *r = summary->results;
    write_fact(w, "summary", json_integer(2));
    write_fact(w, "suite", json_string(r->suite));
    write_fact(w, "created", json_string(r->created));
    write_fact(w, "seed", json_integer((json_int_t)r->seed));
    write_fact(w, "rounds", json_integer((json_int_t)r->rounds));
    write_fact(w, "margin", json_real(r->margin));
    write_fact(w, "interrupted", json_boolean(summary->interrupted));
    write_fact(w, "asked", rounds_asked_json(r));
    write_fact(w, "stopping", rounds_stopping_json(summary));
    write_fact(w, "forced", events_forced(&r->events));
    write_fact(w, "concurrent_runs", events_neighbours(&r->events));
    write_fact(w, "machine", json_incref(r->machine));
    write_fact(w, "groups", json_incref(json_object_get(r->plan, "groups")));
}

static int write_for_programs(const struct summary *summary, struct writer *w)
{
    write_facts(summary, w);
    int rc = write_cells(summary, NULL, 0, NULL, w);
    if (rc == 0)
        rc = document_write_checks(summary, NULL, w);
    if (rc == 0)
        rc = document_write_scaling(summary, w);
    return rc != 0 ? rc : document_write_marginal_cost(summary, w);
}

int document_write(const struct summary *summary, struct writer *w)
{
    const int rc = w->format->for_programs ? write_for_programs(summary, w) : write_for_people(summary, w);
    const int ended = write_end(w);
    return rc != 0 ? rc : ended;
}
