/* SPDX-License-Identifier: MIT */
/* The stopping rule over a journal. */
#include "bench/run/runner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/store/journal.h"
#include "bench/util/alloc.h"
#include "bench/util/json.h"
#include "bench/util/text.h"
#include "common/clock.h"

static enum stopping_why why_named(const char *name)
{
    enum stopping_why why = name == NULL ? STOPPING_GOES_ON : STOPPING_BUDGET;
    while (why != STOPPING_GOES_ON && strcmp(name, stopping_name(why)) != 0)
        why--;
    return why;
}

void rounds_open(struct rounds *rounds, const struct plan *plan, const char *folder, const struct results *before,
                 struct progress *progress)
{
    *rounds = (struct rounds){.plan = plan,
                              .folder = folder,
                              .progress = progress,
                              .why = xcalloc(plan->group_count, sizeof *rounds->why),
                              .planned = xcalloc(plan->cell_count, sizeof *rounds->planned),
                              .before_ns = before == NULL ? 0 : before->spent_ns,
                              .begun_ns = clock_now_ns()};
    for (size_t g = 0; before != NULL && g < plan->group_count; g++)
        rounds->why[g] = why_named(before->groups[g].why);
    for (size_t c = 0; before != NULL && c < plan->cell_count; c++)
        rounds->planned[c] = before->cells[c].planned;
}

void rounds_close(struct rounds *rounds)
{
    free(rounds->why);
    free(rounds->planned);
    *rounds = (struct rounds){.plan = NULL};
}

/* -- settling ----------------------------------------------------------------------------------------------------- */

/* The most rounds that are planned of a group's cells; 0: nobody has said yet. */
static int64_t planned_of(const struct rounds *r, size_t group)
{
    int64_t most = 0;
    for (size_t c = 0; c < r->plan->cell_count; c++)
        if (r->plan->cells[c].group == group && r->planned[c] > most)
            most = r->planned[c];
    return most;
}

static bool is_unplanned(const struct rounds *r, size_t group)
{
    return r->why[group] == STOPPING_GOES_ON && planned_of(r, group) == 0;
}

static bool has_width(const struct rounds *r, size_t group, const struct stopping_cell *cells)
{
    bool any = false;
    for (size_t c = 0; c < r->plan->cell_count; c++)
        any = any || (r->plan->cells[c].group == group && isfinite(cells[c].width));
    return any;
}

/* All cells of a group alike: for a precision the rounds that its widest interval needs; without any interval as long as a
 * budget lasts that somebody asked for. */
static void plan_alike(const struct rounds *r, size_t group, double widest, struct stopping_cell *cells)
{
    const struct stopping *asked = &r->plan->stopping;
    if (asked->precision <= 0 && (asked->least > 0 || has_width(r, group, cells)))
        return;
    for (size_t c = 0; c < r->plan->cell_count; c++)
        if (r->plan->cells[c].group == group)
            cells[c].rounds = asked->precision > 0 ? stopping_rounds(widest, asked->precision) : ROUNDS_MAX;
}

static void tell_planned(const struct rounds *r, size_t group, int64_t done, double widest)
{
    char digits[TEXT_NUMBER_SIZE];
    if (planned_of(r, group) > done && isfinite(widest))
        progress_note(r->progress, false, "%s: within %s%% after %lld rounds; %s%lld rounds in all are planned",
                      r->plan->groups[group].name, text_number(digits, 100 * widest), (long long)done,
                      r->plan->stopping.precision > 0 ? "" : "up to ", (long long)planned_of(r, group));
}

/* By the widths alone; without any there is nothing that a resumed run would not do again. */
static int plan_group(struct rounds *r, size_t group, int64_t done, double widest, struct stopping_cell *cells,
                      struct error *err)
{
    const bool any = has_width(r, group, cells);
    json_t *each = json_array();
    plan_alike(r, group, widest, cells);
    for (size_t c = 0; c < r->plan->cell_count; c++)
        if (r->plan->cells[c].group == group) {
            r->planned[c] = cells[c].rounds;
            json_array_append_new(each, json_integer((json_int_t)cells[c].rounds));
        }
    tell_planned(r, group, done, widest);
    if (!any) {
        json_decref(each);
        return 0;
    }
    return events_append(r->folder, "planned",
                         json_pack("{sI sI so so}", "group", (json_int_t)group, "rounds",
                                   (json_int_t)planned_of(r, group), "half_width", json_number(widest), "cells", each),
                         err);
}

/* How many rounds there are to be in all, after `done` of everything. */
static int settle(struct rounds *r, int64_t done, struct error *err)
{
    const struct plan *plan = r->plan;
    double *widest = xcalloc(plan->group_count, sizeof *widest);
    struct stopping_cell *cells = xcalloc(plan->cell_count, sizeof *cells);
    int rc = r->look.read(r->folder, widest, cells, err);
    if (rc == 0 && plan->stopping.precision <= 0)
        stopping_share(cells, plan->cell_count,
                       plan->stopping.budget_s - (double)rounds_spent_ns(r) / (double)NS_PER_S);
    for (size_t g = 0; rc == 0 && g < plan->group_count; g++)
        if (is_unplanned(r, g))
            rc = plan_group(r, g, done, widest[g], cells, err);
    free(cells);
    free(widest);
    return rc;
}

