/* SPDX-License-Identifier: MIT */
/* The warnings of a run, one function for each kind, and the notes of a group. Cells that share a cause share the sentence. */
#include "bench/report/warnings.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/analysis/summary.h"
#include "bench/protocol/interference_kind.h"
#include "bench/report/format.h"
#include "bench/stats/order.h"

/* So many are named one by one. */
enum { NAMES_MOST = 4, RUNS_MOST = 3 };

const char *warning_title(enum warning_kind kind)
{
    static const char *const titles[WARNINGS] = {
        [WARNING_INTERRUPTED] = "cut off", [WARNING_FORCED] = "forced",       [WARNING_CONCURRENT] = "other run",
        [WARNING_CONTROL] = "control",     [WARNING_FAILED] = "failed",       [WARNING_IMPOSSIBLE] = "not here",
        [WARNING_DISTURBED] = "disturbed", [WARNING_PRECISION] = "precision", [WARNING_FEW_ROUNDS] = "rounds",
    };
    return titles[kind];
}

static int warn_interrupted(struct string_list *out, const struct summary *summary)
{
    if (!summary->interrupted)
        return 0;
    if (!results_fixed_rounds(summary->results))
        return string_list_add(out, "the run ended before its budget or its precision was reached");
    return string_list_addf(out, "not every cell has the %lld round%s planned", (long long)summary->results->rounds,
                            summary->results->rounds == 1 ? " that was" : "s that were");
}

static int warn_forced(struct string_list *out, const struct summary *summary)
{
    json_t *differences = events_forced(&summary->results->events);
    const json_t *text;
    size_t i;
    int rc = differences == NULL ? -ENOMEM : 0;
    json_array_foreach(differences, i, text) if (rc == 0) rc = string_list_addf(
        out, "not all of it was measured with the same programs, on the same machine: %s", json_string_value(text));
    json_decref(differences);
    return rc;
}

static void clock_text(const json_t *at, char *out, size_t room)
{
    const time_t seconds = (time_t)json_number_value(at);
    struct tm utc;
    if (!json_is_number(at) || gmtime_r(&seconds, &utc) == NULL || strftime(out, room, "%H:%M:%S UTC", &utc) == 0)
        snprintf(out, room, "a time not known");
}

static int warn_concurrent(struct string_list *out, const struct summary *summary)
{
    json_t *runs = events_neighbours(&summary->results->events);
    const json_t *one;
    size_t i;
    int rc = runs == NULL ? -ENOMEM : 0;
    json_array_foreach(runs, i, one)
    {
        char from[32], until[32];
        clock_text(json_object_get(one, "from"), from, sizeof from);
        clock_text(json_object_get(one, "until"), until, sizeof until);
        if (rc == 0 && i < RUNS_MOST)
            rc = string_list_addf(
                out, "another cobench run (pid %lld) was measuring here from %s to %s: each disturbs the other",
                (long long)json_integer_value(json_object_get(one, "pid")), from, until);
    }
    if (rc == 0 && json_array_size(runs) > RUNS_MOST)
        rc = string_list_addf(out, "%zu more cobench runs were measuring here meanwhile; summary.json has all of them",
                              json_array_size(runs) - RUNS_MOST);
    json_decref(runs);
    return rc;
}

static int add_once(struct string_list *names, const char *name)
{
    return string_list_have(names, name) ? 0 : string_list_add(names, name);
}

static int warn_controls(struct string_list *out, const struct summary *summary)
{
    struct string_list parts = {NULL, 0};
    int rc = 0;
    for (size_t i = 0; i < summary->control_count && rc == 0; i++) {
        const struct summary_control *c = &summary->controls[i];
        struct format ratio, interval;
        if (c->flagged)
            rc = string_list_addf(&parts, "%s %s:%s %s%s, 99%% %s", c->group->name, c->cell->runtime, c->cell->model,
                                  c->group->rate > 0 ? "p50 " : "", format_ratio(&ratio, c->ratio.ratio),
                                  format_interval(&interval, c->low99, c->high99));
    }
    return format_add_names(
        out, rc, &parts, SIZE_MAX, "; ",
        "the same command against itself did not come out at 1, so the machine was not steady: ", "");
}

