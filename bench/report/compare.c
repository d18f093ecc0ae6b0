/* SPDX-License-Identifier: MIT */
/* The columns of a comparison, and its findings in sentences. Lists of cells name the farthest first and no more than a
 * line or two of them: the table has them all. */
#include "bench/report/compare.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/cells.h"
#include "bench/report/document.h"
#include "bench/report/format.h"
#include "bench/report/warnings.h"
#include "bench/util/json.h"

enum { NAMES_SHOWN = 6 };
#define FILES_PREFIX "fingerprint "

static const char *const side_names[COMPARE_SIDES] = {"A", "B"};
static const char *const latencies[] = {" p50 latency", " p99 latency"};

/* -- the columns ---------------------------------------------------------------------------------------------------------- */

enum name { NAME_IN, NAME_GROUP, NAME_TASK, NAME_ARRIVALS, NAME_RUNTIME, NAME_MODEL, NAME_ROLE, NAME_START, NAME_GATE };

static void read_name(const void *which_row, int which, struct table_value *out)
{
    static const char *const roles[] = {
        [ROLE_MODEL] = "model", [ROLE_CONTROL] = "control", [ROLE_CAPACITY] = "capacity"};
    static const char *const gates[] = {[GATE_NONE] = NULL,       [GATE_PASSES] = "passes", [GATE_SLOWER] = "slower",
                                        [GATE_BROKEN] = "broken", [GATE_RATE] = "rate",     [GATE_UNKNOWN] = "unknown"};
    const struct compare_row *row = which_row;
    const enum compare_side side = compare_side_of(row);
    const struct result_cell *cell = row->cell[side];
    const char *const names[] = {[NAME_IN] = side == COMPARE_B && row->cell[COMPARE_A] != NULL ? "both"
                                                                                               : side_names[side],
                                 [NAME_GROUP] = row->group[side]->name,
                                 [NAME_TASK] = row->group[side]->task,
                                 [NAME_ARRIVALS] = row->group[side]->arrivals,
                                 [NAME_RUNTIME] = cell->runtime,
                                 [NAME_MODEL] = cell->model,
                                 [NAME_ROLE] = roles[cell->role],
                                 [NAME_START] = cell->start_method,
                                 [NAME_GATE] = gates[row->gate]};
    table_set_text(out, names[which]);
}

static void read_variant(const void *row, int which, struct table_value *out)
{
    (void)which;
    const struct result_cell *cell = ((const struct compare_row *)row)->cell[compare_side_of(row)];
    if (cell->role == ROLE_CAPACITY)
        table_set_format(out, "%lld x %.100s:%.100s", (long long)cell->copies, cell->runtime, cell->model);
    else
        table_set_format(out, "%.100s:%.100s%s", cell->runtime, cell->model,
                         cell->role == ROLE_CONTROL ? " (control)" : "");
}

static void read_params(const void *row, int which, struct table_value *out)
{
    (void)which;
    cells_set_params(out, ((const struct compare_row *)row)->group[compare_side_of(row)]);
}

enum number { NUMBER_JOBS, NUMBER_WORKERS, NUMBER_RATE };

static void read_number(const void *row, int which, struct table_value *out)
{
    const struct plan_group *group = ((const struct compare_row *)row)->group[compare_side_of(row)];
    const double numbers[] = {[NUMBER_JOBS] = (double)group->jobs,
                              [NUMBER_WORKERS] = (double)group->workers,
                              [NUMBER_RATE] = group->rate > 0 ? group->rate : NAN};
    table_set_number(out, numbers[which]);
}

static void read_note(const void *row, int side, struct table_value *out)
{
    table_set_text(out, ((const struct compare_row *)row)->note[side]);
}

static void read_rounds(const void *row, int side, struct table_value *out)
{
    const struct result_cell *cell = ((const struct compare_row *)row)->cell[side];
    table_set_count(out, cell != NULL ? (long long)cell->count : -1);
}

static void read_rate_kept(const void *which_row, int side, struct table_value *out)
{
    const struct compare_row *row = which_row;
    if (compare_is_open(row) && row->cell[side] != NULL && row->cell[side]->status == CELL_OK &&
        row->cell[side]->count > 0)
        table_set_number(out, row->missed[side] ? 0 : 1);
}

/* `which` of what one run has: the change, and behind it the side. */
#define OF(what, side) ((what)*COMPARE_SIDES + (side))

