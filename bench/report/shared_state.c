/* SPDX-License-Identifier: MIT */
/*
 * Work that changes something in common: how fast each variant is, what it lost by that, and how fast the same is where nothing
 * guards what is changed. All of it in one table, as a guard is a parameter of the task and so each has a group of its own.
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/format.h"
#include "bench/util/alloc.h"

struct row {
    const struct summary_cell *cell;
    const char *guard;
    double
        unguarded_rate; /* changes a second of the same variant where nothing guards them; NaN: that was not measured */
};

enum name { GROUP, TASK, GUARD, RUNTIME, MODEL, VARIANT, VERDICT, FINDING };

static void read_name(const void *row, int which, struct table_value *out)
{
    static const char *const verdicts[] = {
        [AUDIT_NONE] = NULL, [AUDIT_SOUND] = "sound", [AUDIT_UNPROVEN] = "unproven", [AUDIT_LOST] = "lost"};
    const struct row *r = row;
    const char *const texts[] = {
        [GROUP] = r->cell->group->name,       [TASK] = r->cell->group->task,           [GUARD] = r->guard,
        [RUNTIME] = r->cell->cell->runtime,   [MODEL] = r->cell->cell->model,          [VARIANT] = NULL,
        [VERDICT] = verdicts[r->cell->audit], [FINDING] = r->cell->cell->audit.finding};
    if (which == VARIANT)
        table_set_variant(out, r->cell->cell->runtime, r->cell->cell->model);
    else
        table_set_text(out, texts[which]);
}

static void read_rate(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = ((const struct row *)row)->cell;
    (void)which;
    table_set_interval(out, c->change_rate, c->change_rate_ci.low, c->change_rate_ci.high);
}

/* The same for people: "12.3M [12.1M, 12.6M]". */
static void read_plain_rate(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = ((const struct row *)row)->cell;
    const double rates[] = {c->change_rate, c->change_rate_ci.low, c->change_rate_ci.high};
    char texts[3][TEXT_NUMBER_SIZE];
    (void)which;
    for (size_t i = 0; i < 3; i++)
        if (!(rates[i] >= 1e6))
            snprintf(texts[i], sizeof texts[i], "%.0f", rates[i]);
        else
            snprintf(texts[i], sizeof texts[i],
                     rates[i] < 1e7   ? "%.2fM"
                     : rates[i] < 1e8 ? "%.1fM"
                                      : "%.0fM",
                     rates[i] / 1e6);
    if (isfinite(rates[1]))
        table_set_format(out, "%s [%s, %s]", texts[0], texts[1], texts[2]);
    else if (isfinite(rates[0]))
        table_set_text(out, strcpy(out->own, texts[0]));
}

static void read_over(const void *row, int which, struct table_value *out)
{
    const struct row *r = row;
    (void)which;
    table_set_number(out, r->cell->change_rate / r->unguarded_rate);
}

static void read_lost(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *c = ((const struct row *)row)->cell;
    struct format wrong, of;
    (void)which;
    if (c->audit == AUDIT_LOST)
        table_set_format(out, "%s of %s", format_count(&wrong, c->cell->audit.wrong),
                         format_count(&of, c->cell->audit.of));
    else
        table_set_text(out, c->audit == AUDIT_UNPROVEN ? "none this time, which proves nothing" : "none");
}

enum count { WRONG, OF, RUNS, FAULTY };

static void read_count(const void *row, int which, struct table_value *out)
{
    const struct result_audit *a = &((const struct row *)row)->cell->cell->audit;
    const int64_t counts[] = {[WRONG] = a->wrong, [OF] = a->of, [RUNS] = a->runs, [FAULTY] = a->faulty};
    table_set_count(out, counts[which]);
}

static void read_runs(const void *row, int which, struct table_value *out)
{
    const struct result_audit *a = &((const struct row *)row)->cell->cell->audit;
    (void)which;
    table_set_format(out, "%lld of %lld", (long long)a->faulty, (long long)a->runs);
}

enum { ALL, WORST };

static void read_waits(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *cell = ((const struct row *)row)->cell;
    table_set_number(out, which == WORST ? cell->lock_wait_most : cell->lock_wait_share);
}

