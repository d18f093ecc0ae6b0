/* SPDX-License-Identifier: MIT */
/* The warnings of a run, one function for each kind, and the notes of a group. Cells that share a cause share the sentence. */
#include "bench/report/warnings.h"

#include <errno.h>
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

/* Takes `text`, also when it fails. */
static int add(struct warnings *warnings, enum warning_kind kind, char *text)
{
    if (text == NULL)
        return -ENOMEM;
    struct warning *items = realloc(warnings->items, (warnings->count + 1) * sizeof *items);
    if (items == NULL) {
        free(text);
        return -ENOMEM;
    }
    warnings->items = items;
    items[warnings->count++] = (struct warning){.kind = kind, .text = text};
    return 0;
}

static int warn_interrupted(struct warnings *warnings, const struct summary *summary)
{
    if (!summary->interrupted)
        return 0;
    if (!results_fixed_rounds(summary->results))
        return add(warnings, WARNING_INTERRUPTED,
                   text_format("the run ended before its budget or its precision was reached"));
    return add(warnings, WARNING_INTERRUPTED,
               text_format("not every cell has the %lld round%s planned", (long long)summary->results->rounds,
                           summary->results->rounds == 1 ? " that was" : "s that were"));
}

static int warn_forced(struct warnings *warnings, const struct summary *summary)
{
    json_t *differences = events_forced(&summary->results->events);
    const json_t *text;
    size_t i;
    int rc = differences == NULL ? -ENOMEM : 0;
    json_array_foreach(differences, i, text) if (rc == 0)
        rc = add(warnings, WARNING_FORCED,
                 text_format("not all of it was measured with the same programs, on the same machine: %s",
                             json_string_value(text)));
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

static int warn_concurrent(struct warnings *warnings, const struct summary *summary)
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
            rc = add(
                warnings, WARNING_CONCURRENT,
                text_format("another cobench run (pid %lld) was measuring here from %s to %s: each disturbs the other",
                            (long long)json_integer_value(json_object_get(one, "pid")), from, until));
    }
    if (rc == 0 && json_array_size(runs) > RUNS_MOST)
        rc = add(warnings, WARNING_CONCURRENT,
                 text_format("%zu more cobench runs were measuring here meanwhile; summary.json has all of them",
                             json_array_size(runs) - RUNS_MOST));
    json_decref(runs);
    return rc;
}

/* Adds a name if it is not there yet. */
static int names_add(struct string_list *names, const char *runtime, const char *model)
{
    char name[120];
    snprintf(name, sizeof name, "%.50s:%.50s", runtime, model);
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return 0;
    return string_list_add(names, name);
}

/* "c:threads, py:async and 3 more", to be freed; NULL: no memory. */
static char *names_text(const struct string_list *names)
{
    const struct string_list first = {names->items, names->count > NAMES_MOST ? NAMES_MOST : names->count};
    char *list = string_list_join(&first, ", ");
    if (list == NULL || names->count <= NAMES_MOST)
        return list;
    char *text = text_format("%s and %zu more", list, names->count - NAMES_MOST);
    free(list);
    return text;
}

static int warn_controls(struct warnings *warnings, const struct summary *summary)
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
    char *list = rc == 0 && parts.count > 0 ? string_list_join(&parts, "; ") : NULL;
    if (rc == 0 && parts.count > 0)
        rc = add(warnings, WARNING_CONTROL,
                 list == NULL ? NULL
                              : text_format("the same command against itself did not come out at 1, so the machine was "
                                            "not steady: %s",
                                            list));
    free(list);
    string_list_free(&parts);
    return rc;
}

static bool same_cause(const struct result_cell *a, const struct result_cell *b)
{
    return a->status == b->status && strcmp(a->reason, b->reason) == 0;
}

