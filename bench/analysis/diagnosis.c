/* SPDX-License-Identifier: MIT */
/*
 * What a model does with its jobs: do they ever overlap, do they take turns, do they use CPUs for nothing, do they sleep;
 * and of waiting work what kept it from the ideal. Nothing is said that the intervals, which begin at 6 rounds, do not show.
 */
#include <math.h>
#include <string.h>

#include "bench/analysis/summary.h"

#define SECOND_CPU    1.4       /* copies of the baseline that gained less had no second CPU to gain by */
#define GAINED        (1.0 / 3) /* CPU work that gained less of what was possible gained nothing */
#define FAR_MORE      1.5  /* times the CPUs of sync: two are busy; times its CPU time: far more for the same work */
#define AT_WORK       0.5  /* jobs in flight for less of the work time, one at a time, are too short to meet */
#define TOGETHER      1.5  /* jobs that overlap by less on average are not said to take turns: they hardly met */
#define START_UP_MOST 0.5  /* work times; beyond this start and end hide which CPUs the work used */
#define NO_GAIN       1.2  /* waiting jobs that gained less over one after the other gained nothing */
#define BUSY          0.5  /* of a CPU, or of the origin's: what may limit waiting work; less is hardly computing */
#define LEFT          0.05 /* of a CPU: what a busy machine leaves to whoever wants one */
#define FAR_OFF       0.75 /* waiting work that gained less of what was possible was stopped by something */
#define CLIENT_BUSY   0.8  /* of a CPU: such work that uses as much itself may have its limit there */
#define PLATEAU       1.1  /* times up to this are those of one plateau */
#define AS_MUCH       0.85 /* by Little's law the gain lost is the latency grown; at least this part of it */
#define OFF_CPU       0.1  /* an off-CPU share up to this is not worth a word */

/* What `sync` uses beyond its work time, one job at a time and so at most one CPU: too little where it had to wait for one. */
static double start_up(const struct summary_cell *sync) { return fmax(0, sync->cpu_s - sync->work_s); }

/* (CPU time - start-up) / work time: rather too high than too low. NaN where the start-up outweighs the work. */
static double cpus_used(const struct summary_cell *cell, const struct summary_cell *sync)
{
    if (!(cell->median_s - cell->work_s <= START_UP_MOST * cell->work_s))
        return NAN;
    return fmax(0, cell->cpu_s - start_up(sync)) / cell->work_s;
}

/*
 * The jobs' time in flight that no CPU was spent on, over all samples: 1 - (CPU time - start-up) / time in flight. Not known
 * where more jobs were in flight than there are CPUs (then they wait for each other).
 */
static double off_cpu_share(const struct summary_cell *cell, const struct summary_cell *sync, double cpus)
{
    double cpu = 0, busy = 0;
    for (const struct sample *s = cell->cell->samples; s != NULL && s < cell->cell->samples + cell->cell->count; s++)
        if (s->cpu_ns >= 0 && s->busy_ns > 0) {
            cpu += fmax(0, (double)s->cpu_ns / 1e9 - start_up(sync));
            busy += (double)s->busy_ns / 1e9;
        }
    return busy <= 0 || (cpus > 0 && cell->in_flight_max > ceil(cpus)) ? NAN : fmax(0, 1 - cpu / busy);
}

/* No gain over sync: its CPU time in all tells whether one job at a time went on, or all of them fought. */
static enum finding cpu_without_gain(const struct summary_cell *cell, const struct summary_cell *sync,
                                     const struct summary_check *capacity, double parallel)
{
    const double one = fmin(1, cpus_used(sync, sync)); /* a busy machine gives sync less too */
    const double times_sync = cell->cpus_used * cell->work_s / (one * sync->work_s);
    const double possible = capacity == NULL ? NAN : fmin(capacity->ratio.low, parallel); /* which skips a NaN */
    if (!(cell->speedup[RATIO_WORK][RATIO_OWN_SYNC].high < 1 + GAINED * (possible - 1)))
        return FINDING_NONE;
    if (times_sync >= FAR_MORE)
        return FINDING_CONTENDS;
    /* Only where copies of sync, in the same rounds, had a second CPU. */
    return capacity->ratio.low >= SECOND_CPU && cell->cpus_used < FAR_MORE * one ? FINDING_TAKES_TURNS : FINDING_NONE;
}

/* Is another model as fast, and none faster? */
static bool on_plateau(const struct summary *summary, const struct summary_cell *cell)
{
    bool shared = false;
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        if (c->group != cell->group || c->cell->baseline || !c->verified || !(c->work_s > 0))
            continue;
        if (c->work_s * PLATEAU < cell->work_s)
            return false;
        shared |= strcmp(c->cell->model, cell->cell->model) != 0 && c->work_s <= cell->work_s * PLATEAU;
    }
    return shared;
}

/*
 * What may have kept waiting work far from the ideal: its own CPU time (starting and ending count as such, so that it is
 * rather too low), or a server, which is not our origin, where models with idle CPUs share a plateau.
 */
