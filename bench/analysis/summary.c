/* SPDX-License-Identifier: MIT */
/* Samples to summary: the rows one after the other, then what needs all of them (flags of controls, verdicts, marks). */
#include "bench/analysis/summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/signed_rank.h"
#include "bench/stats/median.h"
#include "bench/analysis/summary_geomean.h"
#include "bench/analysis/summary_open_loop.h"
#include "bench/analysis/summary_diagnosis.h"
#include "bench/util/text.h"

#define CONTROL_FAMILY_ERROR 0.05

static const char *const mark_names[] = {"too-short",       "unresolved",   "above-capacity", "origin-bound",
                                         "control-flagged", "first-round",  "drift",          "autocorrelated",
                                         "serial",          "takes-turns",  "stopped",        "memory-short",
                                         "disturbed",       "rate-not-kept"};

const char *summary_mark_name(unsigned index)
{
    return index < sizeof mark_names / sizeof *mark_names ? mark_names[index] : NULL;
}

/* -- columns of samples --------------------------------------------------------------------------------------------------- */

static double seconds(int64_t ns) { return ns < 0 ? NAN : (double)ns / 1e9; }

static double sample_cpu(const struct sample *s) { return seconds(s->cpu_ns); }
static double sample_ready(const struct sample *s) { return seconds(s->ready_ns); }
static double sample_end(const struct sample *s) { return seconds(s->end_ns); }
static double sample_p50(const struct sample *s) { return seconds(s->latency_ns[LATENCY_P50]); }
static double sample_p90(const struct sample *s) { return seconds(s->latency_ns[LATENCY_P90]); }
static double sample_max(const struct sample *s) { return seconds(s->latency_ns[LATENCY_MAX]); }

/* What is left of the whole command: before main and after it. Clocks may make it a hair negative. */
static double sample_start(const struct sample *s)
{
    const double rest = sample_whole(s) - sample_ready(s) - sample_work(s) - sample_end(s);
    return rest < 0 ? 0 : rest; /* NaN where one of them is */
}

/* The values that are known, in the order of rounds. `room` holds at least cell->count doubles. */
static size_t cell_values(const struct result_cell *cell, sample_value *value, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->count; i++) {
        const double v = value(&cell->samples[i]);
        if (isfinite(v))
            room[n++] = v;
    }
    return n;
}

/* The median over the samples that know the value; NaN where none does. */
static double cell_median(const struct result_cell *cell, sample_value *value, double *room)
{
    const size_t n = cell_values(cell, value, room);
    double median = NAN;
    if (n > 0 && stats_median(room, n, &median) != 0)
        median = NAN;
    return median;
}

static struct summary_interval cell_median_ci(const struct result_cell *cell, sample_value *value, double *room)
{
    struct stats_interval interval;
    if (stats_median_interval(room, cell_values(cell, value, room), 0.95, &interval) != 0)
        return (struct summary_interval){NAN, NAN};
    return (struct summary_interval){interval.low, interval.high};
}

/* -- what the summary is made in ------------------------------------------------------------------------------------------- */

struct work {
    struct summary *summary;
    const struct results *results;
    struct pairs pairs; /* room for the longest cell */
};

static const char *status_word(enum cell_status status)
{
    static const char *const words[] = {
        [CELL_UNSEEN] = "not run",      [CELL_OK] = "ok",
        [CELL_REFUSED] = "refused",     [CELL_FAILED] = "failed",
        [CELL_TIMEOUT] = "out of time", [CELL_IMPOSSIBLE] = "not possible here",
    };
    return words[status];
}

/* Why a cell has nothing to show, to be freed; *note stays NULL where it has. */
static int cell_note(const struct result_cell *cell, char **note)
{
    if (cell->status == CELL_OK)
        return 0;
    *note = cell->status == CELL_UNSEEN ? text_format("not run: the run was cut off before it")
                                        : text_format("%s: %s", status_word(cell->status), cell->reason);
    return *note == NULL ? -ENOMEM : 0;
}

/* -- cells --------------------------------------------------------------------------------------------------------------------- */

