/* SPDX-License-Identifier: MIT */
/* What a summary's cells show beside their times. */
#include "bench/analysis/summary_diagnosis.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/signed_rank.h"

static const struct summary_cell *baseline_of(const struct summary *summary, const struct summary_cell *cell)
{
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *other = &summary->cells[i];
        if (other->cell->baseline && other->group == cell->group &&
            strcmp(other->cell->runtime, cell->cell->runtime) == 0)
            return other;
    }
    return NULL;
}

static void cell_flight(struct summary_cell *cell, double *room)
{
    size_t n = 0;
    cell->in_flight_max = cell->in_flight_mean = NAN;
    for (size_t i = 0; i < cell->cell->count; i++) {
        const struct sample *s = &cell->cell->samples[i];
        if (s->in_flight_max > 0)
            cell->in_flight_max = fmax(cell->in_flight_max, (double)s->in_flight_max);
        if (s->busy_ns > 0 && s->work_ns > 0)
            room[n++] = (double)s->busy_ns / (double)s->work_ns;
    }
    if (n > 0 && stats_median(room, n, &cell->in_flight_mean) != 0)
        cell->in_flight_mean = NAN;
}

static bool is_cpu(const struct summary_cell *cell) { return strcmp(cell->group->kind, "cpu") == 0; }

static void cell_cpus(struct summary_cell *cell, const struct summary_cell *baseline)
{
    cell->cpus_used = NAN;
    if (!is_cpu(cell) || baseline == NULL || !(cell->work_s >= SUMMARY_SHORT_WORK_S) ||
        !(cell->median_s - cell->work_s <= SYMPTOMS_START_UP * cell->work_s))
        return;
    const double startup = fmax(0, baseline->cpu_s - baseline->work_s);
    cell->cpus_used = fmax(0, cell->cpu_s - startup) / cell->work_s;
}

/* How long the origin was ready to run and found no CPU, as a share of the work. */
static void cell_origin_wait(struct summary_cell *cell)
{
    double wait = 0, work = 0;
    for (size_t i = 0; i < cell->cell->count; i++) {
        const struct sample *s = &cell->cell->samples[i];
        if (s->origin_wait_ns >= 0 && s->work_ns > 0) {
            wait += (double)s->origin_wait_ns;
            work += (double)s->work_ns;
        }
    }
    cell->origin_wait_share = work > 0 ? wait / work : NAN;
}

/* What the cell could have gained: what copies of the baseline made of this machine in the same rounds, else the ideal. */
static double possible_gain(const struct summary *summary, const struct summary_cell *cell)
{
    const struct summary_capacity *capacity = summary_capacity_of(summary, cell);
    return capacity != NULL && ratio_known(&capacity->ratio) ? capacity->ratio.ratio : cell->group->ideal;
}

static bool cpu_takes_turns(const struct summary *summary, const struct summary_cell *cell, double gain)
{
    const double possible = possible_gain(summary, cell);
    const double one = fmin(1, baseline_of(summary, cell)->cpus_used); /* a busy machine gives the baseline less too */
    return possible >= SYMPTOMS_CAPACITY && gain < 1 + SYMPTOMS_GAINED * (possible - 1) &&
           !(cell->cpus_used >= SYMPTOMS_TWO_CPUS * one);
}

/* The share of the work in which the origin ran or wanted to; NaN: not known. A wait that is not known counts as none. */
static double origin_taken(const struct summary_cell *cell)
{
    return cell->origin_share + fmax(0, cell->origin_wait_share);
}

static bool wait_takes_turns(const struct summary_cell *cell, double gain)
{
    return gain < SYMPTOMS_NO_GAIN && cell->cpu_s < SYMPTOMS_BUSY * cell->work_s &&
           !(origin_taken(cell) >= SYMPTOMS_BUSY);
}

static bool takes_turns(const struct summary *summary, const struct summary_cell *cell)
{
    const struct ratio *gain = &cell->speedup[RATIO_WORK][RATIO_OWN_SYNC];
    if (!(cell->in_flight_mean >= SYMPTOMS_TOGETHER) || !ratio_known(gain))
        return false;
    const double most = isfinite(gain->high) ? gain->high : gain->ratio; /* an unresolved gain accuses nobody */
    return is_cpu(cell) ? cpu_takes_turns(summary, cell, most) : wait_takes_turns(cell, most);
}

static bool origin_is_full(const struct summary_cell *cell)
{
    return cell != NULL && origin_taken(cell) >= SUMMARY_ORIGIN_BOUND;
}

/* The origin has one thread: where it is busy all through `sync`, no model can gain, however busy it is under that model. */
static bool is_origin_bound(const struct summary *summary, const struct summary_cell *cell)
{
    return origin_is_full(cell) || (result_group_compares(cell->group) && origin_is_full(baseline_of(summary, cell)));
}

static unsigned cell_marks(const struct summary *summary, const struct summary_cell *cell)
{
    unsigned marks = 0;
    if (is_origin_bound(summary, cell))
        marks |= MARK_ORIGIN_BOUND;
    for (size_t i = 0; i < cell->cell->count; i++)
        if (cell->cell->samples[i].stopped_ns > 0)
            marks |= MARK_STOPPED;
    if (cell->disturbed_rounds > 0)
        marks |= MARK_DISTURBED;
    if (cell->group->rate > 0) /* how many are in flight is the rate's doing */
        return marks;
    if (!result_group_compares(cell->group) || cell->cell->baseline || cell->group->workers < 2 ||
        cell->group->jobs < 2 || !(cell->work_s >= SUMMARY_SHORT_WORK_S))
        return marks;
    if (cell->in_flight_max <= 1)
        marks |= MARK_SERIAL;
    else if (takes_turns(summary, cell))
        marks |= MARK_TAKES_TURNS;
    return marks;
}

int summary_symptoms(struct summary *summary)
{
    size_t longest = 0;
    for (size_t i = 0; i < summary->cell_count; i++)
        longest = summary->cells[i].cell->count > longest ? summary->cells[i].cell->count : longest;
    double *room = calloc(longest + 1, sizeof *room);
    if (room == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < summary->cell_count; i++) {
        struct summary_cell *cell = &summary->cells[i];
        cell_flight(cell, room);
        cell_cpus(cell, baseline_of(summary, cell));
        cell_origin_wait(cell);
        cell->disturbed_rounds = results_disturbed(cell->cell, ~0u);
    }
    for (size_t i = 0; i < summary->cell_count; i++) /* which look at other cells too */
        summary->cells[i].marks |= cell_marks(summary, &summary->cells[i]);
    free(room);
    return 0;
}
