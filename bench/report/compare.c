/* SPDX-License-Identifier: MIT */
/* A comparison in sentences. Lists of cells name the farthest first and no more than a line or two of them: the table
 * has them all. */
#include "bench/report/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/warnings.h"

#define NAMES_SHOWN  6
#define FILES_PREFIX "fingerprint "

static const char *const side_names[COMPARE_SIDES] = {"A", "B"};

/* "whole-command time", "work time speedup over the own sync": what is told and judged. */
static const char *story_subject(const struct compare *c)
{
    static const char *const subjects[2][RATIO_TIMES][RATIO_BASES] = {
        {[RATIO_WHOLE] = {"whole-command time", "whole-command time"}, [RATIO_WORK] = {"work time", "work time"}},
        {[RATIO_WHOLE] = {[RATIO_OWN_SYNC] = "whole-command speedup over the own sync",
                          [RATIO_PY_SYNC] = "whole-command speedup over " SUMMARY_BASELINE_RUNTIME ":sync"},
         [RATIO_WORK] = {[RATIO_OWN_SYNC] = "work speedup over the own sync",
                         [RATIO_PY_SYNC] = "work speedup over " SUMMARY_BASELINE_RUNTIME ":sync"}}};
    return subjects[c->options.by_speedup][c->options.time][c->options.base];
}

/* Takes `text`, also when it fails; NULL: no memory. */
static int add(struct story *story, enum story_kind kind, const char *title, char *text)
{
    struct story_line *lines = text == NULL ? NULL : realloc(story->lines, (story->count + 1) * sizeof *lines);
    if (lines == NULL) {
        free(text);
        return -ENOMEM;
    }
    story->lines = lines;
    lines[story->count++] = (struct story_line){.kind = kind, .title = title, .text = text};
    return 0;
}

/* -- lists of cells ------------------------------------------------------------------------------------------------------- */

/* "count c:async", to be freed. */
static char *row_name(const struct compare_row *row)
{
    char *cell = compare_name(row->cell[COMPARE_B]);
    char *name = cell == NULL ? NULL : text_format("%s %s", row->group[COMPARE_B]->name, cell);
    free(cell);
    return name;
}

/* "a, b, c and 4 more"; NULL: no memory. */
static char *join(const struct string_list *names)
{
    if (names->count <= NAMES_SHOWN)
        return string_list_join(names, ", ");
    struct string_list shown = {.items = NULL};
    int rc = 0;
    for (size_t i = 0; i < NAMES_SHOWN && rc == 0; i++)
        rc = string_list_add(&shown, names->items[i]);
    char *some = rc == 0 ? string_list_join(&shown, ", ") : NULL;
    char *all = some == NULL ? NULL : text_format("%s and %zu more", some, names->count - NAMES_SHOWN);
    free(some);
    string_list_free(&shown);
    return all;
}

/* Which of a row's judged changes: " p99 latency"; "" where there is but one. */
static const char *change_name(const struct compare *c, const struct compare_row *row, size_t k)
{
    static const char *const names[COMPARE_LATENCIES] = {
        [COMPARE_P50] = " p50 latency", [COMPARE_P99] = " p99 latency"};
    return compare_judged(c, row, 1) != NULL ? names[k] : "";
}

/* One of the changes that the sentences are about, with what it is sorted by. */
struct entry {
    const struct compare_row *row;
    const struct ratio *ratio;
    const char *what;
    double far; /* how far from 1 */
};

static int by_distance(const void *a, const void *b)
{
    const double x = ((const struct entry *)a)->far, y = ((const struct entry *)b)->far;
    return x > y ? -1 : x < y;
}

/* Those with the verdict. Returns how many. */
static size_t find_entries(const struct compare *c, enum verdict verdict, struct entry *entries)
{
    size_t count = 0;
    for (size_t i = 0; i < c->row_count; i++)
        for (size_t k = 0; compare_judged(c, &c->rows[i], k) != NULL; k++) {
            const struct ratio *ratio = &compare_judged(c, &c->rows[i], k)->ratio;
            if (ratio->verdict == verdict)
                entries[count++] = (struct entry){&c->rows[i], ratio, change_name(c, &c->rows[i], k),
                                                  fabs(log(ratio->ratio))};
        }
    return count;
}

