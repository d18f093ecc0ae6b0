/* SPDX-License-Identifier: MIT */
/* Samples to summary: the rows one after the other, then what needs all of them (flags of controls, verdicts, doubts and
 * findings). */
#include "bench/analysis/summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/stopping.h"
#include "bench/util/text.h"

/* More than this part of a cell's samples disturbed is a doubt about the cell. */
#define DISTURBED_MOST 0.25

struct work {
    struct summary *summary;
    const struct results *results;
    struct pairs pairs; /* space for the longest cell */
};

/* -- cells: ratios ------------------------------------------------------------------------------------------------------------ */

/* Why there can be no ratio, or RATIO_FULL where there is nothing against one. */
static enum ratio_state cell_ratio_state(struct work *work, const struct summary_cell *cell,
                                         const struct result_cell *base, enum ratio_time time)
{
    if (!cell->verified || cell->rounds == 0)
        return RATIO_NOT_RUN;
    if (base == NULL)
        return RATIO_NO_BASE;
    if (base->status != CELL_OK)
        return RATIO_BASE_FAILED;
    if (cell->group->rate > 0)
        return RATIO_OPEN_LOOP;
    if (time == RATIO_WORK && cell->work_s < SUMMARY_SHORT_WORK_S)
        return RATIO_TOO_SHORT;
    if (time == RATIO_WORK && column_median(base, COLUMN(work_ns), work->pairs.base) < SUMMARY_SHORT_WORK_S)
        return RATIO_BASE_TOO_SHORT;
    return base == cell->cell ? RATIO_SELF : RATIO_FULL;
}

static int cell_ratio(struct work *work, struct summary_cell *cell, enum ratio_base which, enum ratio_time time)
{
    const char *runtime = which == RATIO_OWN_SYNC ? cell->cell->runtime : SUMMARY_BASELINE_RUNTIME;
    const struct result_cell *base = results_baseline(work->results, cell->cell->group, runtime);
    const enum ratio_state state = cell_ratio_state(work, cell, base, time);
    struct ratio *out = &cell->speedup[time][which];
    *out = ratio_none(state);
    if (state == RATIO_SELF) {
        out->ratio = 1;
        out->rounds = cell->rounds;
    }
    if (state != RATIO_FULL)
        return 0;
    pairs_collect(&work->pairs, base, cell->cell, time == RATIO_WORK ? sample_work : sample_whole);
    *out = ratio_of(&work->pairs);
    return ratio_test(out, &work->pairs, work->results->margin);
}

/* "no ratio: py:sync failed: ..." where a baseline's failure takes a sound cell's ratios away. */
static int cell_note_baseline(const struct work *work, struct summary_cell *out, enum ratio_base which)
{
    const char *runtime = which == RATIO_OWN_SYNC ? out->cell->runtime : SUMMARY_BASELINE_RUNTIME;
    const struct result_cell *base = results_baseline(work->results, out->cell->group, runtime);
    if (!out->verified || out->note != NULL || base == NULL || base->status <= CELL_OK)
        return 0;
    out->note = text_format("no ratio to %s:%s, which is %s: %s", base->runtime, base->model,
                            cell_status_word(base->status), base->reason);
    return out->note == NULL ? -ENOMEM : 0;
}

static int cell_make(struct work *work, const struct result_cell *cell)
{
    struct summary_cell *out = &work->summary->cells[work->summary->cell_count++];
    *out = (struct summary_cell){
        .cell = cell,
        .group = &work->results->groups[cell->group],
        .verified = cell->status == CELL_OK,
    };
    int rc = cell_note(cell, &out->note);
    if (rc == 0)
        rc = cell_measure(out, work->pairs.base);
    for (enum ratio_base b = 0; b < RATIO_BASES && rc == 0; b++) {
        for (enum ratio_time t = 0; t < RATIO_TIMES && rc == 0; t++)
            rc = cell_ratio(work, out, (enum ratio_base)b, (enum ratio_time)t);
        if (rc == 0)
            rc = cell_note_baseline(work, out, (enum ratio_base)b);
    }
    return rc;
}

static int control_add(struct work *work, const struct result_cell *cell)
{
    return control_make(&work->summary->controls[work->summary->control_count++], work->results, cell, &work->pairs);
}

