/* SPDX-License-Identifier: MIT */
/* Samples to summary. Two cells are only ever compared round by round: `pairs` collects the rounds that both have, and
 * the statistics see nothing else. */
#include "bench/summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats.h"
#include "bench/text.h"

#define CONTROL_FAMILY_ERROR 0.05

static const char *const mark_names[] = {"too-short", "unresolved", "above-capacity", "origin-bound", "control-flagged"};

const char *summary_mark_name(unsigned index)
{
    return index < sizeof mark_names / sizeof *mark_names ? mark_names[index] : NULL;
}

bool ratio_known(const struct ratio *ratio)
{
    return ratio->state <= RATIO_SELF;
}

static struct ratio ratio_none(enum ratio_state state)
{
    return (struct ratio){.ratio = NAN, .low = NAN, .high = NAN, .state = state};
}

/* -- columns of samples --------------------------------------------------------------------------------------------------- */

typedef double sample_value(const struct sample *sample);

static double seconds(int64_t ns)
{
    return ns < 0 ? NAN : (double)ns / 1e9;
}

static double sample_whole(const struct sample *s) { return seconds(s->whole_ns); }
static double sample_work(const struct sample *s) { return seconds(s->work_ns); }
static double sample_cpu(const struct sample *s) { return seconds(s->cpu_ns); }
static double sample_ready(const struct sample *s) { return seconds(s->ready_ns); }
static double sample_end(const struct sample *s) { return seconds(s->end_ns); }
static double sample_p50(const struct sample *s) { return seconds(s->latency_ns[LATENCY_P50]); }
static double sample_p90(const struct sample *s) { return seconds(s->latency_ns[LATENCY_P90]); }
static double sample_p99(const struct sample *s) { return seconds(s->latency_ns[LATENCY_P99]); }
static double sample_max(const struct sample *s) { return seconds(s->latency_ns[LATENCY_MAX]); }

/* What is left of the whole command: before main and after it. Clocks may make it a hair negative. */
static double sample_start(const struct sample *s)
{
    const double rest = sample_whole(s) - sample_ready(s) - sample_work(s) - sample_end(s);
    return rest < 0 ? 0 : rest; /* NaN where one of them is */
}

/* The median over the samples that know the value; NaN where none does. `room` holds at least cell->count doubles. */
static double cell_median(const struct result_cell *cell, sample_value *value, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->count; i++) {
        const double v = value(&cell->samples[i]);
        if (isfinite(v))
            room[n++] = v;
    }
    double median = NAN;
    if (n > 0 && stats_median(room, n, &median) != 0)
        median = NAN;
    return median;
}

/* -- pairs ------------------------------------------------------------------------------------------------------------------ */

/* Two columns of times, one row for each round that both cells have. */
struct pairs {
    double *base, *variant;
    size_t n;
};

static void pairs_collect(struct pairs *pairs, const struct result_cell *base, const struct result_cell *variant,
                          sample_value *value)
{
    pairs->n = 0;
    for (size_t i = 0, j = 0; i < base->count && j < variant->count;) {
        const struct sample *a = &base->samples[i], *b = &variant->samples[j];
        const double x = value(a), y = value(b);
        if (a->round == b->round && x > 0 && y > 0) {
            pairs->base[pairs->n] = x;
            pairs->variant[pairs->n++] = y;
        }
        i += a->round <= b->round;
        j += b->round <= a->round;
    }
}

static bool is_unresolved(double low, double high)
{
    return sqrt(high / low) - 1 > SUMMARY_UNRESOLVED;
}

static struct ratio pairs_ratio(const struct pairs *pairs)
{
    struct ratio ratio = ratio_none(RATIO_NO_PAIRS);
    struct stats_interval interval;
    ratio.rounds = pairs->n;
    if (stats_ratio(pairs->base, pairs->variant, pairs->n, 0.95, &interval) == 0) {
        ratio.state = RATIO_FULL;
        ratio.ratio = interval.estimate;
        ratio.low = interval.low;
        ratio.high = interval.high;
        ratio.unresolved = is_unresolved(interval.low, interval.high);
    } else if (stats_ratio_estimate(pairs->base, pairs->variant, pairs->n, &ratio.ratio) == 0) {
        ratio.state = RATIO_NO_INTERVAL;
    }
    return ratio;
}