/* The changes with a verdict, the farthest first, "count c:async 0.84x [0.82,0.86]". */
static int list_verdict(const struct compare *c, enum verdict verdict, struct string_list *out)
{
    struct entry *entries = calloc(COMPARE_LATENCIES * c->row_count + 1, sizeof *entries);
    if (entries == NULL)
        return -ENOMEM;
    const size_t count = find_entries(c, verdict, entries);
    int rc = 0;
    qsort(entries, count, sizeof *entries, by_distance);
    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct ratio *ratio = entries[i].ratio;
        struct format number, interval;
        char *name = row_name(entries[i].row);
        rc = name == NULL
                 ? -ENOMEM
                 : string_list_addf(out, "%s%s %s %s", name, entries[i].what, format_ratio(&number, ratio->ratio),
                                    format_interval(&interval, ratio->low, ratio->high));
        free(name);
    }
    free(entries);
    return rc;
}

static int add_verdict(struct story *story, const struct compare *c, enum verdict verdict)
{
    struct string_list names = {.items = NULL};
    int rc = list_verdict(c, verdict, &names);
    if (rc == 0 && names.count > 0)
        rc = add(story, STORY_ANSWER, verdict_name(verdict), join(&names));
    string_list_free(&names);
    return rc;
}

/* -- the answer ----------------------------------------------------------------------------------------------------------- */

/* Is the row one that the answer is about? */
static bool is_told(const struct compare *c, const struct compare_row *row)
{
    return row->cell[COMPARE_B]->role == ROLE_MODEL && compare_judged(c, row, 0)->ratio.state != RATIO_SELF;
}

/* Why nothing is known of a row; NULL: something is. */
static const char *unknown_reason(const struct ratio *ratio)
{
    if (ratio->verdict == VERDICT_NONE)
        return ratio->state == RATIO_NOT_RUN ? "no times" : format_ratio_state(ratio->state);
    return ratio->verdict >= VERDICT_TOO_FEW_ROUNDS ? verdict_name(ratio->verdict) : NULL;
}

/* The verdicts of all changes that are told of rows with so many of them. Returns how many rows. */
static size_t count_verdicts(const struct compare *c, bool several, size_t counts[VERDICT_UNRESOLVED + 1])
{
    size_t rows = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const struct compare_row *row = &c->rows[i];
        if (!is_told(c, row) || (compare_judged(c, row, 1) != NULL) != several)
            continue;
        rows++;
        for (size_t k = 0; compare_judged(c, row, k) != NULL; k++)
            counts[compare_judged(c, row, k)->ratio.verdict]++;
    }
    return rows;
}

/* One sentence for the cells of closed loops, one for those of open ones, as far as there are some. */
static int answer_count(struct story *story, const struct compare *c)
{
    int rc = 0;
    size_t all = 0;
    for (int several = 0; several < 2 && rc == 0; several++) {
        size_t counts[VERDICT_UNRESOLVED + 1] = {0};
        const size_t rows = count_verdicts(c, several == 1, counts);
        all += rows;
        if (rows > 0)
            rc = add(
                story, STORY_ANSWER, "",
                text_format("B against A, %s of %zu cell%s: %zu slower, %zu faster, %zu with no difference shown, %zu "
                            "not known",
                            several == 1 ? "p50 and p99 latency in an open loop" : story_subject(c), rows,
                            rows == 1 ? "" : "s", counts[VERDICT_SLOWER], counts[VERDICT_FASTER],
                            counts[VERDICT_NO_DIFFERENCE], counts[VERDICT_NONE] + counts[VERDICT_UNRESOLVED]));
    }
    if (rc == 0 && all == 0)
        rc = add(story, STORY_ANSWER, "", text_format("B against A: no cell can be compared in %s", story_subject(c)));
    return rc;
}