static void cell_times(struct summary_cell *out, double *room)
{
    const struct result_cell *cell = out->cell;
    sample_value *const phases[PHASES] = {sample_start, sample_ready, sample_work, sample_end};
    sample_value *const points[LATENCY_POINTS] = {sample_p50, sample_p90, sample_p99, sample_max};
    out->rounds = cell->count;
    out->median_s = cell_median(cell, sample_whole, room);
    out->work_s = cell_median(cell, sample_work, room);
    out->median_ci_s = cell_median_ci(cell, sample_whole, room);
    out->work_ci_s = cell_median_ci(cell, sample_work, room);
    out->cpu_s = cell_median(cell, sample_cpu, room);
    for (size_t i = 0; i < PHASES; i++)
        out->phase_s[i] = cell_median(cell, phases[i], room);
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        out->latency_s[i] = cell_median(cell, points[i], room);
}

static double sample_log_whole(const struct sample *s) { return s->whole_ns > 0 ? log(sample_whole(s)) : NAN; }

/* In log time, so that half as long and twice as long are equally far. Marked only: they stay in every number. */
static int cell_outliers(struct summary_cell *out, double *room)
{
    const struct result_cell *cell = out->cell;
    struct stats_spread spread;
    const size_t n = cell_values(cell, sample_log_whole, room);
    if (n < STATS_OUTLIER_MIN)
        return 0;
    out->outliers = calloc(cell->count, sizeof *out->outliers);
    if (out->outliers == NULL || stats_spread_of(room, n, &spread) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < cell->count; i++)
        if (fabs(stats_modified_z(&spread, sample_log_whole(&cell->samples[i]))) > STATS_OUTLIER_CUT)
            out->outliers[out->outlier_count++] = cell->samples[i].round;
    return 0;
}

static void cell_origin(struct summary_cell *out)
{
    double cpu = 0, work = 0;
    out->connections = NAN;
    for (size_t i = 0; i < out->cell->count; i++) {
        const struct sample *s = &out->cell->samples[i];
        if (s->connections >= 0)
            out->connections = fmax(out->connections, (double)s->connections);
        if (s->origin_cpu_ns >= 0 && s->work_ns > 0) {
            cpu += (double)s->origin_cpu_ns;
            work += (double)s->work_ns;
        }
    }
    out->origin_share = work > 0 ? cpu / work : NAN;
}

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
    if (time == RATIO_WORK && cell_median(base, sample_work, work->pairs.base) < SUMMARY_SHORT_WORK_S)
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

unsigned summary_ratio_marks(const struct ratio *ratio)
{
    static const struct {
        enum ratio_flag flag;
        enum mark mark;
    } table[] = {{RATIO_FLAG_FIRST_ROUND, MARK_FIRST_ROUND},
                 {RATIO_FLAG_DRIFT, MARK_DRIFT},
                 {RATIO_FLAG_AUTOCORRELATED, MARK_AUTOCORRELATED}};
    unsigned marks = ratio->unresolved ? MARK_UNRESOLVED : 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (ratio->flags & table[i].flag)
            marks |= table[i].mark;
    return marks;
}

static unsigned cell_marks(const struct summary_cell *cell)
{
    unsigned marks = 0;
    if (cell->work_s < SUMMARY_SHORT_WORK_S && result_group_compares(cell->group) && cell->group->rate == 0)
        marks |= MARK_TOO_SHORT;
    if (cell->cell->memory_looks == 0)
        marks |= MARK_MEMORY_SHORT;
    for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES; b++)
            marks |= summary_ratio_marks(&cell->speedup[t][b]);
    return marks;
}

/* "no ratio: py:sync failed: ..." where a baseline's failure takes a sound cell's ratios away. */
static int cell_note_baseline(const struct work *work, struct summary_cell *out, enum ratio_base which)
{
    const char *runtime = which == RATIO_OWN_SYNC ? out->cell->runtime : SUMMARY_BASELINE_RUNTIME;
    const struct result_cell *base = results_baseline(work->results, out->cell->group, runtime);
    if (!out->verified || out->note != NULL || base == NULL || base->status <= CELL_OK)
        return 0;
    out->note = text_format("no ratio to %s:%s, which is %s: %s", base->runtime, base->model, status_word(base->status),
                            base->reason);
    return out->note == NULL ? -ENOMEM : 0;
}