static int capacity_add(struct work *work, const struct result_cell *cell)
{
    return capacity_make(&work->summary->capacities[work->summary->capacity_count++], work->results, cell,
                         &work->pairs);
}

static int capacity_missing(struct work *work, const struct plan_group *group)
{
    struct summary_capacity *out = &work->summary->capacities[work->summary->capacity_count++];
    *out = (struct summary_capacity){.group = group, .ratio = ratio_none(RATIO_NOT_RUN)};
    return text_set(&out->note, group->capacity_reason);
}

/* -- verdicts -------------------------------------------------------------------------------------------------------------------- */

/* One column of one group's table is a family. `family` has room for all cells. */
static int column_judge(struct summary *summary, const struct plan_group *group, enum ratio_time time,
                        enum ratio_base base, struct ratio **family)
{
    size_t count = 0;
    for (size_t i = 0; i < summary->cell_count; i++)
        if (summary->cells[i].group == group)
            family[count++] = &summary->cells[i].speedup[time][base];
    return ratios_judge(family, count, summary->results->margin);
}

static int cells_judge(struct summary *summary)
{
    struct ratio **family = calloc(summary->cell_count + 1, sizeof *family);
    int rc = family == NULL ? -ENOMEM : 0;
    for (size_t g = 0; g < summary->results->group_count; g++)
        for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
            for (enum ratio_base b = 0; b < RATIO_BASES && rc == 0; b++)
                rc = column_judge(summary, &summary->results->groups[g], (enum ratio_time)t, (enum ratio_base)b,
                                  family);
    free(family);
    return rc;
}

/* -- what depends on other rows ------------------------------------------------------------------------------------------------ */

double summary_cpus(const struct summary *summary)
{
    return json_number_value(json_object_get(summary->results->plan, "effective_cpus"));
}

const struct summary_capacity *summary_capacity_of(const struct summary *summary, const struct summary_cell *cell)
{
    for (size_t i = 0; i < summary->capacity_count; i++) {
        const struct summary_capacity *capacity = &summary->capacities[i];
        if (capacity->cell != NULL && capacity->group == cell->group &&
            strcmp(capacity->cell->runtime, cell->cell->runtime) == 0)
            return capacity;
    }
    return NULL;
}

const struct summary_cell *summary_sync_of(const struct summary *summary, const struct summary_cell *cell)
{
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *other = &summary->cells[i];
        if (other->cell->baseline && other->group == cell->group &&
            strcmp(other->cell->runtime, cell->cell->runtime) == 0)
            return other;
    }
    return NULL;
}

/* What starting and ending takes is CPU time at most, so that the share is rather too low and the bound too high. */
static double mixed_gain(const struct summary *summary, const struct summary_cell *sync, double workers)
{
    const double cpus = summary_cpus(summary);
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

double precision_reached(const struct summary *summary, size_t group)
{
    double widest = NAN;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (cell->cell->group != group)
            continue;
        for (size_t t = 0; t < RATIO_TIMES; t++)
            for (size_t b = 0; b < RATIO_BASES; b++) {
                const struct ratio *ratio = &cell->speedup[t][b];
                if (ratio->state == RATIO_FULL)
                    widest = fmax(widest, stopping_half_width(ratio->low, ratio->high)); /* fmax skips a NaN */
            }
    }
    return widest;
}

static bool is_cpu(const struct summary_cell *cell) { return strcmp(cell->group->kind, "cpu") == 0; }

/*
 * The jobs' time in flight that no CPU was spent on, over all samples: 1 - (CPU time - start-up) / time in flight. Not known
 * where more jobs were in flight than there are CPUs (then they wait for each other).
 */
static double off_cpu_share(const struct summary *summary, const struct summary_cell *cell, double startup_s)
{
    const double cpus = summary_cpus(summary);
    double cpu = 0, busy = 0;
    for (size_t i = 0; i < cell->cell->count; i++) {
        const struct sample *s = &cell->cell->samples[i];
        if (s->cpu_ns >= 0 && s->busy_ns > 0) {
            cpu += fmax(0, (double)s->cpu_ns / 1e9 - startup_s);
            busy += (double)s->busy_ns / 1e9;
        }
    }
    return busy <= 0 || (cpus > 0 && cell->in_flight_max > ceil(cpus)) ? NAN : fmax(0, 1 - cpu / busy);
}