/* Why nothing is known of a row's k-th change, of those that are told; NULL: something is, or there is none. */
static const char *reason_of(const struct compare *c, const struct compare_row *row, size_t k)
{
    return is_told(c, row) && compare_judged(c, row, k) != NULL ? unknown_reason(&compare_judged(c, row, k)->ratio)
                                                                : NULL;
}

/* Was the reason told of a change before this one? */
static bool is_told_before(const struct compare *c, const char *reason, size_t row, size_t k)
{
    for (size_t i = 0; i <= row; i++)
        for (size_t m = 0; m < (i < row ? COMPARE_LATENCIES : k); m++) {
            const char *other = reason_of(c, &c->rows[i], m);
            if (other != NULL && strcmp(reason, other) == 0)
                return true;
        }
    return false;
}

/* Adds "unresolved: a, b p99 latency" to `parts`: all changes with the reason. */
static int unknown_part(const struct compare *c, const char *reason, struct string_list *parts)
{
    struct string_list names = {.items = NULL};
    int rc = 0;
    for (size_t i = 0; i < c->row_count && rc == 0; i++)
        for (size_t k = 0; k < COMPARE_LATENCIES && rc == 0; k++) {
            const char *other = reason_of(c, &c->rows[i], k);
            if (other == NULL || strcmp(reason, other) != 0)
                continue;
            char *name = row_name(&c->rows[i]);
            rc = name == NULL ? -ENOMEM : string_list_addf(&names, "%s%s", name, change_name(c, &c->rows[i], k));
            free(name);
        }
    char *list = rc == 0 ? join(&names) : NULL;
    if (rc == 0)
        rc = list == NULL ? -ENOMEM : string_list_addf(parts, "%s: %s", reason, list);
    free(list);
    string_list_free(&names);
    return rc;
}

static int answer_unknown(struct story *story, const struct compare *c)
{
    struct string_list parts = {.items = NULL};
    int rc = 0;
    for (size_t i = 0; i < c->row_count && rc == 0; i++)
        for (size_t k = 0; k < COMPARE_LATENCIES && rc == 0; k++) {
            const char *reason = reason_of(c, &c->rows[i], k);
            if (reason != NULL && !is_told_before(c, reason, i, k))
                rc = unknown_part(c, reason, &parts);
        }
    if (rc == 0 && parts.count > 0)
        rc = add(story, STORY_ANSWER, "not known", string_list_join(&parts, "; "));
    string_list_free(&parts);
    return rc;
}

/* "1.00x (0.95x to 1.03x)", to be freed. */
static char *middle_text(const struct compare_middle *middle)
{
    struct format ratio, least, most;
    return text_format("%s (%s to %s over %zu)", format_ratio(&ratio, middle->ratio),
                       format_ratio(&least, middle->least), format_ratio(&most, middle->most), middle->cells);
}

static int answer_middle(struct story *story, const struct compare *c)
{
    if (c->middle_time.cells < 2)
        return 0;
    char *time = middle_text(&c->middle_time);
    char *speedup = c->middle_speedup.cells > 0 ? middle_text(&c->middle_speedup) : strdup("not known");
    int rc = time == NULL || speedup == NULL ? -ENOMEM : 0;
    if (rc == 0)
        rc = add(story, STORY_ANSWER, "the middle",
                 text_format("of all cells: time %s, speedup %s%s", time, speedup,
                             compare_moved_alike(c)
                                 ? "; most moved alike while their speedups stayed, so it is the machine, "
                                   "a compiler or an interpreter that changed, and not a model"
                                 : ""));
    free(speedup);
    free(time);
    return rc;
}

/* -- the gate ------------------------------------------------------------------------------------------------------------- */