static const struct compare_change *change_at(const void *row, int which)
{
    return &((const struct compare_row *)row)->change[which];
}

static void read_side(const void *row, int which, struct table_value *out)
{
    table_set_number(out, change_at(row, which / COMPARE_SIDES)->of[which % COMPARE_SIDES]);
}

static void read_ratio(const void *row, int which, struct table_value *out)
{
    cells_set_ratio(out, &change_at(row, which)->ratio);
}

/* `which` of what is said of a change: the change, and behind it what. */
enum field { FIELD_VERDICT, FIELD_DOUBT, FIELD_P, FIELD_P_ADJUSTED, FIELD_GATE_P, FIELDS };

static void read_field(const void *row, int which, struct table_value *out)
{
    const struct compare_change *change = change_at(row, which / FIELDS);
    const struct ratio *r = &change->ratio;
    const double numbers[FIELDS] = {
        [FIELD_P] = r->p, [FIELD_P_ADJUSTED] = r->p_adjusted, [FIELD_GATE_P] = change->gate_p_adjusted};
    if (which % FIELDS < FIELD_P)
        table_set_text(out, which % FIELDS == FIELD_VERDICT ? verdict_name(r->verdict) : doubt_name(r->doubt));
    else
        table_set_number(out, numbers[which % FIELDS]);
}

/* What people see at a time: a bit for each enum compare_what, whose medians then stand before the ratios. */
#define VIEW(what) (1u << (what))
#define TIMES      (VIEW(COMPARE_TIME + RATIO_WHOLE) | VIEW(COMPARE_TIME + RATIO_WORK))
#define SPEEDUPS   (VIEW(COMPARE_SPEEDUP + RATIO_WHOLE) | VIEW(COMPARE_SPEEDUP + RATIO_WORK))
#define LATENCIES  VIEW(COMPARE_P99)

#define MEDIANS(key, unit_key, title, unit, what)                                              \
    {key "_a" unit_key, title " A", unit, false, VIEW(what), read_side, OF(what, COMPARE_A)},  \
    {                                                                                          \
        key "_b" unit_key, title " B", unit, false, VIEW(what), read_side, OF(what, COMPARE_B) \
    }
#define FIELD(key, unit, what, field)                                  \
    {                                                                  \
        key, NULL, unit, false, 0, read_field, (what)*FIELDS + (field) \
    }
#define CHANGE(key, title, views, what)                                                                             \
    {key, title, UNIT_RATIO, true, views, read_ratio, what}, FIELD(key "_verdict", UNIT_TEXT, what, FIELD_VERDICT), \
        FIELD(key "_p", UNIT_REAL, what, FIELD_P), FIELD(key "_p_adjusted", UNIT_REAL, what, FIELD_P_ADJUSTED),     \
        FIELD(key "_doubt", UNIT_TEXT, what, FIELD_DOUBT), FIELD(key "_gate_p", UNIT_REAL, what, FIELD_GATE_P)

