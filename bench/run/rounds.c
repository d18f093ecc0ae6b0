/* SPDX-License-Identifier: MIT */
/* The stopping rule over a journal. */
#include "bench/run/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/store/journal.h"
#include "bench/util/alloc.h"
#include "bench/util/json.h"
#include "bench/util/text.h"
#include "common/clock.h"

static void take_settled(struct rounds_group *group, const struct plan_group *before)
{
    group->planned = before->planned;
    for (enum stopping_why w = STOPPING_ROUNDS; before->why != NULL && w <= STOPPING_BUDGET; w++)
        if (strcmp(before->why, stopping_name(w)) == 0)
            group->why = w;
}

void rounds_open(struct rounds *rounds, const struct plan *plan, const char *folder, const struct results *before,
                 struct progress *progress)
{
    *rounds = (struct rounds){.plan = plan,
                              .folder = folder,
                              .progress = progress,
                              .groups = xcalloc(plan->group_count, sizeof *rounds->groups),
                              .before_ns = before == NULL ? 0 : before->spent_ns,
                              .begun_ns = clock_now_ns()};
    for (size_t g = 0; before != NULL && g < plan->group_count; g++)
        take_settled(&rounds->groups[g], &before->groups[g]);
}

void rounds_close(struct rounds *rounds)
{
    free(rounds->groups);
    rounds->groups = NULL;
}

/* -- settling ----------------------------------------------------------------------------------------------------- */

/* After the pilot: how many rounds for the precision, by the widths alone. */
static int plan_groups(struct rounds *r, const double *widths, struct error *err)
{
    int rc = 0;
    for (size_t g = 0; rc == 0 && g < r->plan->group_count; g++) {
        struct rounds_group *group = &r->groups[g];
        char digits[TEXT_NUMBER_SIZE];
        if (group->planned > 0 || group->why != STOPPING_GOES_ON)
            continue;
        group->planned = stopping_rounds(widths[g], r->plan->stopping.precision);
        progress_note(r->progress, false, "%s: within %s%% after %d rounds; %lld rounds in all are planned",
                      r->plan->groups[g].name, text_number(digits, 100 * widths[g]), STOPPING_PILOT,
                      (long long)group->planned);
        rc = events_append(r->folder, "planned",
                           json_pack("{sI sI so}", "group", (json_int_t)g, "rounds", (json_int_t)group->planned,
                                     "half_width", json_number(widths[g])),
                           err);
    }
    return rc;
}

static int look_at_widths(struct rounds *r, struct error *err)
{
    double *widths = xcalloc(r->plan->group_count, sizeof *widths);
    int rc = r->widest(r->folder, widths, err);
    if (rc == 0)
        rc = plan_groups(r, widths, err);
    free(widths);
    return rc;
}

/* Whether nobody has said yet how many rounds a group gets for the precision. */
static bool any_unplanned(const struct rounds *r)
{
    bool any = false;
    for (size_t g = 0; g < r->plan->group_count; g++)
        any = any || (r->groups[g].planned == 0 && r->groups[g].why == STOPPING_GOES_ON);
    return any;
}

static int stop_group(struct rounds *r, size_t g, enum stopping_why why, int64_t done, struct error *err)
{
    const struct stopping *asked = &r->plan->stopping;
    r->groups[g].why = why;
    if (asked->budget_s <= 0 && asked->precision <= 0)
        return 0;
    return events_append(
        r->folder, "stopped",
        json_pack("{sI sI ss}", "group", (json_int_t)g, "rounds", (json_int_t)done, "why", stopping_name(why)), err);
}

int rounds_decide(struct rounds *rounds, int64_t done, int64_t round_ns, struct error *err)
{
    const struct stopping *asked = &rounds->plan->stopping;
    int rc = 0;
    if (asked->precision > 0 && done >= STOPPING_PILOT && any_unplanned(rounds))
        rc = look_at_widths(rounds, err);
    for (size_t g = 0; rc == 0 && g < rounds->plan->group_count; g++) {
        if (rounds->groups[g].why != STOPPING_GOES_ON)
            continue;
        enum stopping_why why = stopping_decide(asked, done, rounds->groups[g].planned,
                                                (double)rounds_spent_ns(rounds) / 1e9, (double)round_ns / 1e9);
        if (why == STOPPING_GOES_ON && done >= ROUNDS_MAX)
            why = STOPPING_ROUNDS;
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
    const bool capped = asked->rounds > 0 && asked->rounds < ROUNDS_FOR_INTERVALS;
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

bool rounds_group_goes_on(const struct rounds *rounds, size_t group)
{
    return rounds->groups[group].why == STOPPING_GOES_ON;
}

int64_t rounds_to_come(const struct rounds *rounds, size_t group, int64_t done)
{
    const int64_t planned = rounds->groups[group].planned, cap = rounds->plan->stopping.rounds;
    if (!rounds_group_goes_on(rounds, group))
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