/* "fetch c:async p99 latency": a row with those of its changes that are beyond the limit, if it has several; to be freed. */
static char *gate_name(const struct compare *c, const struct compare_row *row)
{
    char *name = row_name(row);
    for (size_t k = 0; name != NULL && compare_judged(c, row, k) != NULL; k++)
        if (compare_judged(c, row, k)->gate_beyond) {
            char *longer = text_format("%s%s", name, change_name(c, row, k));
            free(name);
            name = longer;
        }
    return name;
}

static int gate_part(const struct compare *c, enum compare_gate gate, const char *what, struct string_list *parts)
{
    struct string_list names = {.items = NULL};
    int rc = 0;
    for (size_t i = 0; i < c->row_count && rc == 0; i++)
        if (c->rows[i].gate == gate) {
            char *name = gate_name(c, &c->rows[i]);
            rc = name == NULL ? -ENOMEM : string_list_add(&names, name);
            free(name);
        }
    char *list = NULL;
    if (rc == 0 && names.count > 0) {
        list = gate == GATE_UNKNOWN ? join(&names) : string_list_join(&names, ", "); /* what fails is named in full */
        rc = list == NULL ? -ENOMEM : string_list_addf(parts, "%s: %s", what, list);
    }
    free(list);
    string_list_free(&names);
    return rc;
}

/* Does the gate judge cells of closed loops, latencies of open ones, or both? */
static const char *gate_subject(const struct compare *c, char *room, size_t size)
{
    bool open = false, closed = false;
    for (size_t i = 0; i < c->row_count; i++)
        if (c->rows[i].gate != GATE_NONE) {
            open |= compare_judged(c, &c->rows[i], 1) != NULL;
            closed |= compare_judged(c, &c->rows[i], 1) == NULL;
        }
    snprintf(room, size, "%s%s%s", closed || !open ? story_subject(c) : "", open && closed ? " and " : "",
             open ? "latency in an open loop" : "");
    return room;
}

static int tell_gate(struct story *story, const struct compare *c)
{
    char limit[64], subject[120];
    size_t judged = 0;
    struct string_list parts = {.items = NULL};
    if (!(c->options.slower > 0))
        return 0;
    for (size_t i = 0; i < c->row_count; i++)
        judged += c->rows[i].gate == GATE_PASSES || c->rows[i].gate == GATE_SLOWER;
    snprintf(limit, sizeof limit, "more than %.4g%% slower", 100 * c->options.slower);
    int rc = string_list_addf(&parts, "--fail-if-slower %.4g%%, %s: %s, %zu cell%s judged", 100 * c->options.slower,
                              gate_subject(c, subject, sizeof subject), c->gate_fails ? "fails" : "passes", judged,
                              judged == 1 ? "" : "s");
    if (rc == 0)
        rc = gate_part(c, GATE_SLOWER, limit, &parts);
    if (rc == 0)
        rc = gate_part(c, GATE_BROKEN, "works no longer", &parts);
    if (rc == 0)
        rc = gate_part(c, GATE_RATE, "keeps its rate no longer", &parts);
    if (rc == 0)
        rc = gate_part(c, GATE_UNKNOWN, "could not be judged", &parts);
    if (rc == 0)
        rc = add(story, STORY_GATE, "gate", string_list_join(&parts, "; "));
    string_list_free(&parts);
    return rc;
}

/* -- before any number ---------------------------------------------------------------------------------------------------- */

static int warn_same(struct story *story, const struct compare *c)
{
    if (!json_equal(c->results[COMPARE_A]->plan, c->results[COMPARE_B]->plan))
        return 0;
    return add(story, STORY_WARNING, "the same", strdup("A and B are one run: the same plan, made at the same time"));
}