static const struct table_column columns[] = {
    {"in", NULL, UNIT_TEXT, false, 0, read_name, NAME_IN},
    {NULL, "variant", UNIT_TEXT, false, 0, read_variant, 0},
    {"group", NULL, UNIT_TEXT, false, 0, read_name, NAME_GROUP},
    {"task", NULL, UNIT_TEXT, false, 0, read_name, NAME_TASK},
    {"params", NULL, UNIT_TEXT, false, 0, read_params, 0},
    {"jobs", NULL, UNIT_COUNT, false, 0, read_number, NUMBER_JOBS},
    {"workers", NULL, UNIT_COUNT, false, 0, read_number, NUMBER_WORKERS},
    {"rate", NULL, UNIT_RATE, false, 0, read_number, NUMBER_RATE},
    {"arrivals", NULL, UNIT_TEXT, false, 0, read_name, NAME_ARRIVALS},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_name, NAME_RUNTIME},
    {"model", NULL, UNIT_TEXT, false, 0, read_name, NAME_MODEL},
    {"role", NULL, UNIT_TEXT, false, 0, read_name, NAME_ROLE},
    {"start_method", NULL, UNIT_TEXT, false, 0, read_name, NAME_START},
    {"gate", NULL, UNIT_TEXT, false, 0, read_name, NAME_GATE},
    {"note_a", NULL, UNIT_TEXT, false, 0, read_note, COMPARE_A},
    {"note_b", NULL, UNIT_TEXT, false, 0, read_note, COMPARE_B},
    {"rounds_a", NULL, UNIT_COUNT, false, 0, read_rounds, COMPARE_A},
    {"rounds_b", NULL, UNIT_COUNT, false, 0, read_rounds, COMPARE_B},
    MEDIANS("whole", "_s", "whole", UNIT_SECONDS, COMPARE_TIME + RATIO_WHOLE),
    MEDIANS("work", "_s", "work", UNIT_SECONDS, COMPARE_TIME + RATIO_WORK),
    MEDIANS("speedup_whole", "", "whole", UNIT_RATIO, COMPARE_SPEEDUP + RATIO_WHOLE),
    MEDIANS("speedup_work", "", "work", UNIT_RATIO, COMPARE_SPEEDUP + RATIO_WORK),
    MEDIANS("latency_p50", "_s", "p50", UNIT_SECONDS, COMPARE_P50),
    MEDIANS("latency_p99", "_s", "p99", UNIT_SECONDS, COMPARE_P99),
    CHANGE("time_whole", "whole: A / B", TIMES, COMPARE_TIME + RATIO_WHOLE),
    CHANGE("time_work", "work: A / B", TIMES, COMPARE_TIME + RATIO_WORK),
    CHANGE("speedup_whole", "whole: B / A", SPEEDUPS, COMPARE_SPEEDUP + RATIO_WHOLE),
    CHANGE("speedup_work", "work: B / A", SPEEDUPS, COMPARE_SPEEDUP + RATIO_WORK),
    CHANGE("latency_p50", "p50: A / B", LATENCIES, COMPARE_P50),
    CHANGE("latency_p99", "p99: A / B", LATENCIES, COMPARE_P99),
    {"rate_kept_a", "kept A", UNIT_FLAG, false, LATENCIES, read_rate_kept, COMPARE_A},
    {"rate_kept_b", "kept B", UNIT_FLAG, false, LATENCIES, read_rate_kept, COMPARE_B},
};

static const struct table cells_table = {.name = COMPARE_TABLE,
                                         .columns = columns,
                                         .column_count = sizeof columns / sizeof *columns,
                                         .row_size = sizeof(struct compare_row)};

/* -- findings: one sentence at a time, written to `out` and then told ------------------------------------------------------ */

/* One of the changes that the answer goes by. */
struct entry {
    const struct compare_row *row;
    const struct compare_change *change;
    const char *what; /* " p99 latency"; "" where the row has but one */
    bool first;       /* of its row */
    double far;       /* from 1; 0: not known */
};

struct teller {
    struct writer *w;
    const struct compare *compare;
    struct entry *entries; /* the farthest from 1 first */
    size_t entry_count;
    FILE *out; /* the sentence */
    char *text;
    size_t length;
    json_t *told;        /* for programs */
    const char *heading; /* of what comes next; NULL: has been written */
};

static void put_told(struct teller *t, const char *title)
{
    if (t->heading != NULL)
        write_heading(t->w, 3, t->heading);
    t->heading = NULL;
    if (*title == '\0')
        write_paragraph(t->w, t->text);
    else
        write_item(t->w, title, t->text);
}

/* The sentence is complete. A title of "" stands for none. */
static void tell(struct teller *t, const char *part, const char *title)
{
    fputc('\0', t->out);
    if (fflush(t->out) != 0)
        t->w->rc = -ENOMEM;
    else if (t->w->format->for_programs)
        t->w->rc |= json_array_append_new(t->told,
                                          json_pack("{ss ss ss}", "part", part, "title", title, "text", t->text)) != 0
                        ? -ENOMEM
                        : 0;
    else
        put_told(t, title);
    rewind(t->out);
}

/* A list of at most `most` names: "a, b and 4 more". */
struct listing {
    FILE *out;
    size_t most, count;
};

/* Is the next name to be written? */
static bool list_next(struct listing *list)
{
    if (list->count++ >= list->most)
        return false;
    fputs(list->count > 1 ? ", " : "", list->out);
    return true;
}

static bool list_end(const struct listing *list)
{
    if (list->count > list->most)
        fprintf(list->out, " and %zu more", list->count - list->most);
    return list->count > 0;
}

/* "count c:async" */
static void put_name(FILE *out, const struct compare_row *row)
{
    struct table_value variant;
    read_variant(row, 0, &variant);
    fprintf(out, "%s %s", row->group[compare_side_of(row)]->name, variant.text);
}

