/* SPDX-License-Identifier: MIT */
/* The most that a variant can gain. */
#include "bench/analysis/limit.h"

#include <math.h>
#include <string.h>

/* What starting and ending takes is CPU time at most, so that the share is rather too low and the bound too high. */
static double mixed_gain(const struct summary *summary, const struct summary_cell *sync, double workers)
{
    const double cpus = json_number_value(json_object_get(summary->results->plan, "effective_cpus"));
    const double share = (sync->cpu_s - (sync->median_s - sync->work_s)) / sync->work_s;
    return cpus > 0 && share > 0 ? fmin(workers, cpus / share) : workers;
}

double ideal_of(const struct summary *summary, const struct summary_cell *cell)
{
    const struct summary_cell *sync = summary_sync_of(summary, cell);
    const bool mixed = strcmp(cell->group->kind, "mixed") == 0 && sync != NULL;
    return mixed ? mixed_gain(summary, sync, cell->group->ideal) : cell->group->ideal;
}

struct limit limit_of(const struct summary *summary, const struct summary_cell *cell)
{
    const struct summary_capacity *capacity = summary_capacity_of(summary, cell);
    if (capacity != NULL && ratio_known(&capacity->ratio))
        return (struct limit){capacity->ratio.ratio, true};
    return (struct limit){ideal_of(summary, cell), false};
}
