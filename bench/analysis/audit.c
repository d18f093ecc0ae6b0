/* SPDX-License-Identifier: MIT */
/* What audits prove, and what they do not: work that changes something in common, unguarded, is wrong also where it went well. */
#include <string.h>

#include "bench/analysis/ranking.h"

/* Nothing guards what a cell's jobs change: its task says so, by the name that such a parameter has in the contract, or the same code
 * lost something under another model of its kind. (A lock that threads keep need not be one to processes.) */
static bool is_unguarded(const struct summary *summary, const struct summary_cell *cell)
{
    const char *lock = json_string_value(json_object_get(cell->group->params, "lock"));
    bool lost = false;
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        lost |= c->group == cell->group && c->cell->audit.faulty > 0 &&
                strcmp(c->cell->runtime, cell->cell->runtime) == 0 &&
                model_flow(c->cell->model) == model_flow(cell->cell->model);
    return lost || (lock != NULL && strcmp(lock, "none") == 0);
}

/* What runs one job at a time, as the hosts' own baseline, or one thread whose jobs never met: that nothing guards them does not
 * matter. Of threads and processes it was luck. */
static bool runs_alone(const struct summary_cell *cell)
{
    const bool one = model_flow(cell->cell->model) == FLOW_ONE && cell->in_flight_max <= 1; /* NaN: not known */
    return one || (cell->cell->baseline && cell->group->baseline == NULL) || cell->group->workers < 2 ||
           cell->group->jobs < 2;
}

void audits_judge(struct summary *summary)
{
    for (struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        c->audit = c->cell->audit.runs == 0                     ? AUDIT_NONE
                   : c->cell->audit.faulty > 0                  ? AUDIT_LOST
                   : !runs_alone(c) && is_unguarded(summary, c) ? AUDIT_UNPROVEN
                                                                : AUDIT_SOUND;
}