static int cell_summarise(struct work *work, const struct result_cell *cell)
{
    struct summary_cell *out = &work->summary->cells[work->summary->cell_count++];
    *out = (struct summary_cell){
        .cell = cell,
        .group = &work->results->groups[cell->group],
        .verified = cell->status == CELL_OK,
    };
    int rc = cell_note(cell, &out->note);
    cell_times(out, work->pairs.base);
    cell_origin(out);
    if (rc == 0)
        rc = cell_outliers(out, work->pairs.base);
    for (enum ratio_base b = 0; b < RATIO_BASES && rc == 0; b++) {
        for (enum ratio_time t = 0; t < RATIO_TIMES && rc == 0; t++)
            rc = cell_ratio(work, out, (enum ratio_base)b, (enum ratio_time)t);
        if (rc == 0)
            rc = cell_note_baseline(work, out, (enum ratio_base)b);
    }
    out->marks = cell_marks(out);
    return rc;
}

/* -- control and capacity ---------------------------------------------------------------------------------------------------- */

static int control_summarise(struct work *work, const struct result_cell *cell)
{
    struct summary_control *out = &work->summary->controls[work->summary->control_count++];
    const struct result_cell *base = results_baseline(work->results, cell->group, cell->runtime);
    *out = (struct summary_control){
        .cell = cell,
        .group = &work->results->groups[cell->group],
        .ratio = ratio_none(base == NULL ? RATIO_NO_BASE : RATIO_NOT_RUN),
        .low99 = NAN,
        .high99 = NAN,
        .p = NAN,
    };
    if (base == NULL || cell->status != CELL_OK)
        return cell_note(cell, &out->note);
    if (base->status != CELL_OK) {
        out->ratio.state = RATIO_BASE_FAILED;
        return cell_note(base, &out->note);
    }
    struct pairs *pairs = &work->pairs;
    pairs_collect(pairs, base, cell, out->group->rate > 0 ? sample_p50 : sample_whole);
    out->ratio = ratio_of(pairs);
    struct stats_interval interval;
    if (stats_ratio(pairs->base, pairs->variant, pairs->n, 0.99, &interval) != 0)
        return 0;
    out->low99 = interval.low;
    out->high99 = interval.high;
    for (size_t i = 0; i < pairs->n; i++)
        pairs->base[i] = log(pairs->base[i]) - log(pairs->variant[i]);
    if (stats_outside_p(pairs->base, pairs->n, log1p(work->results->margin), &out->p) != 0)
        out->p = NAN;
    return 0;
}

/* Flags one runtime's controls; summary_make says by which rule. `first` is the runtime's first control. */
static void controls_flag(struct summary *summary, size_t first, double *p, double *adjusted)
{
    const char *runtime = summary->controls[first].cell->runtime;
    size_t n = 0;
    for (size_t i = first; i < summary->control_count; i++)
        if (strcmp(summary->controls[i].cell->runtime, runtime) == 0 && isfinite(summary->controls[i].p))
            p[n++] = summary->controls[i].p;
    const bool adjust = stats_holm(p, n, adjusted) == 0;
    for (size_t i = first, at = 0; i < summary->control_count; i++) {
        struct summary_control *control = &summary->controls[i];
        if (strcmp(control->cell->runtime, runtime) != 0 || !isfinite(control->p))
            continue;
        const double least = ldexp(1, 1 - (int)fmin(1000, (double)control->ratio.rounds)) * (double)n;
        const bool passes = !adjust || least >= CONTROL_FAMILY_ERROR || adjusted[at] < CONTROL_FAMILY_ERROR;
        control->flagged = interval_clears(control->low99, control->high99, summary->results->margin) && passes;
        at++;
    }
}

static int controls_flag_all(struct summary *summary)
{
    double *room = calloc(2 * summary->control_count + 1, sizeof *room);
    if (room == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < summary->control_count; i++) {
        bool first = true;
        for (size_t j = 0; j < i && first; j++)
            first = strcmp(summary->controls[i].cell->runtime, summary->controls[j].cell->runtime) != 0;
        if (first)
            controls_flag(summary, i, room, room + summary->control_count);
    }
    free(room);
    return 0;
}

