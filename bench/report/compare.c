/* SPDX-License-Identifier: MIT */
/* The columns of a comparison, and its findings in sentences. Lists of cells name the farthest first and no more than a
 * line or two of them: the table has them all. */
#include "bench/report/document.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/findings.h"
#include "bench/util/alloc.h"

enum { NAMES_SHOWN = 6 };

static const char *const side_names[COMPARE_SIDES] = {"A", "B"};
static const char *const gate_names[] = {NULL, "passes", "unknown", "slower", "rate", "broken"};
/* The one run that has the row's cell. */
static const char *only_in(const struct compare_row *row) { return side_names[row->cell[COMPARE_B] != NULL]; }

/* -- the columns ---------------------------------------------------------------------------------------------------------- */

enum name { NAME_IN, NAME_GROUP, NAME_TASK, NAME_ARRIVALS, NAME_RUNTIME, NAME_MODEL, NAME_START, NAME_GATE, NAMES };
enum made { VARIANT = NAMES, PARAMS };

static void read_name(const void *which_row, int which, struct table_value *out)
{
    const struct compare_row *row = which_row;
    const struct summary_cell *cell = compare_cell(row);
    const char *const names[] = {[NAME_IN] = compare_both(row) ? "both" : only_in(row),
                                 [NAME_GROUP] = cell->group->name,
                                 [NAME_TASK] = cell->group->task,
                                 [NAME_ARRIVALS] = cell->group->arrivals,
                                 [NAME_RUNTIME] = cell->cell->runtime,
                                 [NAME_MODEL] = cell->cell->model,
                                 [NAME_START] = cell->cell->start_method,
                                 [NAME_GATE] = gate_names[row->gate]};
    if (which < NAMES)
        table_set_text(out, names[which]);
    else if (which == VARIANT)
        table_set_variant(out, cell->cell->runtime, cell->cell->model);
    else
        table_set_made(out, format_params(cell->group));
}

enum number { NUMBER_JOBS, NUMBER_WORKERS, NUMBER_RATE };

static void read_number(const void *row, int which, struct table_value *out)
{
    const struct plan_group *group = compare_cell(row)->group;
    const double numbers[] = {[NUMBER_JOBS] = (double)group->jobs,
                              [NUMBER_WORKERS] = (double)group->workers,
                              [NUMBER_RATE] = group->rate > 0 ? group->rate : NAN};
    table_set_number(out, numbers[which]);
}

static void read_note(const void *row, int side, struct table_value *out)
{
    const struct summary_cell *cell = ((const struct compare_row *)row)->cell[side];
    table_set_text(out, cell == NULL || cell->cell->status == CELL_OK ? NULL : cell->note);
}

static void read_rounds(const void *row, int side, struct table_value *out)
{
    const struct summary_cell *cell = ((const struct compare_row *)row)->cell[side];
    table_set_count(out, cell != NULL ? (long long)cell->rounds : -1);
}

static void read_rate_kept(const void *row, int side, struct table_value *out)
{
    const struct summary_cell *cell = ((const struct compare_row *)row)->cell[side];
    if (cell != NULL && cell->group->rate > 0 && cell->cell->status == CELL_OK && cell->rounds > 0)
        table_set_number(out, cell->open_loop.behind ? 0 : 1);
}

static const struct ratio *ratio_at(const void *row, int what)
{
    return &((const struct compare_row *)row)->change[what].ratio;
}

static void read_ratio(const void *row, int what, struct table_value *out)
{
    if (compare_both(row))
        cells_set_ratio(out, ratio_at(row, what));
    else
        table_set_format(out, "only in %s", only_in(row));
}

static void read_verdict(const void *row, int what, struct table_value *out)
{
    table_set_text(out, verdict_name(ratio_at(row, what)->verdict));
}

static void read_doubt(const void *row, int what, struct table_value *out)
{
    table_set_text(out, doubt_name(ratio_at(row, what)->doubt));
}

enum view { VIEW_CLOSED = 1 << 0, VIEW_OPEN = 1 << 1 };

