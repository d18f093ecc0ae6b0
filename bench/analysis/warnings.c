/* SPDX-License-Identifier: MIT */
/* The warnings of a run, one collector a kind. Cells of a group that share a warning share the sentence. */
#include "bench/analysis/warnings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/protocol/interference_kind.h"
#include "bench/report/format.h"
#include "bench/analysis/precision.h"
#include "bench/stats/signed_rank.h"
#include "bench/stats/series.h"
#include "bench/util/text.h"
#include "common/clock.h"

/* So many are named one by one. */
#define NEIGHBOURS_TOLD 3

const char *warning_title(enum warning_kind kind)
{
    static const char *const titles[] = {
        [WARNING_INTERRUPTED] = "cut off",
        [WARNING_FORCED] = "forced",
        [WARNING_NEIGHBOUR] = "neighbour",
        [WARNING_CONTROL] = "control",
        [WARNING_FAILED] = "failed",
        [WARNING_ABOVE_CAPACITY] = "too good",
        [WARNING_RATE] = "rate",
        [WARNING_ORIGIN] = "origin",
        [WARNING_FIRST_ROUND] = "round 1",
        [WARNING_DRIFT] = "drift",
        [WARNING_AUTOCORRELATED] = "autocorr.",
        [WARNING_IMPOSSIBLE] = "not here",
        [WARNING_PRECISION] = "precision",
        [WARNING_FEW_ROUNDS] = "rounds",
        [WARNING_TOO_SHORT] = "too short",
        [WARNING_STOPPED] = "stopped",
        [WARNING_DISTURBED] = "disturbed",
        [WARNING_TAKES_TURNS] = "in turns",
        [WARNING_SERIAL] = "serial",
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

static int warn_neighbours(struct warnings *warnings, const struct summary *summary)
{
    json_t *neighbours = events_neighbours(&summary->results->events);
    const json_t *one;
    size_t i;
    int rc = neighbours == NULL ? -ENOMEM : 0;
    json_array_foreach(neighbours, i, one)
    {
        char from[32], until[32];
        clock_text(json_object_get(one, "from"), from, sizeof from);
        clock_text(json_object_get(one, "until"), until, sizeof until);
        if (rc == 0 && i < NEIGHBOURS_TOLD)
            rc = add(
                warnings, WARNING_NEIGHBOUR,
                text_format("another cobench run (pid %lld) was measuring here from %s to %s: each disturbs the other",
                            (long long)json_integer_value(json_object_get(one, "pid")), from, until));
    }
    if (rc == 0 && json_array_size(neighbours) > NEIGHBOURS_TOLD)
        rc = add(warnings, WARNING_NEIGHBOUR,
                 text_format("%zu more cobench runs were measuring here meanwhile; summary.json has all of them",
                             json_array_size(neighbours) - NEIGHBOURS_TOLD));
    json_decref(neighbours);
    return rc;
}

static int warn_controls(struct warnings *warnings, const struct summary *summary)
{
    int rc = 0;
    for (size_t i = 0; i < summary->control_count && rc == 0; i++) {
        const struct summary_control *c = &summary->controls[i];
        struct format ratio, interval;
        if (c->flagged)
            rc = add(
                warnings, WARNING_CONTROL,
                text_format("%s: %s:%s against its own twin came out at %s%s, 99%% %s: the machine was not steady, and "
                            "a difference of that size means nothing here",
                            c->group->name, c->cell->runtime, c->cell->model,
                            c->group->rate > 0 ? "a p50 latency of " : "", format_ratio(&ratio, c->ratio.ratio),
                            format_interval(&interval, c->low99, c->high99)));
    }
    return rc;
}

static const char *const role_words[] = {
    [ROLE_MODEL] = "", [ROLE_CONTROL] = " (the control)", [ROLE_CAPACITY] = " (the copies for the capacity)"};

/* Every cell of the plan, controls and capacity rows too. */
static int warn_status(struct warnings *warnings, const struct summary *summary, enum warning_kind kind)
{
    static const char *const words[] = {
        [CELL_REFUSED] = "refused, ", [CELL_FAILED] = "", [CELL_TIMEOUT] = "out of time, ", [CELL_IMPOSSIBLE] = ""};
    int rc = 0;
    for (size_t i = 0; i < summary->results->cell_count && rc == 0; i++) {
        const struct result_cell *c = &summary->results->cells[i];
        if (c->status > CELL_OK && (c->status == CELL_IMPOSSIBLE) == (kind == WARNING_IMPOSSIBLE))
            rc = add(warnings, kind,
                     text_format("%s: %s:%s%s: %s%s", summary->results->groups[c->group].name, c->runtime, c->model,
                                 role_words[c->role], words[c->status], c->reason));
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

static int warn_above_capacity(struct warnings *warnings, const struct summary *summary)
{
    int rc = 0;
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++) {
        const struct summary_cell *c = &summary->cells[i];
        const struct summary_capacity *capacity = summary_capacity_of(summary, c);
        struct format ratio, most;
        if (c->marks & MARK_ABOVE_CAPACITY && capacity != NULL)
            rc = add(warnings, WARNING_ABOVE_CAPACITY,
                     text_format("%s: %s:%s gained %s where this machine can do %s in parallel: look for the mistake",
                                 c->group->name, c->cell->runtime, c->cell->model,
                                 format_ratio(&ratio, c->speedup[RATIO_WORK][RATIO_OWN_SYNC].ratio),
                                 format_ratio(&most, capacity->ratio.ratio)));
    }
    return rc;
}

/* Has one of its ratios an autocorrelation beyond doubt? The mark alone is too often chance to be worth a warning. */
static bool is_surely_autocorrelated(const struct summary_cell *cell)
{
    for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES; b++) {
            const struct ratio *ratio = &cell->speedup[t][b];
            if (ratio->flags & RATIO_FLAG_AUTOCORRELATED && ratio->autocorrelation_p < STATS_AUTOCORRELATION_SURE)
                return true;
        }
    return false;
}

/* The warnings that a mark makes: a sentence a group, of all its cells that have it. */
static const struct marked_warning {
    enum mark mark;
    const char *text;
} marked_warnings[] = {
    [WARNING_ORIGIN] = {MARK_ORIGIN_BOUND, "the origin was running, or waiting for a CPU, nearly all the time, here or "
                                           "in their sync; it was the limit, not the model"},
    [WARNING_TAKES_TURNS] = {MARK_TAKES_TURNS,
                             "jobs were in flight at the same time and yet went on one at a time: they take "
                             "turns (a lock, such as Python's, does that)"},
    [WARNING_SERIAL] = {MARK_SERIAL,
                        "never were two jobs in flight at the same time, though the workers would have allowed it"},
    [WARNING_FIRST_ROUND] = {MARK_FIRST_ROUND,
                             "the ratio of round 1 lies apart from the others, as with a cold cache; the "
                             "interval counts it as one of them"},
    [WARNING_DRIFT] = {MARK_DRIFT, "the ratio drifts over the rounds, so that the interval is not that of one value"},
    [WARNING_AUTOCORRELATED] = {MARK_AUTOCORRELATED,
                                "neighbouring rounds are alike, so that the interval is too narrow"},
    [WARNING_TOO_SHORT] = {MARK_TOO_SHORT, "work under 5 ms, too short for a ratio"},
};

/* "c:threads, py:async" of one group's cells with a mark, to be freed; "" where there are none. */
static char *marked(const struct summary *summary, const struct result_group *group, unsigned mark)
{
    struct string_list words = {NULL, 0};
    size_t all = 0;
    int rc = 0;
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++) {
        const struct summary_cell *c = &summary->cells[i];
        all += c->group == group;
        if (c->group == group && c->marks & mark && (mark != MARK_AUTOCORRELATED || is_surely_autocorrelated(c)))
            rc = string_list_addf(&words, "%s:%s", c->cell->runtime, c->cell->model);
    }
    char *text = rc == 0 ? string_list_join(&words, ", ") : NULL;
    if (text != NULL && words.count == all && words.count > 1)
        (void)text_set(&text, "all variants"); /* without memory the long form stays */
    string_list_free(&words);
    return text;
}

static int warn_marked(struct warnings *warnings, const struct summary *summary, enum warning_kind kind)
{
    const struct marked_warning *warning = &marked_warnings[kind];
    int rc = 0;
    for (size_t g = 0; g < summary->results->group_count && rc == 0; g++) {
        const struct result_group *group = &summary->results->groups[g];
        char *names = marked(summary, group, warning->mark);
        if (names == NULL)
            rc = -ENOMEM;
        else if (*names != '\0')
            rc = add(warnings, kind, text_format("%s: %s: %s", group->name, names, warning->text));
        free(names);
    }
    return rc;
}

static int warn_rate(struct warnings *warnings, const struct summary *summary)
{
    int rc = 0;
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++) {
        const struct summary_cell *c = &summary->cells[i];
        struct format drift;
        if (c->marks & MARK_RATE_NOT_KEPT)
            rc = add(warnings, WARNING_RATE,
                     text_format(
                         "%s: %s:%s: %.4g jobs a second came and %.4g were done (in %zu of %zu rounds); the last ones "
                         "took %s longer than the first, and more of them would take longer still: their latency is "
                         "that of a queue that grows",
                         c->group->name, c->cell->runtime, c->cell->model, c->open_loop.offered, c->open_loop.achieved,
                         c->open_loop.missed, c->rounds, format_time(&drift, c->open_loop.drift_s)));
    }
    return rc;
}