/* One sentence for all cells of the plan that a cause took, controls and capacity rows too; `first` is the first of them. */
static int warn_cause(struct warnings *warnings, const struct results *results, const struct result_cell *first,
                      enum warning_kind kind)
{
    static const char *const words[] = {
        [CELL_REFUSED] = "refused, ", [CELL_FAILED] = "", [CELL_TIMEOUT] = "out of time, ", [CELL_IMPOSSIBLE] = ""};
    struct string_list names = {NULL, 0}, groups = {NULL, 0};
    size_t last = results->group_count;
    int rc = 0;
    for (const struct result_cell *c = first; c < results->cells + results->cell_count && rc == 0; c++) {
        if (c->status <= CELL_OK || !same_cause(first, c))
            continue;
        rc = names_add(&names, c->runtime, c->model);
        if (rc == 0 && c->group != last)
            rc = string_list_add(&groups, results->groups[c->group].name);
        last = c->group;
    }
    char *who = rc == 0 ? names_text(&names) : NULL, *where = rc == 0 ? names_text(&groups) : NULL;
    rc = who == NULL || where == NULL
             ? -ENOMEM
             : add(warnings, kind, text_format("%s: %s: %s%s", where, who, words[first->status], first->reason));
    free(who);
    free(where);
    string_list_free(&names);
    string_list_free(&groups);
    return rc;
}

static int warn_status(struct warnings *warnings, const struct summary *summary, enum warning_kind kind)
{
    const struct results *results = summary->results;
    int rc = 0;
    for (size_t i = 0; i < results->cell_count && rc == 0; i++) {
        const struct result_cell *c = &results->cells[i];
        bool told = c->status <= CELL_OK || (c->status == CELL_IMPOSSIBLE) != (kind == WARNING_IMPOSSIBLE);
        for (size_t k = 0; k < i && !told; k++)
            told = results->cells[k].status > CELL_OK && same_cause(&results->cells[k], c);
        if (!told)
            rc = warn_cause(warnings, results, c, kind);
    }
    return rc;
}

static int warn_failed(struct warnings *warnings, const struct summary *summary)
{
    return warn_status(warnings, summary, WARNING_FAILED);
}

static int warn_impossible(struct warnings *warnings, const struct summary *summary)
{
    return warn_status(warnings, summary, WARNING_IMPOSSIBLE);
}

/* How many samples of the run were disturbed, in each way and in all. */
static void count_disturbed(const struct summary *summary, size_t counts[INTERFERENCE_KINDS], size_t *any, size_t *all)
{
    *any = *all = 0;
    memset(counts, 0, INTERFERENCE_KINDS * sizeof *counts);
    for (size_t i = 0; i < summary->results->cell_count; i++) {
        const struct result_cell *c = &summary->results->cells[i];
        for (unsigned k = 0; k < INTERFERENCE_KINDS; k++)
            counts[k] += results_disturbed(c, 1u << k);
        *any += results_disturbed(c, ~0u);
        *all += c->count;
    }
}

/* One sentence for the run: where the machine is busy every cell has its part of it, and the tables say how much. */
static int warn_disturbed(struct warnings *warnings, const struct summary *summary)
{
    static const char *const causes[] = {[INTERFERENCE_STEAL] = "a hypervisor took time",
                                         [INTERFERENCE_QUOTA] = "a CPU quota throttled it",
                                         [INTERFERENCE_HEAT] = "the CPU throttled itself",
                                         [INTERFERENCE_LOAD] = "other processes used the CPUs"};
    size_t counts[INTERFERENCE_KINDS], any, all;
    struct string_list parts = {NULL, 0};
    count_disturbed(summary, counts, &any, &all);
    if (any == 0)
        return 0;
    int rc = 0;
    for (unsigned k = 0; k < INTERFERENCE_KINDS && rc == 0; k++)
        if (counts[k] > 0)
            rc = string_list_addf(&parts, "%s in %zu", causes[k], counts[k]);
    char *list = rc == 0 ? string_list_join(&parts, ", ") : NULL;
    if (list != NULL)
        rc = add(
            warnings, WARNING_DISTURBED,
            text_format("%zu of %zu timed samples were taken while the machine was disturbed: %s; they are marked and "
                        "kept",
                        any, all, list));
    else
        rc = -ENOMEM;
    free(list);
    string_list_free(&parts);
    return rc;
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
static int warn_undecidable(struct warnings *warnings, const struct summary *summary)
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
    char *names = rc == 0 && most > 0 ? names_text(&groups) : NULL;
    if (rc == 0 && most > 0)
        rc = add(warnings, WARNING_FEW_ROUNDS,
                 names == NULL ? NULL
                               : text_format("%s: with up to %zu ratios in a column it takes %zu rounds to call one "
                                             "faster or slower",
                                             names, most, ratio_rounds_needed(most)));
    free(names);
    string_list_free(&groups);
    return rc;
}