static int by_distance(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->far != y->far ? (x->far < y->far) - (x->far > y->far) : (x->change > y->change) - (x->change < y->change);
}

static void find_entries(struct teller *t)
{
    const struct compare *c = t->compare;
    for (size_t i = 0; i < c->row_count; i++) {
        const struct compare_row *row = &c->rows[i];
        const bool several = compare_judged(c, row, 1) != NULL;
        if (row->cell[COMPARE_B]->role != ROLE_MODEL || compare_judged(c, row, 0)->ratio.state == RATIO_SELF)
            continue;
        for (size_t k = 0; compare_judged(c, row, k) != NULL; k++) {
            const struct compare_change *change = compare_judged(c, row, k);
            const double far = ratio_known(&change->ratio) ? fabs(log(change->ratio.ratio)) : 0;
            t->entries[t->entry_count++] = (struct entry){row, change, several ? latencies[k] : "", k == 0, far};
        }
    }
    qsort(t->entries, t->entry_count, sizeof *t->entries, by_distance);
}

/* -- the answer ----------------------------------------------------------------------------------------------------------- */

/* "whole-command time", "work speedup over the own sync": what the answer and the gate go by. */
static const char *subject(const struct compare *c)
{
    static const char *const subjects[RATIO_TIMES][1 + RATIO_BASES] = {
        [RATIO_WHOLE] = {"whole-command time", [1 + RATIO_OWN_SYNC] = "whole-command speedup over the own sync",
                         [1 + RATIO_PY_SYNC] = "whole-command speedup over " SUMMARY_BASELINE_RUNTIME ":sync"},
        [RATIO_WORK] = {"work time", [1 + RATIO_OWN_SYNC] = "work speedup over the own sync",
                        [1 + RATIO_PY_SYNC] = "work speedup over " SUMMARY_BASELINE_RUNTIME ":sync"}};
    return subjects[c->options.time][c->options.by_speedup ? 1 + (int)c->options.base : 0];
}

/* One sentence for the cells of closed loops, one for those of open ones, as far as there are some. */
static void tell_counts(struct teller *t)
{
    for (int open = 0; open < 2; open++) {
        size_t counts[VERDICT_UNRESOLVED + 1] = {0}, rows = 0;
        for (size_t i = 0; i < t->entry_count; i++)
            if ((*t->entries[i].what != '\0') == (open == 1)) {
                counts[t->entries[i].change->ratio.verdict]++;
                rows += t->entries[i].first;
            }
        if (rows == 0 && (open == 1 || t->entry_count > 0))
            continue;
        fprintf(t->out, "%s of %zu cell%s: %zu slower, %zu faster, %zu with no difference shown, %zu not known",
                open == 1 ? "p50 and p99 latency in an open loop" : subject(t->compare), rows, rows == 1 ? "" : "s",
                counts[VERDICT_SLOWER], counts[VERDICT_FASTER], counts[VERDICT_NO_DIFFERENCE],
                counts[VERDICT_NONE] + counts[VERDICT_TOO_FEW_ROUNDS] + counts[VERDICT_UNRESOLVED]);
        tell(t, "answer", "");
    }
}

/* "count c:async 0.84x [0.82,0.86]", or why nothing is known of it. */
static void put_entry(FILE *out, const struct entry *entry)
{
    const struct ratio *ratio = &entry->change->ratio;
    struct format number, interval;
    put_name(out, entry->row);
    fputs(entry->what, out);
    if (ratio->verdict == VERDICT_SLOWER || ratio->verdict == VERDICT_FASTER)
        fprintf(out, " %s %s", format_ratio(&number, ratio->ratio),
                format_interval(&interval, ratio->low, ratio->high));
    else if (ratio->verdict == VERDICT_NONE)
        fprintf(out, " (%s)", ratio->state == RATIO_NOT_RUN ? "no times" : format_ratio_state(ratio->state));
    else
        fprintf(out, " (%s)", verdict_name(ratio->verdict));
}

/* The changes with a verdict from `from` to `to`, or with none. */
static void tell_verdicts(struct teller *t, const char *title, enum verdict from, enum verdict to)
{
    struct listing list = {t->out, NAMES_SHOWN, 0};
    for (size_t i = 0; i < t->entry_count; i++) {
        const enum verdict verdict = t->entries[i].change->ratio.verdict;
        if (((verdict >= from && verdict <= to) || (from > VERDICT_NO_DIFFERENCE && verdict == VERDICT_NONE)) &&
            list_next(&list))
            put_entry(t->out, &t->entries[i]);
    }
    if (list_end(&list))
        tell(t, "answer", title);
}