/* -- what the summary is made in ------------------------------------------------------------------------------------------- */

struct work {
    struct summary *summary;
    const struct results *results;
    struct pairs pairs; /* room for the longest cell */
};

/* A runtime's sync in a group: the cell the plan calls the baseline. */
static const struct result_cell *baseline_of(const struct results *results, size_t group, const char *runtime)
{
    for (size_t i = 0; i < results->cell_count; i++) {
        const struct result_cell *cell = &results->cells[i];
        if (cell->group == group && cell->baseline && cell->role == ROLE_MODEL && strcmp(cell->runtime, runtime) == 0)
            return cell;
    }
    return NULL;
}

static const char *status_word(enum cell_status status)
{
    static const char *const words[] = {
        [CELL_UNSEEN] = "not run",      [CELL_OK] = "ok",        [CELL_REFUSED] = "refused", [CELL_FAILED] = "failed",
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
    out->cpu_s = cell_median(cell, sample_cpu, room);
    for (size_t i = 0; i < PHASES; i++)
        out->phase_s[i] = cell_median(cell, phases[i], room);
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        out->latency_s[i] = cell_median(cell, points[i], room);
}

static void cell_origin(struct summary_cell *out)
{
    double cpu = 0, wall = 0;
    out->connections = NAN;
    for (size_t i = 0; i < out->cell->count; i++) {
        const struct sample *s = &out->cell->samples[i];
        if (s->connections >= 0)
            out->connections = fmax(out->connections, (double)s->connections);
        if (s->origin_cpu_ns >= 0 && s->origin_wall_ns > 0) {
            cpu += (double)s->origin_cpu_ns;
            wall += (double)s->origin_wall_ns;
        }
    }
    out->origin_share = wall > 0 ? cpu / wall : NAN;
}

static struct ratio cell_ratio(struct work *work, const struct summary_cell *cell, const struct result_cell *base,
                               enum ratio_time time)
{
    if (!cell->verified || cell->rounds == 0)
        return ratio_none(RATIO_NOT_RUN);
    if (base == NULL)
        return ratio_none(RATIO_NO_BASE);
    if (base->status != CELL_OK)
        return ratio_none(RATIO_BASE_FAILED);
    sample_value *const value = time == RATIO_WORK ? sample_work : sample_whole;
    if (time == RATIO_WORK && cell->work_s < SUMMARY_SHORT_WORK_S)
        return ratio_none(RATIO_TOO_SHORT);
    if (time == RATIO_WORK && cell_median(base, value, work->pairs.base) < SUMMARY_SHORT_WORK_S)
        return ratio_none(RATIO_BASE_TOO_SHORT);
    if (base == cell->cell)
        return (struct ratio){.ratio = 1, .low = NAN, .high = NAN, .state = RATIO_SELF, .rounds = cell->rounds};
    pairs_collect(&work->pairs, base, cell->cell, value);
    return pairs_ratio(&work->pairs);
}

static unsigned cell_marks(const struct summary_cell *cell)
{
    unsigned marks = 0;
    if (cell->work_s < SUMMARY_SHORT_WORK_S)
        marks |= MARK_TOO_SHORT;
    if (cell->origin_share >= SUMMARY_ORIGIN_BOUND)
        marks |= MARK_ORIGIN_BOUND;
    for (size_t t = 0; t < RATIO_TIMES; t++)
        for (size_t b = 0; b < RATIO_BASES; b++)
            if (cell->speedup[t][b].unresolved)
                marks |= MARK_UNRESOLVED;
    return marks;
}

/* "no ratio: py:sync failed: ..." where a baseline's failure takes a sound cell's ratios away. */
static int cell_note_baseline(struct summary_cell *out, const struct result_cell *base)
{
    if (!out->verified || out->note != NULL || base == NULL || base->status <= CELL_OK)
        return 0;
    out->note = text_format("no ratio to %s:%s, which is %s: %s", base->runtime, base->model, status_word(base->status),
                            base->reason);
    return out->note == NULL ? -ENOMEM : 0;
}

static int cell_summarise(struct work *work, const struct result_cell *cell)
{
    struct summary_cell *out = &work->summary->cells[work->summary->cell_count++];
    const struct result_cell *const bases[RATIO_BASES] = {
        [RATIO_OWN_SYNC] = baseline_of(work->results, cell->group, cell->runtime),
        [RATIO_PY_SYNC] = baseline_of(work->results, cell->group, SUMMARY_BASELINE_RUNTIME),
    };
    *out = (struct summary_cell){
        .cell = cell,
        .group = &work->results->groups[cell->group],
        .verified = cell->status == CELL_OK,
    };
    int code = cell_note(cell, &out->note);
    cell_times(out, work->pairs.base);
    cell_origin(out);
    for (size_t b = 0; b < RATIO_BASES && code == 0; b++) {
        out->speedup[RATIO_WORK][b] = cell_ratio(work, out, bases[b], RATIO_WORK);
        out->speedup[RATIO_WHOLE][b] = cell_ratio(work, out, bases[b], RATIO_WHOLE);
        code = cell_note_baseline(out, bases[b]);
    }
    out->marks = cell_marks(out);
    return code;
}

/* -- control and capacity ---------------------------------------------------------------------------------------------------- */

static int control_summarise(struct work *work, const struct result_cell *cell)
{
    struct summary_control *out = &work->summary->controls[work->summary->control_count++];
    const struct result_cell *base = baseline_of(work->results, cell->group, cell->runtime);
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
    pairs_collect(pairs, base, cell, sample_whole);
    out->ratio = pairs_ratio(pairs);
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

static bool control_misses(const struct summary_control *control, double margin)
{
    return control->low99 > 1 + margin || control->high99 < 1 / (1 + margin);
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
        control->flagged = control_misses(control, summary->results->margin) && passes;
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
    const struct result_cell *base = baseline_of(work->results, cell->group, cell->runtime);
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
    out->ratio = pairs_ratio(&work->pairs);
    return 0;
}

static int capacity_missing(struct work *work, const struct result_group *group)
{
    struct summary_capacity *out = &work->summary->capacities[work->summary->capacity_count++];
    *out = (struct summary_capacity){.group = group, .ratio = ratio_none(RATIO_NOT_RUN)};
    return text_set(&out->note, group->capacity_reason);
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
        else if (cell->count < (size_t)results->rounds)
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
    work->pairs.base = calloc(longest + 1, sizeof *work->pairs.base);
    work->pairs.variant = calloc(longest + 1, sizeof *work->pairs.variant);
    return work->summary->cells == NULL || work->summary->controls == NULL || work->summary->capacities == NULL ||
                   work->pairs.base == NULL || work->pairs.variant == NULL
               ? -ENOMEM
               : 0;
}

static int rows_make(struct work *work)
{
    static int (*const summarise[])(struct work *, const struct result_cell *) = {
        [ROLE_MODEL] = cell_summarise, [ROLE_CONTROL] = control_summarise, [ROLE_CAPACITY] = capacity_summarise};
    const struct results *results = work->results;
    int code = 0;
    for (size_t g = 0; g < results->group_count && code == 0; g++)
        if (results->groups[g].capacity_reason != NULL)
            code = capacity_missing(work, &results->groups[g]);
    for (size_t i = 0; i < results->cell_count && code == 0; i++)
        code = summarise[results->cells[i].role](work, &results->cells[i]);
    return code;
}

int summary_make(struct summary *summary, const struct results *results, struct error *err)
{
    *summary = (struct summary){.results = results};
    struct work work = {.summary = summary, .results = results};
    int code = rooms_make(&work);
    if (code == 0)
        code = rows_make(&work);
    if (code == 0)
        code = controls_flag_all(summary);
    if (code == 0) {
        cells_mark(summary);
        runs_count(summary, results);
    }
    free(work.pairs.base);
    free(work.pairs.variant);
    if (code != 0) {
        summary_free(summary);
        return error_set(err, code, "no memory for the summary");
    }
    return 0;
}

void summary_free(struct summary *summary)
{
    for (size_t i = 0; i < summary->cell_count; i++)
        free(summary->cells[i].note);
    for (size_t i = 0; i < summary->control_count; i++)
        free(summary->controls[i].note);
    for (size_t i = 0; i < summary->capacity_count; i++)
        free(summary->capacities[i].note);
    free(summary->cells);
    free(summary->controls);
    free(summary->capacities);
    *summary = (struct summary){0};
}