/* A precision that was asked for and not reached. */
static int warn_precision(struct warnings *warnings, const struct summary *summary)
{
    const double asked = summary->results->asked.precision;
    int rc = 0;
    for (size_t g = 0; asked > 0 && g < summary->results->group_count && rc == 0; g++) {
        const struct plan_group *group = &summary->results->groups[g];
        const double reached = precision_reached(summary, g);
        const bool budget = group->why != NULL && strcmp(group->why, stopping_name(STOPPING_BUDGET)) == 0;
        if (reached > asked)
            rc = add(warnings, WARNING_PRECISION,
                     text_format("%s: its widest interval is %.2g%% to a side, and %.2g%% were asked for%s",
                                 group->name, 100 * reached, 100 * asked, budget ? "; the budget was over" : ""));
    }
    return rc;
}

static int warn_few_rounds(struct warnings *warnings, const struct summary *summary)
{
    const long long rounds = (long long)summary->results->rounds;
    int rc = 0;
    if (!results_compare(summary->results))
        return 0;
    if (rounds < STATS_MIN_95)
        rc = add(
            warnings, WARNING_FEW_ROUNDS,
            text_format("%lld: no intervals below %d, so no ratio here says how sure it is", rounds, STATS_MIN_95));
    else if (rounds < STATS_MIN_99)
        rc = add(warnings, WARNING_FEW_ROUNDS,
                 text_format("%lld: the control rows cannot be judged below %d", rounds, STATS_MIN_99));
    return rc != 0 ? rc : warn_undecidable(warnings, summary);
}

int warnings_make(struct warnings *warnings, const struct summary *summary)
{
    static int (*const collectors[WARNINGS])(struct warnings *, const struct summary *) = {
        [WARNING_INTERRUPTED] = warn_interrupted, [WARNING_FORCED] = warn_forced,
        [WARNING_CONCURRENT] = warn_concurrent,   [WARNING_CONTROL] = warn_controls,
        [WARNING_FAILED] = warn_failed,           [WARNING_IMPOSSIBLE] = warn_impossible,
        [WARNING_DISTURBED] = warn_disturbed,     [WARNING_PRECISION] = warn_precision,
        [WARNING_FEW_ROUNDS] = warn_few_rounds,
    };
    *warnings = (struct warnings){NULL, 0};
    int rc = 0;
    for (size_t i = 0; i < WARNINGS && rc == 0; i++)
        rc = collectors[i](warnings, summary);
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
    int rc = 0;
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++) {
        const struct summary_cell *c = &summary->cells[i];
        all += c->group == group;
        if (c->group == group && has_doubt(c, doubt))
            rc = names_add(&names, c->cell->runtime, c->cell->model);
    }
    char *who = rc == 0 && names.count > 0 ? names_text(&names) : NULL;
    if (rc == 0 && names.count > 0)
        rc = who == NULL ? -ENOMEM
                         : string_list_addf(notes, "%s: %s", names.count == all && all > 1 ? "all variants" : who,
                                            doubt_text(doubt));
    free(who);
    string_list_free(&names);
    return rc;
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