/* "1.00x (0.95x to 1.03x over 8)" */
static void put_middle(FILE *out, const struct compare_middle *middle)
{
    struct format ratio, least, most;
    if (middle->cells > 0)
        fprintf(out, "%s (%s to %s over %zu)", format_ratio(&ratio, middle->ratio), format_ratio(&least, middle->least),
                format_ratio(&most, middle->most), middle->cells);
    else
        fputs("not known", out);
}

static void tell_middle(struct teller *t)
{
    if (t->compare->middle_time.cells < 2)
        return;
    fputs("of all cells: time ", t->out);
    put_middle(t->out, &t->compare->middle_time);
    fputs(", speedup ", t->out);
    put_middle(t->out, &t->compare->middle_speedup);
    if (compare_moved_alike(t->compare))
        fputs("; most moved alike while their speedups stayed, so it is the machine, a compiler or an interpreter that "
              "changed, and not a model",
              t->out);
    tell(t, "answer", "the middle");
}

/* -- the gate ------------------------------------------------------------------------------------------------------------- */

/* The rows that the gate says this of; what fails is named in full. */
static void put_gate(struct teller *t, enum compare_gate gate, const char *what)
{
    const struct compare *c = t->compare;
    struct listing list = {t->out, gate == GATE_UNKNOWN ? NAMES_SHOWN : SIZE_MAX, 0};
    for (size_t i = 0; i < c->row_count; i++) {
        if (c->rows[i].gate != gate)
            continue;
        if (list.count == 0)
            fprintf(t->out, "; %s: ", what);
        if (!list_next(&list))
            continue;
        put_name(t->out, &c->rows[i]);
        for (size_t k = 0; compare_judged(c, &c->rows[i], 1) != NULL && compare_judged(c, &c->rows[i], k) != NULL; k++)
            if (compare_judged(c, &c->rows[i], k)->gate_beyond)
                fputs(latencies[k], t->out);
    }
    list_end(&list);
}

static void tell_gate(struct teller *t)
{
    const struct compare *c = t->compare;
    size_t judged = 0;
    bool open = false, closed = false;
    char limit[64];
    if (!(c->options.slower > 0))
        return;
    for (size_t i = 0; i < c->row_count; i++) {
        const bool several = compare_judged(c, &c->rows[i], 1) != NULL;
        judged += c->rows[i].gate == GATE_PASSES || c->rows[i].gate == GATE_SLOWER;
        open |= c->rows[i].gate != GATE_NONE && several;
        closed |= c->rows[i].gate != GATE_NONE && !several;
    }
    snprintf(limit, sizeof limit, "more than %.4g%% slower", 100 * c->options.slower);
    fprintf(t->out, "--fail-if-slower %.4g%%, %s%s%s: %s, %zu cell%s judged", 100 * c->options.slower,
            closed || !open ? subject(c) : "", open && closed ? " and " : "", open ? "latency in an open loop" : "",
            c->gate_fails ? "fails" : "passes", judged, judged == 1 ? "" : "s");
    put_gate(t, GATE_SLOWER, limit);
    put_gate(t, GATE_BROKEN, "works no longer");
    put_gate(t, GATE_RATE, "keeps its rate no longer");
    put_gate(t, GATE_UNKNOWN, "could not be judged");
    tell(t, "gate", "gate");
}

/* -- before any number ---------------------------------------------------------------------------------------------------- */

/* Of the warnings of a run, those that bear on its times as a whole. */
static void tell_warnings_of(struct teller *t, enum compare_side side)
{
    struct warnings warnings;
    if (warnings_make(&warnings, &t->compare->summary[side]) != 0)
        t->w->rc = -ENOMEM;
    for (size_t i = 0; i < warnings.count; i++) {
        const enum warning_kind kind = warnings.items[i].kind;
        if (kind != WARNING_INTERRUPTED && kind != WARNING_FORCED && kind != WARNING_CONCURRENT &&
            kind != WARNING_DISTURBED && kind != WARNING_CONTROL)
            continue;
        fprintf(t->out, "%s: %s", side_names[side], warnings.items[i].text);
        tell(t, "warning", warning_title(kind));
    }
    warnings_free(&warnings);
}