static enum finding wait_limit(const struct summary *summary, const struct summary_cell *cell,
                               const struct summary_cell *sync)
{
    const struct ratio *gain = &cell->speedup[RATIO_WORK][RATIO_OWN_SYNC];
    const double most = limit_of(summary, cell).gain;
    const double grown = cell->latency_s[LATENCY_P50] / sync->latency_s[LATENCY_P50];
    if (!(gain->high < FAR_OFF * most))
        return FINDING_NONE;
    if (cell->cpu_s - (cell->median_s - cell->work_s) >= CLIENT_BUSY * cell->work_s)
        return FINDING_CLIENT;
    return strcmp(cell->group->asks, "url") == 0 && isnan(origin_taken(cell)) && cell->cpu_s < BUSY * cell->work_s &&
                   grown * gain->ratio >= AS_MUCH * most && on_plateau(summary, cell)
               ? FINDING_SERVER
               : FINDING_NONE;
}

bool hardly_computes(const struct summary_cell *cell)
{
    const double rest = cell->median_s - cell->work_s; /* starting and ending: CPU time at most */
    const bool disturbed = is_disturbed(cell);         /* computing got what the others left */
    if (disturbed && strcmp(cell->group->kind, "cpu") == 0)
        return false;
    const double most_s = cell->cpu_s - (rest <= START_UP_MOST * cell->work_s ? rest : 0);
    const double cpu_s = isnan(cell->work_cpu_s) ? most_s : cell->work_cpu_s;
    return cell->work_s >= SUMMARY_SHORT_WORK_S && cpu_s < (disturbed ? LEFT : BUSY) * cell->work_s;
}

/* Waiting together is free, unless the CPU or the origin is the limit; mixed work may have a capacity, as CPU work has. */
static enum finding wait_finding(const struct summary *summary, const struct summary_cell *cell,
                                 const struct summary_cell *sync, const struct summary_check *capacity)
{
    const enum finding limit = wait_limit(summary, cell, sync);
    const bool idle = hardly_computes(cell) && !(origin_taken(cell) >= BUSY);
    const bool free_cpu = capacity == NULL || capacity->ratio.low >= SECOND_CPU;
    const bool gained = !(cell->speedup[RATIO_WORK][RATIO_OWN_SYNC].high < NO_GAIN);
    return limit == FINDING_NONE && !gained && idle && free_cpu ? FINDING_TAKES_TURNS : limit;
}

void diagnosis_make(const struct summary *summary, struct summary_cell *cell)
{
    const struct summary_cell *sync = summary_sync_of(summary, cell);
    const struct summary_check *capacity = summary_capacity_of(summary, cell);
    const bool cpu = strcmp(cell->group->kind, "cpu") == 0;
    const double parallel = summary_parallelism(summary, cell); /* NaN: as much as you like */
    const bool alone = cell == sync || cell->group->workers < 2 || cell->group->jobs < 2 ||
                       parallel < TOGETHER; /* nothing can overlap */
    cell->cpus_used = cell->off_cpu_share = NAN;
    /* In an open loop, how many are in flight is the rate's doing. */
    if (sync == NULL || cell->group->baseline != NULL || cell->group->rate > 0 ||
        !(cell->work_s >= SUMMARY_SHORT_WORK_S))
        return;
    if (cpu)
        cell->cpus_used = cpus_used(cell, sync);
    if (isfinite(cell->cpus_used))
        cell->off_cpu_share = off_cpu_share(cell, sync, summary_cpus(summary));
    if (!alone && cell->in_flight_max <= 1 && cell->in_flight_mean >= AT_WORK)
        cell->finding = hardly_computes(cell) ? FINDING_BLOCKS : FINDING_NEVER_OVERLAPS;
    else if (!alone && cell->in_flight_mean >= TOGETHER)
        cell->finding = cpu ? cpu_without_gain(cell, sync, capacity, parallel)
                            : wait_finding(summary, cell, sync, capacity);
    /* What the machine itself took from copies of sync at once, or others took from this one, is not the model's doing. */
    double machine = alone || capacity == NULL ? 0 : 1 - capacity->ratio.low / (double)capacity->cell->copies;
    if (cell->finding == FINDING_NONE && !is_disturbed(cell) && cell->off_cpu_share > OFF_CPU + fmax(0, machine))
        cell->finding = FINDING_OFF_CPU;
}

const char *finding_name(enum finding finding)
{
    static const char *const names[FINDINGS] = {[FINDING_NEVER_OVERLAPS] = "never-overlaps",
                                                [FINDING_BLOCKS] = "blocks",
                                                [FINDING_TAKES_TURNS] = "takes-turns",
                                                [FINDING_CONTENDS] = "busy-without-gain",
                                                [FINDING_CLIENT] = "client-busy",
                                                [FINDING_SERVER] = "server",
                                                [FINDING_OFF_CPU] = "off-cpu"};
    return names[finding];
}