static bool same_cause(const struct result_cell *a, const struct result_cell *b)
{
    return a->status == b->status && strcmp(a->reason, b->reason) == 0;
}

/* One sentence for all cells of the plan that a cause took, controls and capacity rows too; `first` is the first of them. */
static int warn_cause(struct string_list *out, const struct results *results, const struct result_cell *first)
{
    static const char *const words[] = {
        [CELL_REFUSED] = "refused, ", [CELL_FAILED] = "", [CELL_TIMEOUT] = "out of time, ", [CELL_IMPOSSIBLE] = ""};
    struct string_list names = {NULL, 0}, groups = {NULL, 0}, where = {NULL, 0};
    int rc = 0;
    for (const struct result_cell *c = first; c < results->cells + results->cell_count && rc == 0; c++) {
        char name[120];
        if (c->status <= CELL_OK || !same_cause(first, c))
            continue;
        snprintf(name, sizeof name, "%.50s:%.50s", c->runtime, c->model);
        rc = add_once(&names, name);
        if (rc == 0)
            rc = add_once(&groups, results->groups[c->group].name);
    }
    char *why = text_format(": %s%s", words[first->status], first->reason);
    rc = format_add_names(&where, why == NULL ? -ENOMEM : rc, &groups, NAMES_MOST, ", ", "", ": ");
    rc = format_add_names(out, rc, &names, NAMES_MOST, ", ", rc == 0 ? where.items[0] : "", why);
    free(why);
    string_list_free(&where);
    return rc;
}

static int warn_status(struct string_list *out, const struct summary *summary, bool impossible)
{
    const struct results *results = summary->results;
    int rc = 0;
    for (size_t i = 0; i < results->cell_count && rc == 0; i++) {
        const struct result_cell *c = &results->cells[i];
        bool told = c->status <= CELL_OK || (c->status == CELL_IMPOSSIBLE) != impossible;
        for (size_t k = 0; k < i && !told; k++)
            told = results->cells[k].status > CELL_OK && same_cause(&results->cells[k], c);
        if (!told)
            rc = warn_cause(out, results, c);
    }
    return rc;
}

static int warn_failed(struct string_list *out, const struct summary *summary)
{
    return warn_status(out, summary, false);
}

static int warn_impossible(struct string_list *out, const struct summary *summary)
{
    return warn_status(out, summary, true);
}

/* One sentence for the run: where the machine is busy every cell has its part of it, and the tables say how much. */
static int warn_disturbed(struct string_list *out, const struct summary *summary)
{
    static const char *const causes[] = {[INTERFERENCE_STEAL] = "a hypervisor took time",
                                         [INTERFERENCE_QUOTA] = "a CPU quota throttled it",
                                         [INTERFERENCE_HEAT] = "the CPU throttled itself",
                                         [INTERFERENCE_LOAD] = "other processes used the CPUs"};
    size_t counts[INTERFERENCE_KINDS] = {0}, any = 0, all = 0;
    struct string_list parts = {NULL, 0};
    char before[120];
    int rc = 0;
    for (size_t i = 0; i < summary->results->cell_count; i++) {
        const struct result_cell *c = &summary->results->cells[i];
        for (unsigned k = 0; k < INTERFERENCE_KINDS; k++)
            counts[k] += results_disturbed(c, 1u << k);
        any += results_disturbed(c, ~0u);
        all += c->count;
    }
    for (unsigned k = 0; k < INTERFERENCE_KINDS && rc == 0; k++)
        if (counts[k] > 0)
            rc = string_list_addf(&parts, "%s in %zu", causes[k], counts[k]);
    snprintf(before, sizeof before, "%zu of %zu timed samples were taken while the machine was disturbed: ", any, all);
    return format_add_names(out, rc, &parts, SIZE_MAX, ", ", before, "; they are marked and kept");
}