static void tell_failed(struct teller *t, const struct compare_row *row)
{
    const char *const *note = row->note;
    const bool same = note[COMPARE_A] != NULL && note[COMPARE_B] != NULL &&
                      strcmp(note[COMPARE_A], note[COMPARE_B]) == 0;
    for (enum compare_side side = same ? COMPARE_B : COMPARE_A; side < COMPARE_SIDES; side++) {
        if (note[side] == NULL)
            continue;
        fprintf(t->out, "in %s: ", same ? "both" : side_names[side]);
        put_name(t->out, row);
        fprintf(t->out, ": %s", note[side]);
        tell(t, "warning", "failed");
    }
}

static void tell_warnings(struct teller *t)
{
    const struct compare *c = t->compare;
    t->heading = "What was wrong with the runs";
    if (json_equal(c->results[COMPARE_A]->plan, c->results[COMPARE_B]->plan)) {
        fputs("A and B are one run: the same plan, made at the same time", t->out);
        tell(t, "warning", "the same");
    }
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        tell_warnings_of(t, side);
    for (size_t i = 0; i < c->row_count; i++)
        tell_failed(t, &c->rows[i]);
}

/* -- what else is not the same -------------------------------------------------------------------------------------------- */

static void put_difference(struct teller *t, const struct difference *difference)
{
    char *text[2];
    if (difference_text(difference, text) != 0) {
        t->w->rc = -ENOMEM;
        return;
    }
    fprintf(t->out, "%s: %s -> %s", difference->key, text[0], text[1]);
    free(text[0]);
    free(text[1]);
}

/* A fact that both have with its values; of those that one run has, and of the many programs and sources, whose checksums
 * say nothing to a reader, the names. */
static const char *list_of(const struct difference *difference)
{
    if (difference->value[COMPARE_A] == NULL || difference->value[COMPARE_B] == NULL)
        return difference->value[COMPARE_A] == NULL ? "recorded in B only" : "recorded in A only";
    return strncmp(difference->key, FILES_PREFIX, sizeof FILES_PREFIX - 1) == 0 ? "other bytes" : NULL;
}

static void tell_machine(struct teller *t)
{
    static const char *const lists[] = {"other bytes", "recorded in A only", "recorded in B only"};
    const struct differences *facts = &t->compare->machine;
    for (size_t i = 0; i < facts->count; i++)
        if (list_of(&facts->items[i]) == NULL) {
            put_difference(t, &facts->items[i]);
            tell(t, "changed", "machine");
        }
    for (size_t n = 0; n < sizeof lists / sizeof *lists; n++) {
        struct listing list = {t->out, NAMES_SHOWN, 0};
        for (size_t i = 0; i < facts->count; i++) {
            const char *of = list_of(&facts->items[i]);
            if (of == NULL || strcmp(of, lists[n]) != 0)
                continue;
            if (list.count == 0)
                fprintf(t->out, "%s: ", lists[n]);
            if (list_next(&list))
                fputs(facts->items[i].key + (n == 0 ? sizeof FILES_PREFIX - 1 : 0), t->out);
        }
        if (list_end(&list))
            tell(t, "changed", "machine");
    }
}

/* The cells of one group that only one run has, from `row` on; returns how many. */
static size_t tell_lone(struct teller *t, const struct compare_row *row, size_t most)
{
    const enum compare_side side = compare_side_of(row);
    const struct plan_group *group = row->group[side];
    struct listing list = {t->out, NAMES_SHOWN, 0};
    char *params = format_params(group), *shape = format_shape(group);
    if (params == NULL || shape == NULL)
        t->w->rc = -ENOMEM;
    else
        fprintf(t->out, "%s (%s%s%s): ", group->name, params, *params != '\0' ? ", " : "", shape);
    for (size_t i = 0; i < most && row[i].group[side] == group; i++)
        if (list_next(&list)) {
            struct table_value variant;
            read_variant(&row[i], 0, &variant);
            fputs(variant.text, t->out);
        }
    list_end(&list);
    tell(t, "changed", side == COMPARE_A ? "only in A" : "only in B");
    free(shape);
    free(params);
    return list.count;
}