#define AT(member) ((int)offsetof(struct compare_row, member))
/* Both runs' values (titles NULL: for programs only), their ratio, and what is said of it. */
#define CHANGE(key, unit_key, a, b, unit, title, view, what)                                                \
    {key "_a" unit_key, a, unit, false, view, table_read_real, AT(change[what].of[COMPARE_A])},             \
        {key "_b" unit_key, b, unit, false, view, table_read_real, AT(change[what].of[COMPARE_B])},         \
        {key, title, UNIT_RATIO, true, view, read_ratio, what},                                             \
        {key "_verdict", NULL, UNIT_TEXT, false, 0, read_verdict, what},                                    \
        {key "_p_adjusted", NULL, UNIT_REAL, false, 0, table_read_real, AT(change[what].ratio.p_adjusted)}, \
    {                                                                                                       \
        key "_doubt", NULL, UNIT_TEXT, false, 0, read_doubt, what                                           \
    }

static const struct table_column columns[] = {
    {"in", NULL, UNIT_TEXT, false, 0, read_name, NAME_IN},
    {NULL, "variant", UNIT_TEXT, false, 0, read_name, VARIANT},
    {"group", NULL, UNIT_TEXT, false, 0, read_name, NAME_GROUP},
    {"task", NULL, UNIT_TEXT, false, 0, read_name, NAME_TASK},
    {"params", NULL, UNIT_TEXT, false, 0, read_name, PARAMS},
    {"jobs", NULL, UNIT_COUNT, false, 0, read_number, NUMBER_JOBS},
    {"workers", NULL, UNIT_COUNT, false, 0, read_number, NUMBER_WORKERS},
    {"rate", NULL, UNIT_RATE, false, 0, read_number, NUMBER_RATE},
    {"arrivals", NULL, UNIT_TEXT, false, 0, read_name, NAME_ARRIVALS},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_name, NAME_RUNTIME},
    {"model", NULL, UNIT_TEXT, false, 0, read_name, NAME_MODEL},
    {"start_method", NULL, UNIT_TEXT, false, 0, read_name, NAME_START},
    {"gate", NULL, UNIT_TEXT, false, 0, read_name, NAME_GATE},
    {"note_a", NULL, UNIT_TEXT, false, 0, read_note, COMPARE_A},
    {"note_b", NULL, UNIT_TEXT, false, 0, read_note, COMPARE_B},
    {"rounds_a", NULL, UNIT_COUNT, false, 0, read_rounds, COMPARE_A},
    {"rounds_b", NULL, UNIT_COUNT, false, 0, read_rounds, COMPARE_B},
    CHANGE("time", "_s", "A", "B", UNIT_SECONDS, "time: A / B", VIEW_CLOSED, COMPARE_TIME),
    CHANGE("speedup", "", NULL, NULL, UNIT_RATIO, "speedup: B / A", VIEW_CLOSED, COMPARE_SPEEDUP),
    CHANGE("latency_p50", "_s", NULL, NULL, UNIT_SECONDS, "p50: A / B", VIEW_OPEN, COMPARE_P50),
    CHANGE("latency_p99", "_s", "p99 A", "p99 B", UNIT_SECONDS, "p99: A / B", VIEW_OPEN, COMPARE_P99),
    {"rate_kept_a", "kept A", UNIT_FLAG, false, VIEW_OPEN, read_rate_kept, COMPARE_A},
    {"rate_kept_b", "kept B", UNIT_FLAG, false, VIEW_OPEN, read_rate_kept, COMPARE_B},
};

/* -- findings: sentences, one at a time ------------------------------------------------------------------------------------ */

/* Takes `text`. */
static void say(struct writer *w, const char *title, char *text)
{
    write_item(w, title, text);
    free(text);
}

/* "count c:async" */
static void add_name(struct string_list *names, const struct compare_row *row, const char *behind)
{
    const struct summary_cell *cell = compare_cell(row);
    string_list_addf(names, "%s %s:%s%s", cell->group->name, cell->cell->runtime, cell->cell->model, behind);
}

/* A row in the order of one of its ratios, the farthest from 1 first. */
struct entry {
    const struct compare_row *row;
    const struct ratio *ratio;
};

static int by_distance(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const double by_x = fabs(log(x->ratio->ratio)), by_y = fabs(log(y->ratio->ratio));
    return by_x != by_y ? (by_x < by_y) - (by_x > by_y) : (x->row > y->row) - (x->row < y->row);
}