static void cell_cpus(const struct summary *summary, struct summary_cell *cell)
{
    const struct summary_cell *sync = summary_sync_of(summary, cell);
    cell->cpus_used = cell->off_cpu_share = NAN;
    if (!is_cpu(cell) || sync == NULL || cell->group->rate > 0 || !(cell->work_s >= SUMMARY_SHORT_WORK_S))
        return;
    cell->cpus_used = diagnosis_cpus_used(&(struct diagnosis_times){cell->median_s, cell->work_s, cell->cpu_s},
                                          &(struct diagnosis_times){sync->median_s, sync->work_s, sync->cpu_s});
    if (isfinite(cell->cpus_used))
        cell->off_cpu_share = off_cpu_share(summary, cell, fmax(0, sync->cpu_s - sync->work_s));
}

/* The share of the work in which the origin ran or wanted to; NaN: not known. A wait that is not known counts as none. */
static double origin_taken(const struct summary_cell *cell)
{
    return cell == NULL ? NAN : cell->origin_share + fmax(0, cell->origin_wait_share);
}

static void cell_find(const struct summary *summary, struct summary_cell *cell)
{
    const struct summary_cell *sync = summary_sync_of(summary, cell);
    const struct summary_capacity *capacity = summary_capacity_of(summary, cell);
    if (sync == NULL || cell->group->rate > 0 || !plan_compares(cell->group) ||
        !(cell->work_s >= SUMMARY_SHORT_WORK_S)) /* of an open loop, how many are in flight is the rate's doing */
        return;
    cell->finding = diagnosis_find(&(struct diagnosis){
        .cpu = is_cpu(cell),
        .alone = cell == sync || cell->group->workers < 2 || cell->group->jobs < 2,
        .in_flight_max = cell->in_flight_max,
        .in_flight_mean = cell->in_flight_mean,
        .gain_high = cell->speedup[RATIO_WORK][RATIO_OWN_SYNC].high,
        .capacity_low = capacity == NULL ? NAN : capacity->ratio.low,
        .copies = capacity == NULL ? NAN : (double)capacity->cell->copies,
        .cpus_used = cell->cpus_used,
        .sync_cpus_used = sync->cpus_used,
        .work_s = cell->work_s,
        .sync_work_s = sync->work_s,
        .cpu_s = cell->cpu_s,
        .origin_share = origin_taken(cell),
        .off_cpu_share = cell->off_cpu_share,
    });
}

static bool is_flagged(const struct summary *summary, const struct plan_group *group, const char *runtime)
{
    for (size_t i = 0; i < summary->control_count; i++) {
        const struct summary_control *control = &summary->controls[i];
        if (control->flagged && control->group == group && strcmp(control->cell->runtime, runtime) == 0)
            return true;
    }
    return false;
}

/* The origin has one thread: where it is busy all through `sync`, no model can gain, however busy it is under that model. */
static bool is_origin_bound(const struct summary *summary, const struct summary_cell *cell)
{
    return origin_taken(cell) >= SUMMARY_ORIGIN_BOUND ||
           (plan_compares(cell->group) && origin_taken(summary_sync_of(summary, cell)) >= SUMMARY_ORIGIN_BOUND);
}

/* Those about the cell, which are about all its ratios, and those about one ratio alone. */
static void cell_doubt(const struct summary *summary, struct summary_cell *cell)
{
    const struct summary_capacity *capacity = summary_capacity_of(summary, cell);
    struct ratio *gain = &cell->speedup[RATIO_WORK][RATIO_OWN_SYNC];
    enum doubt all = DOUBT_NONE;
    if (is_origin_bound(summary, cell))
        doubt_add(&all, DOUBT_ORIGIN);
    if ((double)cell->disturbed_rounds > DISTURBED_MOST * (double)cell->rounds)
        doubt_add(&all, DOUBT_DISTURBED);
    if (is_flagged(summary, cell->group, cell->cell->runtime))
        doubt_add(&all, DOUBT_CONTROL);
    if (is_cpu(cell) && capacity != NULL && gain->low > capacity->ratio.high)
        doubt_add(&gain->doubt, DOUBT_ABOVE_CAPACITY);
    cell->doubt = all;
    if (cell->open_loop.behind)
        doubt_add(&cell->doubt, DOUBT_RATE);
    for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES; b++) {
            struct ratio *ratio = &cell->speedup[t][b];
            if (!ratio_known(ratio) || ratio->state == RATIO_SELF)
                continue;
            doubt_add(&ratio->doubt, all);
            if (b == RATIO_PY_SYNC && is_flagged(summary, cell->group, SUMMARY_BASELINE_RUNTIME))
                doubt_add(&ratio->doubt, DOUBT_CONTROL);
            doubt_add(&cell->doubt, ratio->doubt);
        }
}