static void tell_changes(struct teller *t)
{
    const struct compare *c = t->compare;
    struct listing moving = {t->out, SIZE_MAX, 0};
    t->heading = "What else is not the same, A -> B";
    for (size_t i = 0; i < c->plan.count; i++) {
        put_difference(t, &c->plan.items[i]);
        tell(t, "changed", "plan");
    }
    for (size_t i = 0; i < c->lone_count;)
        i += tell_lone(t, &c->rows[c->row_count + i], c->lone_count - i);
    tell_machine(t);
    for (size_t i = 0; i < c->moving.count; i++)
        if (list_next(&moving))
            put_difference(t, &c->moving.items[i]);
    if (list_end(&moving))
        tell(t, "changed", "moving");
}

/* -- a group -------------------------------------------------------------------------------------------------------------- */

/* `rows`: room for all; a control has no speedup. */
static void write_part(const struct compare *c, const struct plan_group *group, enum compare_what what,
                       const struct compare_row **rows, struct writer *w)
{
    static const char *const speedups[RATIO_BASES] = {
        [RATIO_OWN_SYNC] = "Speedup over the runtime's own sync; B / A above 1 gains more in B",
        [RATIO_PY_SYNC] = "Speedup over " SUMMARY_BASELINE_RUNTIME ":sync; B / A above 1 gains more in B"};
    const bool speedup = what >= COMPARE_SPEEDUP && what < COMPARE_P50;
    struct table table = cells_table;
    table.title = speedup              ? speedups[c->options.base]
                  : what < COMPARE_P50 ? "Time; A / B above 1 is faster in B"
                                       : "Latency of a job, from when it was to start; A / B above 1 is sooner in B";
    table.view = VIEW(what);
    table.rows = rows;
    table.row_size = 0;
    for (size_t i = 0; i < c->row_count; i++)
        if (c->rows[i].group[COMPARE_B] == group && !(speedup && c->rows[i].cell[COMPARE_B]->role == ROLE_CONTROL))
            rows[table.row_count++] = &c->rows[i];
    write_table(w, &table);
}

static int write_groups(const struct compare *c, struct writer *w)
{
    const struct compare_row **rows = calloc(c->row_count + 1, sizeof(struct compare_row *));
    const struct plan_group *last = NULL;
    int rc = rows == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < c->row_count && rc == 0; i++) {
        const struct plan_group *group = c->rows[i].group[COMPARE_B];
        if (group == last)
            continue;
        last = group;
        rc = document_write_group_heading(group, w);
        if (group->rate > 0) {
            write_part(c, group, COMPARE_P99, rows, w);
            continue;
        }
        write_part(c, group, (enum compare_what)(COMPARE_TIME + (int)c->options.time), rows, w);
        write_part(c, group, (enum compare_what)(COMPARE_SPEEDUP + (int)c->options.time), rows, w);
    }
    free(rows);
    return rc;
}

static void write_legend(struct writer *w)
{
    static const char *const lines[][2] = {
        {"time",
         "the median of each run, and the ratio A / B with its 95% interval: the rounds of two runs are no pairs, so "
         "it is Hodges and Lehmann's shift of the log times with the rank-sum interval. It speaks of these two "
         "runs: a machine that was slower for a while is in it."},
        {"latency",
         "of open loops, where jobs come at a rate and the schedule decides how long a command takes: the medians of "
         "the rounds' p50 and p99, compared like times."},
        {"speedup",
         "baseline / variant by the pairs of each run, then B / A the same way: what slowed all of a run is not in "
         "it. Of copies of sync: what the machine does in parallel."},
        {"▲ ▼ =", "faster (gains more), slower (gains less): the interval clears 1 by the margin, and the p-value, "
                  "adjusted by Holm over the column in all groups, is below 5%; = no difference shown."},
        {"?",
         "doubtful: the rounds are too few or the interval is over 10% to a side and does not clear 1, round 1 lies "
         "apart, or the times of a run drift."},
    };
    write_heading(w, 2, "How to read it");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        write_item(w, lines[i][0], lines[i][1]);
}

/* -- the whole ------------------------------------------------------------------------------------------------------------ */