/* Every cell of the plan, controls and capacity rows too: a stopped twin spoils its row as well. */
static int warn_stopped(struct warnings *warnings, const struct summary *summary)
{
    int rc = 0;
    for (size_t i = 0; i < summary->results->cell_count && rc == 0; i++) {
        const struct result_cell *c = &summary->results->cells[i];
        size_t stopped = 0;
        int64_t longest = 0;
        for (size_t k = 0; k < c->count; k++) {
            stopped += c->samples[k].stopped_ns > 0;
            longest = c->samples[k].stopped_ns > longest ? c->samples[k].stopped_ns : longest;
        }
        if (stopped > 0)
            rc = add(warnings, WARNING_STOPPED,
                     text_format("%s: %s:%s%s: a process was stopped from outside (SIGSTOP, a debugger) in %zu of %zu "
                                 "samples, for at least %lld ms; they are marked and kept",
                                 summary->results->groups[c->group].name, c->runtime, c->model, role_words[c->role],
                                 stopped, c->count, (long long)(longest / NS_PER_MS)));
    }
    return rc;
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

/* The most ratios of one kind in a group whose rounds are too few for any of them to be called different; 0: none. */
static size_t undecidable(const struct summary *summary, const struct result_group *group)
{
    size_t most = 0;
    for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES; b++) {
            size_t family = 0;
            bool too_few = false;
            for (size_t i = 0; i < summary->cell_count; i++) {
                const struct ratio *ratio = &summary->cells[i].speedup[t][b];
                family += summary->cells[i].group == group && ratio->verdict != VERDICT_NONE;
                too_few |= summary->cells[i].group == group && ratio->too_few_rounds;
            }
            most = too_few && family > most ? family : most;
        }
    return most;
}