/* "1 slower, 0 faster, 3 with no difference shown, 0 not known: count c:async ▼0.84x [0.82,0.86]", where some cell has it. */
static void say_column(const struct compare *c, enum compare_what what, struct writer *w)
{
    static const char *const titles[] = {"time", "speedup", "p50", "p99"};
    struct entry *entries = xcalloc(c->row_count, sizeof *entries);
    struct string_list names = {NULL, 0};
    size_t counts[VERDICT_UNRESOLVED + 1] = {0}, all = 0, moved = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const struct ratio *ratio = &c->rows[i].change[what].ratio;
        if (!compare_asks(&c->rows[i], what))
            continue;
        all++;
        counts[ratio->verdict]++;
        if (ratio->verdict == VERDICT_SLOWER || ratio->verdict == VERDICT_FASTER)
            entries[moved++] = (struct entry){&c->rows[i], ratio};
    }
    qsort(entries, moved, sizeof *entries, by_distance);
    for (size_t i = 0; i < moved; i++) {
        struct format number, interval;
        char behind[3 * FORMAT_SIZE];
        snprintf(behind, sizeof behind, " %s%s %s", cells_sign(entries[i].ratio->verdict),
                 format_ratio(&number, entries[i].ratio->ratio),
                 format_interval(&interval, entries[i].ratio->low, entries[i].ratio->high));
        add_name(&names, entries[i].row, behind);
    }
    free(entries);
    char *list = format_names(&names, NAMES_SHOWN);
    if (all > 0)
        say(w, titles[what],
            text_format("%zu slower, %zu faster, %zu with no difference shown, %zu not known%s%s",
                        counts[VERDICT_SLOWER], counts[VERDICT_FASTER], counts[VERDICT_NO_DIFFERENCE],
                        all - moved - counts[VERDICT_NO_DIFFERENCE], moved > 0 ? ": " : "", list));
    free(list);
}

static void say_gate(const struct compare *c, struct writer *w)
{
    static const char *const behind[] = {"", "", " p50 latency", " p99 latency"};
    size_t judged = 0;
    for (size_t i = 0; i < c->row_count; i++)
        judged += c->rows[i].gate == GATE_PASSES || c->rows[i].gate == GATE_SLOWER;
    say(w, "gate",
        text_format("--fail-if-slower %.4g%% %s, %zu cell%s judged", 100 * c->options.slower,
                    c->gate_fails ? "fails" : "passes", judged, judged == 1 ? "" : "s"));
    for (enum compare_gate gate = GATE_BROKEN; gate > GATE_PASSES; gate--) {
        struct string_list names = {NULL, 0};
        for (size_t i = 0; i < c->row_count; i++)
            for (enum compare_what what = 0; what < COMPARE_CHANGES; what++)
                if (c->rows[i].change[what].gate == gate)
                    add_name(&names, &c->rows[i], behind[what]);
        if (names.count > 0) /* what fails is named in full */
            say(w, gate_names[gate], format_names(&names, gate == GATE_UNKNOWN ? NAMES_SHOWN : SIZE_MAX));
    }
}

/* -- what was wrong, and what else is not the same ------------------------------------------------------------------------- */

/* But for what says that a run's own ratios are not precise. */
static void say_warnings(const struct compare *c, struct writer *w)
{
    const struct results *const *runs = c->results;
    if (json_equal(runs[COMPARE_A]->plan, runs[COMPARE_B]->plan))
        say(w, "the same", xstrdup("A and B are one run: the same plan, made at the same time"));
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        struct warnings warnings;
        warnings_make(&warnings, &c->summary[side]);
        for (size_t i = 0; i < warnings.count; i++)
            if (warnings.items[i].kind < WARNING_PRECISION)
                say(w, warning_title(warnings.items[i].kind),
                    text_format("%s: %s", side_names[side], warnings.items[i].text));
        warnings_free(&warnings);
    }
}

/* Facts with their values; but of those that one run has, which may be many in one, and of the many programs, whose checksums
 * say nothing to a reader, the names. */
static void say_differences(struct writer *w, const char *title, const struct differences *differences)
{
    struct string_list names = {NULL, 0};
    for (size_t i = 0; i < differences->count; i++) {
        const struct difference *d = &differences->items[i];
        char *text[2];
        if (d->value[COMPARE_A] == NULL || d->value[COMPARE_B] == NULL || strncmp(d->key, "fingerprint ", 12) == 0) {
            string_list_add(&names, d->key);
            continue;
        }
        difference_text(d, text);
        say(w, title, text_format("%s: %s -> %s", d->key, text[0], text[1]));
        free(text[0]);
        free(text[1]);
    }
    const bool any = names.count > 0;
    char *list = format_names(&names, NAMES_SHOWN);
    if (any)
        say(w, title, text_format("also not the same: %s", list));
    free(list);
}