static int capacity_summarise(struct work *work, const struct result_cell *cell)
{
    struct summary_capacity *out = &work->summary->capacities[work->summary->capacity_count++];
    const struct result_cell *base = results_baseline(work->results, cell->group, cell->runtime);
    *out = (struct summary_capacity){
        .cell = cell,
        .group = &work->results->groups[cell->group],
        .ratio = ratio_none(base == NULL ? RATIO_NO_BASE : RATIO_NOT_RUN),
    };
    if (base == NULL || cell->status != CELL_OK)
        return cell_note(cell, &out->note);
    if (base->status != CELL_OK) {
        out->ratio.state = RATIO_BASE_FAILED;
        return cell_note(base, &out->note);
    }
    pairs_collect(&work->pairs, base, cell, sample_work);
    for (size_t i = 0; i < work->pairs.n; i++)
        work->pairs.base[i] *= (double)cell->copies;
    out->ratio = ratio_of(&work->pairs);
    return 0;
}

static int capacity_missing(struct work *work, const struct result_group *group)
{
    struct summary_capacity *out = &work->summary->capacities[work->summary->capacity_count++];
    *out = (struct summary_capacity){.group = group, .ratio = ratio_none(RATIO_NOT_RUN)};
    return text_set(&out->note, group->capacity_reason);
}

/* -- verdicts -------------------------------------------------------------------------------------------------------------------- */

/* One column of one group's table is a family. `family` has room for all cells. */
static int column_judge(struct summary *summary, const struct result_group *group, enum ratio_time time,
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

/* -- the whole ----------------------------------------------------------------------------------------------------------------- */

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

bool summary_control_flagged(const struct summary *summary, const struct result_group *group, const char *runtime)
{
    for (size_t i = 0; i < summary->control_count; i++) {
        const struct summary_control *control = &summary->controls[i];
        if (control->flagged && control->group == group && strcmp(control->cell->runtime, runtime) == 0)
            return true;
    }
    return false;
}

/* The marks that depend on other rows. */
static void cells_mark(struct summary *summary)
{
    for (size_t i = 0; i < summary->cell_count; i++) {
        struct summary_cell *cell = &summary->cells[i];
        const struct ratio *own = &cell->speedup[RATIO_WORK][RATIO_OWN_SYNC];
        const struct summary_capacity *capacity = summary_capacity_of(summary, cell);
        if (strcmp(cell->group->kind, "cpu") == 0 && capacity != NULL && own->low > capacity->ratio.high)
            cell->marks |= MARK_ABOVE_CAPACITY;
        if (summary_control_flagged(summary, cell->group, cell->cell->runtime))
            cell->marks |= MARK_CONTROL_FLAGGED;
    }
}

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

static int rooms_make(struct work *work)
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
    static int (*const summarise[])(struct work *, const struct result_cell *) = {
        [ROLE_MODEL] = cell_summarise, [ROLE_CONTROL] = control_summarise, [ROLE_CAPACITY] = capacity_summarise};
    const struct results *results = work->results;
    int rc = 0;
    for (size_t g = 0; g < results->group_count && rc == 0; g++)
        if (results->groups[g].capacity_reason != NULL)
            rc = capacity_missing(work, &results->groups[g]);
    for (size_t i = 0; i < results->cell_count && rc == 0; i++)
        rc = summarise[results->cells[i].role](work, &results->cells[i]);
    return rc;
}

int summary_make(struct summary *summary, const struct results *results, struct error *err)
{
    *summary = (struct summary){.results = results};
    struct work work = {.summary = summary, .results = results};
    int rc = rooms_make(&work);
    if (rc == 0)
        rc = rows_make(&work);
    if (rc == 0)
        rc = controls_flag_all(summary);
    if (rc == 0)
        rc = cells_judge(summary);
    if (rc == 0)
        rc = summary_geomean_all(summary, &work.pairs);
    if (rc == 0) {
        cells_mark(summary);
        runs_count(summary, results);
        rc = summary_symptoms(summary);
        if (rc == 0)
            rc = summary_open_loop(summary);
    }
    pairs_close(&work.pairs);
    if (rc != 0) {
        summary_free(summary);
        return error_set(err, rc, "no memory for the summary");
    }
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
    summary_geomean_free(summary);
    *summary = (struct summary){0};
}