static bool is_due(const struct rounds *r, int64_t done)
{
    const struct stopping *asked = &r->plan->stopping;
    bool any = false;
    for (size_t g = 0; g < r->plan->group_count; g++)
        any = any || is_unplanned(r, g);
    return any && (asked->precision > 0 ? done >= STOPPING_PILOT : asked->budget_s > 0 && done >= r->look.first);
}

static int stop_group(struct rounds *r, size_t g, enum stopping_why why, int64_t done, struct error *err)
{
    const struct stopping *asked = &r->plan->stopping;
    r->why[g] = why;
    if (asked->budget_s <= 0 && asked->precision <= 0)
        return 0;
    return events_append(
        r->folder, "stopped",
        json_pack("{sI sI ss}", "group", (json_int_t)g, "rounds", (json_int_t)done, "why", stopping_name(why)), err);
}

int rounds_settle(struct rounds *rounds, int64_t done, struct error *err)
{
    return is_due(rounds, done) ? settle(rounds, done, err) : 0;
}

int rounds_decide(struct rounds *rounds, int64_t done, int64_t round_ns, struct error *err)
{
    struct stopping asked = rounds->plan->stopping;
    int rc = 0;
    asked.least = rounds_least(rounds, done, round_ns);
    for (size_t g = 0; rc == 0 && g < rounds->plan->group_count; g++) {
        if (rounds->why[g] != STOPPING_GOES_ON)
            continue;
        enum stopping_why why = stopping_decide(&asked, done, planned_of(rounds, g),
                                                (double)rounds_spent_ns(rounds) / 1e9, (double)round_ns / 1e9);
        if (why == STOPPING_GOES_ON && done >= ROUNDS_MAX)
            why = STOPPING_ROUNDS;
        if (why == STOPPING_BUDGET && done < rounds->plan->stopping.least)
            progress_note(rounds->progress, false,
                          "%s: %lld rounds and not %lld, which would take over twice the budget",
                          rounds->plan->groups[g].name, (long long)done, (long long)rounds->plan->stopping.least);
        if (why != STOPPING_GOES_ON)
            rc = stop_group(rounds, g, why, done, err);
    }
    return rc;
}

/* A cap that is too low by itself was told when the run began. */
void rounds_tell_fitting(struct rounds *rounds, int64_t done, int64_t round_ns)
{
    const struct stopping *asked = &rounds->plan->stopping;
    const struct stopping_pace pace = {.done = done,
                                       .spent_s = (double)rounds_spent_ns(rounds) / (double)NS_PER_S,
                                       .round_s = (double)round_ns / (double)NS_PER_S};
    const bool capped = (asked->rounds > 0 && asked->rounds < ROUNDS_FOR_INTERVALS) || asked->least > 0;
    char text[240];
    if (rounds->told || capped || asked->budget_s <= 0 || round_ns <= 0 ||
        stopping_fitting(asked->budget_s, &pace) >= ROUNDS_FOR_INTERVALS)
        return;
    stopping_fitting_text(asked->budget_s, &pace, ROUNDS_FOR_INTERVALS, text, sizeof text);
    progress_note(rounds->progress, true, "warning: %s", text);
    rounds->told = true;
}

/* -- questions ---------------------------------------------------------------------------------------------------- */

int64_t rounds_spent_ns(const struct rounds *rounds) { return rounds->before_ns + clock_now_ns() - rounds->begun_ns; }

int64_t rounds_least(const struct rounds *rounds, int64_t done, int64_t round_ns)
{
    const struct stopping_pace pace = {
        .done = done, .spent_s = (double)rounds_spent_ns(rounds) / 1e9, .round_s = (double)round_ns / 1e9};
    return stopping_least(&rounds->plan->stopping, &pace, rounds->look.fewest);
}

bool rounds_group_goes_on(const struct rounds *rounds, size_t group) { return rounds->why[group] == STOPPING_GOES_ON; }

int64_t rounds_to_come(const struct rounds *rounds, size_t cell, int64_t done)
{
    const int64_t planned = rounds->planned[cell], cap = rounds->plan->stopping.rounds;
    if (!rounds_group_goes_on(rounds, rounds->plan->cells[cell].group))
        return 0;
    if (planned == 0 && cap == 0)
        return -1;
    const int64_t all = planned == 0 || (cap > 0 && cap < planned) ? cap : planned;
    return all > done ? all - done : 0;
}

int64_t rounds_budget_left_ns(const struct rounds *rounds)
{
    const double budget_s = rounds->plan->stopping.budget_s;
    if (budget_s <= 0)
        return -1;
    const int64_t left = (int64_t)(budget_s * (double)NS_PER_S) - rounds_spent_ns(rounds);
    return left > 0 ? left : 0;
}