/* -- the whole ------------------------------------------------------------------------------------------------------------ */

/* All for programs, for people a table per group. */
static void write_tables(const struct compare *c, struct writer *w)
{
    struct table table = {.name = COMPARE_TABLE,
                          .columns = columns,
                          .column_count = sizeof columns / sizeof *columns,
                          .rows = c->rows,
                          .row_size = sizeof *c->rows,
                          .row_count = c->row_count};
    if (w->format->for_programs) {
        write_table(w, &table);
        return;
    }
    for (size_t from = 0; from < c->row_count; from += table.row_count) {
        const struct plan_group *group = compare_cell(&c->rows[from])->group;
        table.row_count = 1;
        while (from + table.row_count < c->row_count && compare_cell(&c->rows[from + table.row_count])->group == group)
            table.row_count++;
        table.rows = &c->rows[from];
        table.view = group->rate > 0 ? VIEW_OPEN : VIEW_CLOSED;
        document_write_group_heading(group, w);
        write_table(w, &table);
    }
}

static const char legend[] =
    "A / B of times and B / A of speedups over the runtime's own sync: above 1 is better in B. The 95% interval is "
    "that of "
    "two samples, and speaks of these two runs. Where times moved and speedups stayed, the machine, a compiler or an "
    "interpreter changed, and not a model. ▲ faster (gains more), ▼ slower (gains less): the interval clears 1 by the "
    "margin, and the p-value, adjusted by Holm over the column in all groups, is below 5%; = no difference shown. ? "
    "doubtful: the results of a run are unchecked, its times drift or round 1 lies apart, the rounds are too few, or "
    "the "
    "interval is over 10% to a side and, adjusted for so many ratios, does not clear 1. Without an interval: fewer "
    "than 4 rounds.";

static json_t *differences_json(const struct differences *differences)
{
    json_t *out = json_array();
    for (size_t i = 0; i < differences->count; i++) {
        const struct difference *d = &differences->items[i];
        json_array_append_new(
            out, json_pack("{ss sO? sO?}", "fact", d->key, "a", d->value[COMPARE_A], "b", d->value[COMPARE_B]));
    }
    return out;
}

/* What the two runs are. */
static void write_runs(const struct compare *c, const char *const names[COMPARE_SIDES], struct writer *w)
{
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        const struct results *r = c->results[side];
        const char *host = json_string_value(json_object_get(r->machine, "hostname"));
        say(w, side_names[side],
            text_format("%s: %s, %lld rounds, seed %lld, %s, on %s", names[side], r->suite, (long long)r->rounds,
                        (long long)r->seed, r->created, host != NULL ? host : "unknown"));
        write_fact(w, side == COMPARE_A ? "a" : "b",
                   json_pack("{ss ss sI sI ss ss?}", "run", names[side], "suite", r->suite, "rounds",
                             (json_int_t)r->rounds, "seed", (json_int_t)r->seed, "created", r->created, "hostname",
                             host));
    }
}

static void write_facts(const struct compare *c, struct writer *w)
{
    const bool gate = c->options.slower > 0;
    write_fact(w, "compare", json_integer(3));
    write_fact(w, "time", json_string(c->options.time == RATIO_WHOLE ? "whole" : "work"));
    write_fact(w, "by", json_string(c->options.by_speedup ? "speedup" : "time"));
    write_fact(w, "margin", json_real(c->margin));
    write_fact(w, "gate_limit", gate ? json_real(c->options.slower) : json_null());
    write_fact(w, "gate_fails", gate ? json_boolean(c->gate_fails) : json_null());
    write_fact(w, "plan", differences_json(&c->plan));
    write_fact(w, "machine", differences_json(&c->machine));
}

void compare_write(const struct compare *c, const char *const names[COMPARE_SIDES], struct writer *w)
{
    write_facts(c, w);
    write_heading(w, 1,
                  c->options.time == RATIO_WHOLE ? "B compared with A, by whole-command time"
                                                 : "B compared with A, by work time");
    for (enum compare_what what = 0; what < COMPARE_CHANGES; what++)
        say_column(c, what, w);
    if (c->options.slower > 0)
        say_gate(c, w);
    write_runs(c, names, w);
    say_warnings(c, w);
    say_differences(w, "plan", &c->plan);
    say_differences(w, "machine", &c->machine);
    write_tables(c, w);
    write_heading(w, 2, "How to read it");
    write_paragraph(w, legend);
    write_end(w);
}