bool summary_memory_is_least(const struct summary_cell *cell) { return cell->cell->memory_looks == 0; }

/* -- the whole ----------------------------------------------------------------------------------------------------------------- */

static void runs_count(struct summary *summary, const struct results *results)
{
    for (size_t i = 0; i < results->cell_count; i++) {
        const struct result_cell *cell = &results->cells[i];
        if (cell->status > CELL_OK)
            summary->failed += cell->status != CELL_IMPOSSIBLE;
        else if (results_rounds_due(results, cell->group) < 0 ||
                 (int64_t)cell->count < results_rounds_due(results, cell->group))
            summary->interrupted = true;
    }
}

static int space_make(struct work *work)
{
    const struct results *results = work->results;
    size_t longest = 0;
    for (size_t i = 0; i < results->cell_count; i++)
        if (results->cells[i].count > longest)
            longest = results->cells[i].count;
    const size_t cells = results->cell_count + 1;
    work->summary->cells = calloc(cells, sizeof *work->summary->cells);
    work->summary->controls = calloc(cells, sizeof *work->summary->controls);
    work->summary->capacities = calloc(cells + results->group_count, sizeof *work->summary->capacities);
    return work->summary->cells == NULL || work->summary->controls == NULL || work->summary->capacities == NULL
               ? -ENOMEM
               : pairs_open(&work->pairs, longest);
}

static int rows_make(struct work *work)
{
    static int (*const make[])(struct work *, const struct result_cell *) = {
        [ROLE_MODEL] = cell_make, [ROLE_CONTROL] = control_add, [ROLE_CAPACITY] = capacity_add};
    const struct results *results = work->results;
    int rc = 0;
    for (size_t g = 0; g < results->group_count && rc == 0; g++)
        if (results->groups[g].capacity_reason != NULL)
            rc = capacity_missing(work, &results->groups[g]);
    for (size_t i = 0; i < results->cell_count && rc == 0; i++)
        rc = make[results->cells[i].role](work, &results->cells[i]);
    return rc;
}

int summary_make(struct summary *summary, const struct results *results, struct error *err)
{
    *summary = (struct summary){.results = results};
    struct work work = {.summary = summary, .results = results};
    int rc = space_make(&work);
    if (rc == 0)
        rc = rows_make(&work);
    if (rc == 0)
        rc = controls_flag(summary->controls, summary->control_count, results->margin);
    if (rc == 0)
        rc = cells_judge(summary);
    pairs_close(&work.pairs);
    if (rc != 0) {
        summary_free(summary);
        return error_set(err, rc, "out of memory");
    }
    for (size_t i = 0; i < summary->cell_count; i++)
        cell_cpus(summary, &summary->cells[i]);
    for (size_t i = 0; i < summary->cell_count; i++) { /* which look at other cells too */
        cell_find(summary, &summary->cells[i]);
        cell_doubt(summary, &summary->cells[i]);
    }
    runs_count(summary, results);
    return 0;
}

void summary_free(struct summary *summary)
{
    for (size_t i = 0; i < summary->cell_count; i++) {
        free(summary->cells[i].note);
        free(summary->cells[i].outliers);
    }
    for (size_t i = 0; i < summary->control_count; i++)
        free(summary->controls[i].note);
    for (size_t i = 0; i < summary->capacity_count; i++)
        free(summary->capacities[i].note);
    free(summary->cells);
    free(summary->controls);
    free(summary->capacities);
    *summary = (struct summary){0};
}
