/* SPDX-License-Identifier: MIT */
/* What a model does with its jobs. Nothing is said that the ends of the intervals do not show. */
#include "bench/analysis/diagnosis.h"

#include <math.h>
#include <stddef.h>

double diagnosis_cpus_used(const struct diagnosis_times *cell, const struct diagnosis_times *sync)
{
    if (!(cell->whole_s - cell->work_s <= DIAGNOSIS_START_UP * cell->work_s))
        return NAN;
    return fmax(0, cell->cpu_s - fmax(0, sync->cpu_s - sync->work_s)) / cell->work_s;
}

/* Nothing gained where copies of sync, in the same rounds, had a second CPU: the same CPU time one job at a time, or more? */
static enum finding cpu_without_gain(const struct diagnosis *of)
{
    if (!(of->capacity_low >= DIAGNOSIS_CAPACITY) || !(of->gain_high < 1 + DIAGNOSIS_GAINED * (of->capacity_low - 1)))
        return FINDING_NONE;
    const double one = fmin(1, of->sync_cpus_used); /* a busy machine gives sync less too */
    if (of->cpus_used < DIAGNOSIS_TWO_CPUS * one)
        return FINDING_TAKES_TURNS;
    const double times_sync = of->cpus_used * of->work_s / (one * of->sync_work_s);
    return times_sync >= DIAGNOSIS_TWO_CPUS ? FINDING_CONTENDS : FINDING_NONE;
}

/* Waiting together is free, unless the CPU or the origin is the limit. */
static enum finding wait_without_gain(const struct diagnosis *of)
{
    const bool idle = of->cpu_s < DIAGNOSIS_BUSY * of->work_s && !(of->origin_share >= DIAGNOSIS_BUSY);
    return of->gain_high < DIAGNOSIS_NO_GAIN && idle ? FINDING_TAKES_TURNS : FINDING_NONE;
}

/* What the machine itself took from copies of sync at once is not the model's doing. */
static bool is_off_cpu(const struct diagnosis *of)
{
    const double machine = of->alone || isnan(of->capacity_low) ? 0 : fmax(0, 1 - of->capacity_low / of->copies);
    return of->off_cpu_share > DIAGNOSIS_OFF_CPU + machine;
}

enum finding diagnosis_find(const struct diagnosis *of)
{
    enum finding found = FINDING_NONE;
    if (!of->alone && of->in_flight_max <= 1)
        return FINDING_NEVER_OVERLAPS;
    if (!of->alone && of->in_flight_mean >= DIAGNOSIS_TOGETHER)
        found = of->cpu ? cpu_without_gain(of) : wait_without_gain(of);
    return found == FINDING_NONE && is_off_cpu(of) ? FINDING_OFF_CPU : found;
}

const char *finding_name(enum finding finding)
{
    static const char *const names[FINDINGS] = {[FINDING_NEVER_OVERLAPS] = "never-overlaps",
                                                [FINDING_TAKES_TURNS] = "takes-turns",
                                                [FINDING_CONTENDS] = "busy-without-gain",
                                                [FINDING_OFF_CPU] = "off-cpu"};
    return names[finding];
}
