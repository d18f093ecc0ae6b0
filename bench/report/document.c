/* SPDX-License-Identifier: MIT */
/* The report, content only: the writers lay it out. */
#include "bench/report/document.h"

#include <math.h>
#include <stdlib.h>

#include "bench/analysis/ranking.h"
#include "bench/report/cells.h"
#include "bench/report/format.h"
#include "bench/report/warnings.h"
#include "bench/util/alloc.h"

/* -- checks: controls, and capacities without what only controls have --------------------------------------------------- */

static bool is_capacity(const struct summary_check *c) { return c->cell == NULL || c->cell->role == ROLE_CAPACITY; }

static void read_check_name(const void *row, int which, struct table_value *out)
{
    const struct summary_check *c = row;
    (void)which;
    if (c->cell == NULL)
        table_set_text(out, "capacity");
    else if (is_capacity(c))
        table_set_format(out, "capacity %lld x %.60s:sync", (long long)c->cell->copies, c->cell->runtime);
    else
        table_set_format(out, "A/A control %.60s:sync%s", c->cell->runtime, c->group->rate > 0 ? " p50" : "");
}

enum check_text { CHECK_GROUP, CHECK_KIND, CHECK_RUNTIME, CHECK_OF, CHECK_SAID };

static void read_check_text(const void *row, int which, struct table_value *out)
{
    const struct summary_check *c = row;
    const bool capacity = is_capacity(c);
    const char *const texts[] = {
        [CHECK_GROUP] = c->group->name,
        [CHECK_KIND] = capacity ? "capacity" : "control",
        [CHECK_RUNTIME] = c->cell != NULL ? c->cell->runtime : NULL,
        [CHECK_OF] = capacity             ? "work"
                     : c->group->rate > 0 ? "latency_p50"
                                          : "whole",
        [CHECK_SAID] = c->flagged ? "missed 1" : c->note,
    };
    table_set_text(out, texts[which]);
}

enum check_number { CHECK_ROUNDS, CHECK_COPIES, CHECK_FLAGGED };

static void read_check_number(const void *row, int which, struct table_value *out)
{
    const struct summary_check *c = row;
    const bool capacity = is_capacity(c);
    const double numbers[] = {
        [CHECK_ROUNDS] = (double)c->ratio.rounds,
        [CHECK_COPIES] = capacity && c->cell != NULL ? (double)c->cell->copies : NAN,
        [CHECK_FLAGGED] = capacity ? NAN : c->flagged,
    };
    table_set_number(out, numbers[which]);
}

static void read_check_ratio(const void *row, int confidence, struct table_value *out)
{
    const struct summary_check *c = row;
    struct format f;
    if (confidence == 99)
        table_set_format(out, "%s", isfinite(c->low99) ? format_interval(&f, c->low99, c->high99) : "");
    else if (ratio_known(&c->ratio))
        table_set_interval(out, c->ratio.ratio, c->ratio.low, c->ratio.high);
    else
        table_set_text(out, c->note != NULL ? "-" : format_ratio_state(c->ratio.state));
}

#define AT(member) ((int)offsetof(struct summary_check, member))
static const struct table_column check_columns[] = {
    {NULL, "check", UNIT_TEXT, false, 0, read_check_name, 0},
    {"group", "task", UNIT_TEXT, false, CELLS_ALL, read_check_text, CHECK_GROUP},
    {"check", NULL, UNIT_TEXT, false, 0, read_check_text, CHECK_KIND},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_check_text, CHECK_RUNTIME},
    {"of", NULL, UNIT_TEXT, false, 0, read_check_text, CHECK_OF},
    {"copies", NULL, UNIT_COUNT, false, 0, read_check_number, CHECK_COPIES},
    {"ratio", "ratio, 95%", UNIT_RATIO, true, 0, read_check_ratio, 95},
    {NULL, "99%", UNIT_TEXT, false, 0, read_check_ratio, 99},
    {"low99", NULL, UNIT_REAL, false, 0, table_read_real, AT(low99)},
    {"high99", NULL, UNIT_REAL, false, 0, table_read_real, AT(high99)},
    {"rounds", NULL, UNIT_COUNT, false, 0, read_check_number, CHECK_ROUNDS},
    {"flagged", NULL, UNIT_FLAG, false, 0, read_check_number, CHECK_FLAGGED},
    {"note", NULL, UNIT_TEXT, false, 0, table_read_text, AT(note)},
    {NULL, "note", UNIT_TEXT, false, 0, read_check_text, CHECK_SAID},
};