/* The most ratios of one column in a group of which one is clear and the rounds are too few to say so; 0: none. */
static size_t undecidable(const struct summary *summary, const struct plan_group *group)
{
    size_t most = 0;
    for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES; b++) {
            size_t family = 0;
            bool too_few = false;
            for (size_t i = 0; i < summary->cell_count; i++) {
                const struct ratio *ratio = &summary->cells[i].speedup[t][b];
                family += summary->cells[i].group == group && ratio->verdict != VERDICT_NONE;
                too_few |= summary->cells[i].group == group && ratio->verdict == VERDICT_TOO_FEW_ROUNDS;
            }
            most = too_few && family > most ? family : most;
        }
    return most;
}

/* One sentence for all groups: the one that needs most decides. */
static int warn_undecidable(struct string_list *out, const struct summary *summary)
{
    struct string_list groups = {NULL, 0};
    size_t most = 0;
    int rc = 0;
    for (size_t g = 0; g < summary->results->group_count && rc == 0; g++) {
        const size_t family = undecidable(summary, &summary->results->groups[g]);
        most = family > most ? family : most;
        if (family > 0)
            rc = string_list_add(&groups, summary->results->groups[g].name);
    }
    char after[120];
    snprintf(after, sizeof after,
             ": with up to %zu ratios in a column it takes %zu rounds to call one faster or slower", most,
             most > 0 ? ratio_rounds_needed(most) : 0);
    return format_add_names(out, rc, &groups, NAMES_MOST, ", ", "", after);
}

/* A precision that was asked for and not reached. */
static int warn_precision(struct string_list *out, const struct summary *summary)
{
    const double asked = summary->results->asked.precision;
    int rc = 0;
    for (size_t g = 0; asked > 0 && g < summary->results->group_count && rc == 0; g++) {
        const struct plan_group *group = &summary->results->groups[g];
        const double reached = precision_reached(summary, g);
        const bool budget = group->why != NULL && strcmp(group->why, stopping_name(STOPPING_BUDGET)) == 0;
        if (reached > asked)
            rc = string_list_addf(out, "%s: its widest interval is %.2g%% to a side, and %.2g%% were asked for%s",
                                  group->name, 100 * reached, 100 * asked, budget ? "; the budget was over" : "");
    }
    return rc;
}

static int warn_few_rounds(struct string_list *out, const struct summary *summary)
{
    const long long rounds = (long long)summary->results->rounds;
    int rc = 0;
    if (!results_compare(summary->results))
        return 0;
    if (rounds < STATS_MIN_95)
        rc = string_list_addf(out, "%lld: no intervals below %d, so no ratio here says how sure it is", rounds,
                              STATS_MIN_95);
    else if (rounds < STATS_MIN_99)
        rc = string_list_addf(out, "%lld: the control rows cannot be judged below %d", rounds, STATS_MIN_99);
    return rc != 0 ? rc : warn_undecidable(out, summary);
}