static json_t *differences_json(const struct differences *differences)
{
    json_t *out = json_array();
    for (size_t i = 0; i < differences->count; i++) {
        const struct difference *d = &differences->items[i];
        if (json_array_append_new(out, json_pack("{ss sO? sO?}", "fact", d->key, "a", d->value[COMPARE_A], "b",
                                                 d->value[COMPARE_B])) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static json_t *middle_json(const struct compare_middle *middle)
{
    if (middle->cells == 0)
        return json_null();
    return json_pack("{so so so sI}", "ratio", json_number(middle->ratio), "least", json_number(middle->least), "most",
                     json_number(middle->most), "cells", (json_int_t)middle->cells);
}

static json_t *run_json(const struct results *r, const char *name, const char *host)
{
    return json_pack("{ss ss sI sI ss ss?}", "run", name, "suite", r->suite, "rounds", (json_int_t)r->rounds, "seed",
                     (json_int_t)r->seed, "created", r->created, "hostname", host);
}

/* What the two runs are. */
static void write_runs(const struct compare *c, const char *const names[COMPARE_SIDES], struct writer *w)
{
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        const struct results *r = c->results[side];
        const char *host = json_string_value(json_object_get(r->machine, "hostname"));
        char *text = text_format("%s: %s, %lld rounds, seed %lld, %s, on %s", names[side], r->suite,
                                 (long long)r->rounds, (long long)r->seed, r->created, host != NULL ? host : "unknown");
        write_fact(w, side == COMPARE_A ? "a" : "b", run_json(r, names[side], host));
        if (text != NULL)
            write_item(w, side_names[side], text);
        w->rc = text != NULL ? w->rc : -ENOMEM;
        free(text);
    }
}

static void write_facts(const struct compare *c, struct writer *w)
{
    const bool gate = c->options.slower > 0;
    write_fact(w, "compare", json_integer(2));
    write_fact(w, "time", json_string(c->options.time == RATIO_WHOLE ? "whole" : "work"));
    write_fact(w, "base", json_string(c->options.base == RATIO_OWN_SYNC ? "own_sync" : "py_sync"));
    write_fact(w, "by", json_string(c->options.by_speedup ? "speedup" : "time"));
    write_fact(w, "margin", json_real(c->margin));
    write_fact(w, "gate_limit", gate ? json_real(c->options.slower) : json_null());
    write_fact(w, "gate_fails", gate ? json_boolean(c->gate_fails) : json_null());
    write_fact(w, "moved_alike", json_boolean(compare_moved_alike(c)));
    write_fact(w, "middle_time", middle_json(&c->middle_time));
    write_fact(w, "middle_speedup", middle_json(&c->middle_speedup));
    write_fact(w, "plan", differences_json(&c->plan));
    write_fact(w, "machine", differences_json(&c->machine));
    write_fact(w, "moving", differences_json(&c->moving));
}

/* The findings, with the runs behind the answer. */
static int write_findings(const struct compare *c, const char *const names[COMPARE_SIDES], struct writer *w)
{
    struct teller t = {.w = w,
                       .compare = c,
                       .entries = calloc((COMPARE_CHANGES - COMPARE_P50) * c->row_count + 1, sizeof *t.entries),
                       .told = json_array()};
    t.out = open_memstream(&t.text, &t.length);
    if (t.entries != NULL && t.out != NULL) {
        find_entries(&t);
        tell_counts(&t);
        tell_verdicts(&t, "slower", VERDICT_SLOWER, VERDICT_SLOWER);
        tell_verdicts(&t, "faster", VERDICT_FASTER, VERDICT_FASTER);
        tell_verdicts(&t, "not known", VERDICT_TOO_FEW_ROUNDS, VERDICT_UNRESOLVED);
        tell_middle(&t);
        tell_gate(&t);
        write_runs(c, names, w);
        tell_warnings(&t);
        tell_changes(&t);
        write_fact(w, "findings", json_incref(t.told));
    } else {
        w->rc = -ENOMEM;
    }
    if (t.out != NULL)
        fclose(t.out);
    free(t.text);
    json_decref(t.told);
    free(t.entries);
    return w->rc;
}

int compare_write(const struct compare *c, const char *const names[COMPARE_SIDES], struct writer *w)
{
    write_facts(c, w);
    write_heading(w, 1, "B compared with A");
    int rc = write_findings(c, names, w);
    if (w->format->for_programs) {
        struct table table = cells_table;
        table.rows = c->rows;
        table.row_count = c->row_count + c->lone_count;
        write_table(w, &table);
    } else if (rc == 0 && (rc = write_groups(c, w)) == 0 && c->row_count > 0) {
        write_legend(w);
    }
    const int ended = write_end(w);
    return rc != 0 ? rc : ended;
}