/* Of the warnings of a run, those that bear on its times as a whole. */
static int warn_of_runs(struct story *story, const struct compare *c)
{
    int rc = 0;
    for (enum compare_side side = 0; side < COMPARE_SIDES && rc == 0; side++) {
        struct warnings warnings;
        rc = warnings_make(&warnings, &c->summary[side]);
        for (size_t i = 0; i < warnings.count && rc == 0; i++) {
            const struct warning *w = &warnings.items[i];
            if (w->kind == WARNING_INTERRUPTED || w->kind == WARNING_FORCED || w->kind == WARNING_CONCURRENT ||
                w->kind == WARNING_DISTURBED || w->kind == WARNING_CONTROL)
                rc = add(story, STORY_WARNING, warning_title(w->kind),
                         text_format("%s: %s", side_names[side], w->text));
        }
        warnings_free(&warnings);
    }
    return rc;
}

static int warn_of_row(struct story *story, const struct compare_row *row)
{
    const char *const *note = row->note;
    int rc = 0;
    char *name = row_name(row);
    if (name == NULL)
        return -ENOMEM;
    if (note[COMPARE_A] != NULL && note[COMPARE_B] != NULL && strcmp(note[COMPARE_A], note[COMPARE_B]) == 0)
        rc = add(story, STORY_WARNING, "failed", text_format("in both: %s: %s", name, note[COMPARE_B]));
    else
        for (enum compare_side side = 0; side < COMPARE_SIDES && rc == 0; side++)
            if (note[side] != NULL)
                rc = add(story, STORY_WARNING, "failed",
                         text_format("in %s: %s: %s", side_names[side], name, note[side]));
    free(name);
    return rc;
}

/* -- what changed --------------------------------------------------------------------------------------------------------- */

static int tell_difference(struct story *story, const char *title, const struct difference *difference)
{
    char *text[2];
    int rc = difference_text(difference, text);
    if (rc == 0)
        rc = add(story, STORY_CHANGED, title, text_format("%s: %s -> %s", difference->key, text[0], text[1]));
    free(text[0]);
    free(text[1]);
    return rc;
}

/* What is told of a fact: its values, its name where only one run has it, or, of the many programs and sources whose
 * checksums say nothing to a reader, their names. */
enum telling { TELL_VALUES, TELL_ONLY_A, TELL_ONLY_B, TELL_PROGRAM };

static enum telling telling_of(const struct difference *difference)
{
    if (difference->value[COMPARE_A] == NULL)
        return TELL_ONLY_B;
    if (difference->value[COMPARE_B] == NULL)
        return TELL_ONLY_A;
    return strncmp(difference->key, FILES_PREFIX, sizeof FILES_PREFIX - 1) == 0 ? TELL_PROGRAM : TELL_VALUES;
}

static int tell_names(struct story *story, const struct differences *facts, enum telling telling, const char *what)
{
    struct string_list names = {.items = NULL};
    const size_t skipped = telling == TELL_PROGRAM ? sizeof FILES_PREFIX - 1 : 0;
    int rc = 0;
    for (size_t i = 0; i < facts->count && rc == 0; i++)
        if (telling_of(&facts->items[i]) == telling)
            rc = string_list_add(&names, facts->items[i].key + skipped);
    if (rc == 0 && names.count > 0) {
        char *list = join(&names);
        rc = add(story, STORY_CHANGED, "machine", list == NULL ? NULL : text_format("%s: %s", what, list));
        free(list);
    }
    string_list_free(&names);
    return rc;
}

static int tell_facts(struct story *story, const struct differences *facts)
{
    int rc = 0;
    for (size_t i = 0; i < facts->count && rc == 0; i++)
        if (telling_of(&facts->items[i]) == TELL_VALUES)
            rc = tell_difference(story, "machine", &facts->items[i]);
    if (rc == 0)
        rc = tell_names(story, facts, TELL_PROGRAM, "programs and sources with other bytes");
    if (rc == 0)
        rc = tell_names(story, facts, TELL_ONLY_A, "recorded in A only");
    return rc != 0 ? rc : tell_names(story, facts, TELL_ONLY_B, "recorded in B only");
}