/* Takes the sentences of one kind. */
static int take(struct warnings *warnings, enum warning_kind kind, struct string_list *said)
{
    struct warning *items = realloc(warnings->items, (warnings->count + said->count + 1) * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    warnings->items = items;
    for (size_t i = 0; i < said->count; i++)
        items[warnings->count++] = (struct warning){.kind = kind, .text = said->items[i]};
    free(said->items);
    *said = (struct string_list){NULL, 0};
    return 0;
}

int warnings_make(struct warnings *warnings, const struct summary *summary)
{
    static int (*const collectors[WARNINGS])(struct string_list *, const struct summary *) = {
        [WARNING_INTERRUPTED] = warn_interrupted, [WARNING_FORCED] = warn_forced,
        [WARNING_CONCURRENT] = warn_concurrent,   [WARNING_CONTROL] = warn_controls,
        [WARNING_FAILED] = warn_failed,           [WARNING_IMPOSSIBLE] = warn_impossible,
        [WARNING_DISTURBED] = warn_disturbed,     [WARNING_PRECISION] = warn_precision,
        [WARNING_FEW_ROUNDS] = warn_few_rounds,
    };
    *warnings = (struct warnings){NULL, 0};
    int rc = 0;
    for (enum warning_kind kind = 0; kind < WARNINGS && rc == 0; kind++) {
        struct string_list said = {NULL, 0};
        rc = collectors[kind](&said, summary);
        if (rc == 0)
            rc = take(warnings, kind, &said);
        string_list_free(&said);
    }
    if (rc != 0)
        warnings_free(warnings);
    return rc;
}

void warnings_free(struct warnings *warnings)
{
    for (size_t i = 0; i < warnings->count; i++)
        free(warnings->items[i].text);
    free(warnings->items);
    *warnings = (struct warnings){NULL, 0};
}

/* -- notes -------------------------------------------------------------------------------------------------------------------- */

/* Is this the reason for a doubt about the cell or one of its ratios? */
static bool has_doubt(const struct summary_cell *cell, enum doubt doubt)
{
    bool has = cell->doubt == doubt;
    for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES; b++)
            has |= ratio_level(&cell->speedup[t][b]) == LEVEL_DOUBTFUL && cell->speedup[t][b].doubt == doubt;
    return cell->verified && has;
}

static int note_doubt(struct string_list *notes, const struct summary *summary, const struct plan_group *group,
                      enum doubt doubt)
{
    struct string_list names = {NULL, 0};
    size_t all = 0;
    char after[200];
    int rc = 0;
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++) {
        const struct summary_cell *c = &summary->cells[i];
        all += c->group == group;
        if (c->group == group && has_doubt(c, doubt))
            rc = string_list_addf(&names, "%s:%s", c->cell->runtime, c->cell->model);
    }
    snprintf(after, sizeof after, ": %s", doubt_text(doubt));
    if (names.count == all && all > 1) {
        string_list_free(&names);
        rc = string_list_add(&names, "all variants");
    }
    return format_add_names(notes, rc, &names, NAMES_MOST, ", ", "", after);
}

/* What the machine's CPUs are that the work shared (machine.json; what is not known is absent). */
static int note_cpus(struct string_list *notes, const struct summary *summary, const struct plan_group *group)
{
    const json_t *facts = summary->results->machine;
    const char *smt = json_string_value(json_object_get(facts, "smt"));
    const double cores = json_number_value(json_object_get(facts, "cores"));
    const json_t *weight = json_object_get(facts, "cpu_weight");
    int rc = 0;
    if (strcmp(group->kind, "io") == 0 || group->workers < 2)
        return 0;
    if (json_integer_value(json_object_get(facts, "cpu_kinds")) > 1)
        rc = string_list_add(notes, "the CPUs here are of more than one kind: work on a slower one takes longer");
    if (rc == 0 && smt != NULL && strcmp(smt, "on") == 0 && cores > 0 && (double)group->workers > cores)
        rc = string_list_addf(notes, "%lld workers on %.0f cores: two threads of one core (SMT) share what it can do",
                              (long long)group->workers, cores);
    if (rc == 0 && json_is_integer(weight) && json_integer_value(weight) != 100)
        rc = string_list_addf(notes, "this run's control group has a CPU weight of %lld, not 100: others may go first",
                              (long long)json_integer_value(weight));
    return rc;
}

int notes_make(struct string_list *notes, const struct summary *summary, const struct plan_group *group)
{
    int rc = 0;
    for (enum doubt doubt = DOUBT_NONE + 1; doubt < DOUBTS && rc == 0; doubt++)
        rc = note_doubt(notes, summary, group, doubt);
    return rc != 0 ? rc : note_cpus(notes, summary, group);
}