static const struct table_column columns[] = {
    {"group", "task", UNIT_TEXT, false, 0, read_name, GROUP},
    {NULL, "variant", UNIT_TEXT, false, 0, read_name, VARIANT},
    {"task", NULL, UNIT_TEXT, false, 0, read_name, TASK},
    {"guard", NULL, UNIT_TEXT, false, 0, read_name, GUARD},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_name, RUNTIME},
    {"model", NULL, UNIT_TEXT, false, 0, read_name, MODEL},
    {"verdict", NULL, UNIT_TEXT, false, 0, read_name, VERDICT},
    {"change_rate", NULL, UNIT_RATE, true, 0, read_rate, 0},
    {NULL, "changes a second", UNIT_TEXT, false, 0, read_plain_rate, 0},
    {"over_unguarded", "over unguarded", UNIT_RATIO, false, 0, read_over, 0},
    {"lock_wait_share", "for a lock", UNIT_SHARE, false, 0, read_waits, ALL},
    {"lock_wait_most", "most by a worker", UNIT_SHARE, false, 0, read_waits, WORST},
    {NULL, "lost, at most", UNIT_TEXT, false, 0, read_lost, 0},
    {NULL, "in runs", UNIT_TEXT, false, 0, read_runs, 0},
    {"wrong", NULL, UNIT_COUNT, false, 0, read_count, WRONG},
    {"of", NULL, UNIT_COUNT, false, 0, read_count, OF},
    {"runs", NULL, UNIT_COUNT, false, 0, read_count, RUNS},
    {"runs_wrong", NULL, UNIT_COUNT, false, 0, read_count, FAULTY},
    {"finding", NULL, UNIT_TEXT, false, 0, read_name, FINDING},
};

static bool is_audited(const struct summary_cell *cell)
{
    return cell->audit != AUDIT_NONE && cell->verified && cell->rounds > 0;
}

bool shared_state_beside(const struct plan_group *a, const struct plan_group *b)
{
    return strcmp(a->task, b->task) == 0 && a->jobs == b->jobs && a->workers == b->workers;
}

/* Whether a runtime was audited in both: languages may be given different amounts of work. */
static bool share_runtime(const struct summary *summary, const struct plan_group *a, const struct plan_group *b)
{
    const struct summary_cell *end = summary->cells + summary->cell_count;
    for (const struct summary_cell *c = summary->cells; c < end; c++)
        for (const struct summary_cell *d = summary->cells; d < end; d++)
            if (c->group == a && d->group == b && c->audit != AUDIT_NONE && d->audit != AUDIT_NONE &&
                strcmp(c->cell->runtime, d->cell->runtime) == 0)
                return true;
    return false;
}

char *shared_state_guard(const struct summary *summary, const struct plan_group *group)
{
    struct string_list words = {NULL, 0};
    const char *key;
    json_t *value;
    json_object_foreach(group->params, key, value)
    {
        bool differs = false;
        for (size_t g = 0; g < summary->results->group_count; g++) {
            const struct plan_group *other = &summary->results->groups[g];
            differs |= shared_state_beside(group, other) && share_runtime(summary, group, other) &&
                       json_equal(json_object_get(other->params, key), value) != 1;
        }
        if (differs)
            string_list_add(&words, json_string_value(value));
    }
    char *text = string_list_join(&words, " ");
    string_list_free(&words);
    return text;
}

/* Whether some variant of a group lost changes, or could have. */
static bool is_unguarded(const struct summary *summary, const struct plan_group *group)
{
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if (c->group == group && (c->audit == AUDIT_LOST || c->audit == AUDIT_UNPROVEN))
            return true;
    return false;
}

/* Of the same variant with as many changes. */
static double unguarded_rate(const struct summary *summary, const struct summary_cell *cell)
{
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if (is_audited(c) && c->group != cell->group && is_unguarded(summary, c->group) &&
            shared_state_beside(c->group, cell->group) && strcmp(c->cell->runtime, cell->cell->runtime) == 0 &&
            strcmp(c->cell->model, cell->cell->model) == 0 && c->cell->audit.of == cell->cell->audit.of)
            return c->change_rate;
    return NAN;
}

/* What does not add up, in the task's own words. */
static void write_findings(const struct table *table, struct writer *w)
{
    const struct row *rows = table->rows;
    for (const struct row *r = rows; r < rows + table->row_count; r++) {
        const struct result_audit *a = &r->cell->cell->audit;
        if (a->finding == NULL || *a->finding == '\0')
            continue;
        char *text = text_format("%s %s:%s: %s", r->cell->group->name, r->cell->cell->runtime, r->cell->cell->model,
                                 a->finding);
        write_item(w, "lost", text);
        free(text);
    }
}

void shared_state_write(const struct summary *summary, struct writer *w)
{
    struct row *rows = xcalloc(summary->cell_count, sizeof *rows);
    char **guards = xcalloc(summary->cell_count, sizeof *guards);
    struct table table = {.name = "shared_state",
                          .columns = columns,
                          .column_count = sizeof columns / sizeof *columns,
                          .rows = rows,
                          .row_size = sizeof *rows};
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if (is_audited(c)) {
            guards[table.row_count] = shared_state_guard(summary, c->group);
            rows[table.row_count] = (struct row){c, guards[table.row_count], unguarded_rate(summary, c)};
            table.row_count++;
        }
    if (table.row_count > 0) {
        write_heading(w, 2, "Shared state");
        write_paragraph(
            w,
            "What jobs changed in common, in memory that their threads and processes share, and lost by changing it at "
            "once, as the task's own audit found after the last job. What lost anything, or could, is never "
            "recommended.");
        write_table(w, &table);
        write_findings(&table, w);
    }
    for (size_t i = 0; i < table.row_count; i++)
        free(guards[i]);
    free(guards);
    free(rows);
}