/* "load1 0.4 -> 0.7, ..." in one line. */
static int tell_moving(struct story *story, const struct differences *moving)
{
    struct string_list facts = {.items = NULL};
    int rc = 0;
    for (size_t i = 0; i < moving->count && rc == 0; i++) {
        char *text[2];
        rc = difference_text(&moving->items[i], text);
        if (rc == 0)
            rc = string_list_addf(&facts, "%s %s -> %s", moving->items[i].key, text[0], text[1]);
        free(text[0]);
        free(text[1]);
    }
    if (rc == 0 && facts.count > 0)
        rc = add(story, STORY_CHANGED, "moving", string_list_join(&facts, ", "));
    string_list_free(&facts);
    return rc;
}

static size_t cells_of(const struct results *results, const struct plan_group *group)
{
    size_t count = 0;
    for (size_t i = 0; i < results->cell_count; i++)
        count += &results->groups[results->cells[i].group] == group;
    return count;
}

/* The cells of one group that only one run has. */
static int tell_lone(struct story *story, const struct compare *c, size_t first)
{
    static const char *const titles[COMPARE_SIDES] = {"only in A", "only in B"};
    const struct compare_lone *of = &c->lone[first];
    if (first > 0 && c->lone[first - 1].side == of->side && c->lone[first - 1].group == of->group)
        return 0;
    struct string_list cells = {.items = NULL};
    int rc = 0;
    for (size_t i = first; i < c->lone_count && rc == 0; i++)
        if (c->lone[i].side == of->side && c->lone[i].group == of->group) {
            char *name = compare_name(c->lone[i].cell);
            rc = name == NULL ? -ENOMEM : string_list_add(&cells, name);
            free(name);
        }
    char *list = NULL;
    if (rc == 0)
        list = cells.count == cells_of(c->results[of->side], of->group) ? text_format("all %zu cells", cells.count)
                                                                        : join(&cells);
    char *params = format_params(of->group), *shape = format_shape(of->group);
    const bool whole = list != NULL && params != NULL && shape != NULL;
    rc = !whole ? -ENOMEM
                : add(story, STORY_CHANGED, titles[of->side],
                      text_format("%s%s%s%s, %s: %s", of->group->name, *params != '\0' ? " (" : "", params,
                                  *params != '\0' ? ")" : "", shape, list));
    free(shape);
    free(params);
    free(list);
    string_list_free(&cells);
    return rc;
}

static int tell_changes(struct story *story, const struct compare *c)
{
    int rc = 0;
    for (size_t i = 0; i < c->plan.count && rc == 0; i++)
        rc = tell_difference(story, "plan", &c->plan.items[i]);
    for (size_t i = 0; i < c->lone_count && rc == 0; i++)
        rc = tell_lone(story, c, i);
    if (rc == 0)
        rc = tell_facts(story, &c->machine);
    return rc != 0 ? rc : tell_moving(story, &c->moving);
}

/* -- the whole ------------------------------------------------------------------------------------------------------------ */

static int tell_answer(struct story *story, const struct compare *c)
{
    int rc = answer_count(story, c);
    if (rc == 0)
        rc = add_verdict(story, c, VERDICT_SLOWER);
    if (rc == 0)
        rc = add_verdict(story, c, VERDICT_FASTER);
    if (rc == 0)
        rc = answer_unknown(story, c);
    return rc != 0 ? rc : answer_middle(story, c);
}

int story_make(struct story *story, const struct compare *c)
{
    *story = (struct story){.lines = NULL};
    int rc = tell_answer(story, c);
    if (rc == 0)
        rc = tell_gate(story, c);
    if (rc == 0)
        rc = warn_same(story, c);
    if (rc == 0)
        rc = warn_of_runs(story, c);
    for (size_t i = 0; i < c->row_count && rc == 0; i++)
        rc = warn_of_row(story, &c->rows[i]);
    if (rc == 0)
        rc = tell_changes(story, c);
    if (rc != 0)
        story_free(story);
    return rc;
}

void story_free(struct story *story)
{
    for (size_t i = 0; i < story->count; i++)
        free(story->lines[i].text);
    free(story->lines);
    *story = (struct story){.lines = NULL};
}