static int warn_undecidable(struct warnings *warnings, const struct summary *summary)
{
    int rc = 0;
    for (size_t g = 0; g < summary->results->group_count && rc == 0; g++) {
        const struct result_group *group = &summary->results->groups[g];
        const size_t family = undecidable(summary, group);
        if (family > 0)
            rc = add(
                warnings, WARNING_FEW_ROUNDS,
                text_format("%s: %zu ratios in a column: with less than %zu rounds none of them can be called faster "
                            "or slower",
                            group->name, family, ratio_rounds_needed(family)));
    }
    return rc;
}

/* A precision that was asked for and not reached. */
static int warn_precision(struct warnings *warnings, const struct summary *summary)
{
    const double asked = summary->results->asked.precision;
    int rc = 0;
    for (size_t g = 0; asked > 0 && g < summary->results->group_count && rc == 0; g++) {
        const struct result_group *group = &summary->results->groups[g];
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
    /* NULL: made from a mark, by the table above. */
    static int (*const collectors[])(struct warnings *, const struct summary *) = {
        [WARNING_INTERRUPTED] = warn_interrupted,
        [WARNING_FORCED] = warn_forced,
        [WARNING_NEIGHBOUR] = warn_neighbours,
        [WARNING_CONTROL] = warn_controls,
        [WARNING_FAILED] = warn_failed,
        [WARNING_ABOVE_CAPACITY] = warn_above_capacity,
        [WARNING_RATE] = warn_rate,
        [WARNING_ORIGIN] = NULL,
        [WARNING_FIRST_ROUND] = NULL,
        [WARNING_DRIFT] = NULL,
        [WARNING_AUTOCORRELATED] = NULL,
        [WARNING_IMPOSSIBLE] = warn_impossible,
        [WARNING_FEW_ROUNDS] = warn_few_rounds,
        [WARNING_PRECISION] = warn_precision,
        [WARNING_STOPPED] = warn_stopped,
        [WARNING_DISTURBED] = warn_disturbed,
        [WARNING_TAKES_TURNS] = NULL,
        [WARNING_SERIAL] = NULL,
        [WARNING_TOO_SHORT] = NULL,
    };
    *warnings = (struct warnings){NULL, 0};
    int rc = 0;
    for (size_t i = 0; i < sizeof collectors / sizeof *collectors && rc == 0; i++)
        rc = collectors[i] != NULL ? collectors[i](warnings, summary)
                                   : warn_marked(warnings, summary, (enum warning_kind)i);
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