void document_write_checks(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    struct summary_check *rows = xcalloc(summary->control_count + summary->capacity_count, sizeof *rows);
    struct table table = {.name = "checks",
                          .columns = check_columns,
                          .column_count = sizeof check_columns / sizeof *check_columns,
                          .rows = rows,
                          .row_size = sizeof *rows,
                          .view = group == NULL ? CELLS_ALL : CELLS_SPEEDUP};
    for (size_t i = 0; i < summary->control_count; i++)
        if (group == NULL || summary->controls[i].group == group)
            rows[table.row_count++] = summary->controls[i];
    for (size_t i = 0; i < summary->capacity_count; i++)
        if (group == NULL || summary->capacities[i].group == group)
            rows[table.row_count++] = summary->capacities[i];
    write_table(w, &table);
    free(rows);
}

/* -- a group ---------------------------------------------------------------------------------------------------------- */

void document_write_group_heading(const struct plan_group *group, struct writer *w)
{
    char *text = format_group(group);
    write_heading(w, 2, text);
    free(text);
}

/* "c:threads from 3 jobs, py:threads never" of the variants that have one. */
static void write_break_even(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    struct string_list found = {NULL, 0};
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *c = &summary->cells[i];
        const struct break_even b = c->group == group ? break_even_of(summary, c) : (struct break_even){.jobs = 0};
        if (b.state == BREAK_EVEN_FROM)
            string_list_addf(&found, "%s:%s from %lld job%s", c->cell->runtime, c->cell->model, (long long)b.jobs,
                             b.jobs == 1 ? "" : "s");
        else if (b.state == BREAK_EVEN_NEVER)
            string_list_addf(&found, "%s:%s never", c->cell->runtime, c->cell->model);
    }
    char *all = format_names(&found, found.count);
    if (*all != '\0')
        write_item(w, "pays", all);
    free(all);
}

/* What variants do, from how many jobs on they pay, and why numbers are doubtful. */
static void write_notes(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    struct string_list found = {NULL, 0}, notes = {NULL, 0};
    findings_of_variants(&found, summary, group);
    notes_make(&notes, summary, group);
    for (size_t i = 0; i < found.count; i++)
        write_item(w, "found", found.items[i]);
    write_break_even(summary, group, w);
    for (size_t i = 0; i < notes.count; i++)
        write_item(w, "?", notes.items[i]);
    string_list_free(&found);
    string_list_free(&notes);
}

static void write_group(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    const bool open = group->rate > 0;
    document_write_group_heading(group, w);
    document_write_checks(summary, group, w);
    if (open)
        cells_write(summary, group, CELLS_LATENCY, w);
    cells_write(summary, group, open ? CELLS_COST : CELLS_SPEEDUP, w);
    if (!open && cells_wait(group))
        cells_write(summary, group, CELLS_LATENCY, w);
    write_notes(summary, group, w);
}

/* -- the whole -------------------------------------------------------------------------------------------------------- */

void document_write_legend(struct writer *w)
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
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        write_item(w, lines[i][0], lines[i][1]);
}

static void write_warnings(const struct summary *summary, struct writer *w)
{
    struct warnings warnings;
    warnings_make(&warnings, summary);
    if (warnings.count > 0)
        write_heading(w, 3, "What was wrong with this run");
    for (size_t i = 0; i < warnings.count; i++)
        write_item(w, warning_title(warnings.items[i].kind), warnings.items[i].text);
    warnings_free(&warnings);
}

void document_write(const struct summary *summary, struct writer *w)
{
    const struct results *r = summary->results;
    head_write(summary, w);
    if (w->format->for_programs) {
        cells_write(summary, NULL, 0, w);
        document_write_checks(summary, NULL, w);
    } else {
        write_warnings(summary, w);
        for (size_t g = 0; g < r->group_count; g++)
            if (plan_compares(&r->groups[g]))
                write_group(summary, &r->groups[g], w);
    }
    document_write_scaling(summary, w);
    marginal_cost_write(summary, w);
    if (!w->format->for_programs && results_compare(r)) {
        write_heading(w, 2, "How to read it");
        document_write_legend(w);
    }
    write_end(w);
}
