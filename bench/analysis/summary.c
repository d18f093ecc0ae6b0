/* SPDX-License-Identifier: MIT */
/* Samples to summary: the rows one after the other, then what needs all of them (flags of controls, verdicts, doubts and
 * findings). */
#include "bench/analysis/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/order.h"
#include "bench/stats/ranks.h"
#include "bench/util/alloc.h"
#include "bench/util/text.h"

/* -- what has no ratio ----------------------------------------------------------------------------------------------------------- */

const char *cell_status_word(enum cell_status status)
{
    static const char *const words[] = {
        [CELL_UNSEEN] = "not run",      [CELL_OK] = "ok",
        [CELL_REFUSED] = "refused",     [CELL_FAILED] = "failed",
        [CELL_TIMEOUT] = "out of time", [CELL_IMPOSSIBLE] = "not possible here",
    };
    return words[status];
}

const char *cell_word(const struct result_cell *cell)
{
    return cell->status == CELL_FAILED && cell->deadlock ? "deadlock" : cell_status_word(cell->status);
}

/* Why a cell has nothing to show, to be freed; NULL where it has. */
static char *cell_note(const struct result_cell *cell)
{
    if (cell->status == CELL_OK)
        return NULL;
    if (cell->status == CELL_UNSEEN)
        return text_format("not run: the run was cut off before it");
    const char *word = cell_word(cell), *reason = cell->reason != NULL ? cell->reason : "";
    const size_t length = strlen(word); /* with which the reason may begin */
    const bool said = strncmp(reason, word, length) == 0;
    return text_format("%s: %s", word, said ? reason + length + strspn(reason + length, ": ") : reason);
}

/* -- cells ------------------------------------------------------------------------------------------------------------------------ */

/* Why there can be no ratio, or RATIO_FULL where there is nothing against one. */
static enum ratio_state ratio_state(const struct summary_cell *cell, const struct result_cell *base,
                                    enum ratio_time time)
{
    if (!cell->verified || cell->rounds == 0 || (time == RATIO_WORK && !isfinite(cell->work_s)))
        return RATIO_NOT_RUN;
    if (base == NULL)
        return RATIO_NO_BASE;
    if (base->status != CELL_OK)
        return RATIO_BASE_FAILED;
    if (cell->group->rate > 0)
        return RATIO_OPEN_LOOP;
    if (time == RATIO_WORK && cell->work_s < SUMMARY_SHORT_WORK_S)
        return RATIO_TOO_SHORT;
    if (time == RATIO_WORK && column_median(base, COLUMN(work_ns)) < SUMMARY_SHORT_WORK_S)
        return RATIO_BASE_TOO_SHORT;
    return base == cell->cell ? RATIO_SELF : RATIO_FULL;
}

/* The ratios to one baseline; a note where its failure takes them away from a sound cell. */
static void cell_compare(struct summary_cell *cell, const struct results *results, enum ratio_base which)
{
    const char *runtime = which == RATIO_OWN_SYNC ? cell->cell->runtime : results->common;
    const struct result_cell *base = results_baseline(results, cell->cell->group, runtime);
    for (enum ratio_time time = 0; time < RATIO_TIMES; time++) {
        struct ratio *out = &cell->speedup[time][which];
        *out = ratio_none(ratio_state(cell, base, time));
        if (out->state == RATIO_SELF) {
            out->ratio = 1;
            out->rounds = cell->rounds;
        } else if (out->state == RATIO_FULL) {
            *out = ratio_between(base, cell->cell, time == RATIO_WORK ? COLUMN(work_ns) : COLUMN(whole_ns),
                                 results->margin);
        }
    }
    if (cell->note == NULL && base != NULL && base->status > CELL_OK)
        cell->note = text_format("no ratio to %s:%s, which is %s: %s", base->runtime, base->model,
                                 cell_status_word(base->status), base->reason);
}

static struct summary_cell cell_make(const struct results *results, const struct result_cell *cell)
{
    struct summary_cell out = {.cell = cell,
                               .group = &results->groups[cell->group],
                               .verified = cell->status == CELL_OK,
                               .note = cell_note(cell)};
    if (out.verified && cell->reason != NULL)
        text_set(&out.note, cell->reason);
    cell_measure(&out);
    for (enum ratio_base base = 0; base < RATIO_BASES; base++)
        cell_compare(&out, results, base);
    return out;
}

/* One column of one group's table is a family. */
static void columns_decide(struct summary *summary, const struct plan_group *group)
{
    struct ratio **family = xcalloc(summary->cell_count, sizeof *family);
    for (size_t column = 0; column < RATIO_TIMES * RATIO_BASES; column++) {
        size_t count = 0;
        for (size_t i = 0; i < summary->cell_count; i++)
            if (summary->cells[i].group == group)
                family[count++] = &summary->cells[i].speedup[column / RATIO_BASES][column % RATIO_BASES];
        ratios_decide(family, count, summary->results->margin);
    }
    free(family);
}

/* -- controls and capacities ------------------------------------------------------------------------------------------------------- */

#define CONTROL_NONE .low99 = NAN, .high99 = NAN, .p = NAN

static void control_test(struct summary_check *out, struct pairs *pairs, double margin)
{
    struct stats_interval interval;
    if (stats_ratio(pairs->base, pairs->variant, pairs->n, 0.99, &interval) != 0)
        return;
    out->low99 = interval.low;
    out->high99 = interval.high;
    for (size_t i = 0; i < pairs->n; i++)
        pairs->base[i] = log(pairs->base[i]) - log(pairs->variant[i]);
    stats_outside_p(pairs->base, pairs->n, log1p(margin), &out->p);
}

static struct summary_check check_make(const struct results *results, const struct result_cell *cell)
{
    const bool control = cell->role == ROLE_CONTROL;
    const struct result_cell *base = results_baseline(results, cell->group, cell->runtime);
    struct summary_check out = {.cell = cell,
                                .group = &results->groups[cell->group],
                                .ratio = ratio_none(base == NULL              ? RATIO_NO_BASE
                                                    : cell->status != CELL_OK ? RATIO_NOT_RUN
                                                                              : RATIO_BASE_FAILED),
                                .note = cell_note(base == NULL || cell->status != CELL_OK ? cell : base),
                                CONTROL_NONE};
    if (base == NULL || out.note != NULL)
        return out;
    struct pairs pairs;
    pairs_open(&pairs, cell->count);
    pairs_collect(&pairs, base, cell,
                  !control              ? COLUMN(work_ns)
                  : out.group->rate > 0 ? COLUMN(latency_ns[LATENCY_P50])
                                        : COLUMN(whole_ns));
    for (size_t i = 0; !control && i < pairs.n; i++)
        pairs.base[i] *= (double)cell->copies;
    out.ratio = ratio_of(&pairs);
    if (control)
        control_test(&out, &pairs, results->margin);
    pairs_close(&pairs);
    return out;
}

/* How parallel the work is, where a cell's samples know it; of no cell otherwise. */
static struct summary_check path_make(const struct results *results, const struct result_cell *cell)
{
    struct summary_check out = {
        .group = &results->groups[cell->group], .ratio = ratio_none(RATIO_NOT_RUN), CONTROL_NONE};
    double *values = xcalloc(cell->count, sizeof *values);
    struct stats_interval interval;
    for (size_t i = 0; i < cell->count; i++)
        if (cell->samples[i].needed_work_ns > 0 && cell->samples[i].needed_path_ns > 0)
            values[out.ratio.rounds++] = (double)cell->samples[i].needed_work_ns /
                                         (double)cell->samples[i].needed_path_ns;
    if (out.ratio.rounds > 0) {
        out.cell = cell;
        stats_median(values, out.ratio.rounds, &out.ratio.ratio);
        const bool told = stats_median_interval(values, out.ratio.rounds, 0.95, &interval) == 0;
        out.ratio.state = told ? RATIO_FULL : RATIO_NO_INTERVAL;
        out.ratio.low = told ? interval.low : NAN;
        out.ratio.high = told ? interval.high : NAN;
    }
    free(values);
    return out;
}

/*
 * Those whose 99% interval misses 1 by more than the margin and whose p-value, adjusted by Holm over the groups for each
 * runtime, is below 5%. (Where so few rounds could never pass the adjustment, the interval alone decides, so that many
 * groups do not silence the check.)
 */
static void controls_flag(struct summary *summary, double margin)
{
    double *p = xcalloc(2 * summary->control_count, sizeof *p), *adjusted = p + summary->control_count;
    const struct summary_check *end = summary->controls + summary->control_count;
    for (struct summary_check *mine = summary->controls; mine < end; mine++) {
        size_t n = 0, at = 0;
        for (const struct summary_check *other = summary->controls; other < end; other++)
            if (strcmp(other->cell->runtime, mine->cell->runtime) == 0 && isfinite(other->p)) {
                at = other == mine ? n : at;
                p[n++] = other->p;
            }
        stats_holm(p, n, adjusted);
        mine->flagged = isfinite(mine->p) && interval_clears(mine->low99, mine->high99, margin) &&
                        (mine->ratio.rounds < ratio_rounds_needed(n) || adjusted[at] < RATIO_FAMILY_ERROR);
    }
    free(p);
}

/* That of a group and runtime, NULL where there is none. */
static const struct summary_check *check_of(const struct summary_check *checks, size_t count,
                                            const struct plan_group *group, const char *runtime)
{
    for (const struct summary_check *c = checks; c < checks + count; c++)
        if (c->cell != NULL && c->group == group && strcmp(c->cell->runtime, runtime) == 0)
            return c;
    return NULL;
}

static bool is_flagged(const struct summary *summary, const struct plan_group *group, const char *runtime)
{
    const struct summary_check *control = check_of(summary->controls, summary->control_count, group, runtime);
    return control != NULL && control->flagged;
}

const struct summary_check *summary_capacity_of(const struct summary *summary, const struct summary_cell *cell)
{
    return check_of(summary->capacities, summary->capacity_count, cell->group, cell->cell->runtime);
}

double summary_parallelism(const struct summary *summary, const struct summary_cell *cell)
{
    const struct summary_check *path = check_of(summary->paths, summary->path_count, cell->group, cell->cell->runtime);
    return path != NULL ? path->ratio.ratio : NAN;
}

/* -- what depends on other rows ------------------------------------------------------------------------------------------------ */

double summary_cpus(const struct summary *summary)
{
    return json_number_value(json_object_get(summary->results->plan, "effective_cpus"));
}

const struct summary_cell *summary_sync_of(const struct summary *summary, const struct summary_cell *cell)
{
    const struct result_cell *base = results_baseline(summary->results, cell->cell->group, cell->cell->runtime);
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if (c->cell == base)
            return c;
    return NULL;
}

double ideal_of(const struct summary *summary, const struct summary_cell *cell)
{
    const struct summary_cell *sync = summary_sync_of(summary, cell);
    /* Where jobs waited for a connection, no more of them were under way than there are. */
    const double at_once = cell->connection_wait_share > 0 ? cell->connections : INFINITY;
    const double cpus = summary_cpus(summary), plan = fmin(cell->group->ideal, at_once);
    if (cell->group->baseline != NULL) /* the ideal is that over one job after another */
        return NAN;
    if (strcmp(cell->group->kind, "mixed") != 0 || sync == NULL)
        return plan;
    /* What starting and ending takes is CPU time at most, so that the share is rather too low and the bound too high. */
    const double share = (sync->cpu_s - (sync->median_s - sync->work_s)) / sync->work_s;
    return cpus > 0 && share > 0 ? fmin(plan, cpus / share) : plan;
}

struct limit limit_of(const struct summary *summary, const struct summary_cell *cell)
{
    const struct summary_check *capacity = summary_capacity_of(summary, cell);
    const struct summary_cell *sync = summary_sync_of(summary, cell);
    const bool measured = capacity != NULL && ratio_known(&capacity->ratio);
    const double path = summary_parallelism(summary, cell);
    struct limit limit = {measured ? capacity->ratio.ratio : ideal_of(summary, cell), measured, false};
    if (strcmp(cell->group->kind, "cpu") == 0 && sync != NULL && hardly_computes(sync))
        limit = (struct limit){NAN, false, false}; /* the CPUs do not limit it */
    return isfinite(path) && !(limit.gain <= path) ? (struct limit){path, true, true} : limit;
}

double precision_reached(const struct summary *summary, size_t group)
{
    double widest = NAN;
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        for (size_t i = 0; c->cell->group == group && i < RATIO_TIMES * RATIO_BASES; i++) {
            const struct ratio *ratio = &c->speedup[i / RATIO_BASES][i % RATIO_BASES];
            if (ratio->state == RATIO_FULL)
                widest = fmax(widest, ratio_half_width(ratio)); /* fmax skips a NaN */
        }
    return widest;
}

double summary_width(const struct summary_cell *cell)
{
    const struct ratio *work = &cell->speedup[RATIO_WORK][RATIO_OWN_SYNC],
                       *whole = &cell->speedup[RATIO_WHOLE][RATIO_OWN_SYNC];
    return work->state == RATIO_FULL    ? ratio_half_width(work)
           : whole->state == RATIO_FULL ? ratio_half_width(whole)
                                        : NAN;
}

void summary_share(const struct summary *summary, struct stopping_cell *out)
{
    const struct results *results = summary->results;
    for (size_t i = 0; i < results->cell_count; i++) {
        const struct result_cell *cell = &results->cells[i],
                                 *base = results_baseline(results, cell->group, cell->runtime);
        const int64_t rounds = cell->count > 0 ? (int64_t)cell->count : 1;
        double took_s = 0;
        for (size_t k = 0; k < cell->count; k++)
            took_s += column_value(&cell->samples[k], COLUMN(took_ns)) / (double)cell->count;
        out[i] = (struct stopping_cell){NAN, took_s, i, rounds, rounds};
        if (base != NULL && base->again == cell && cell->status == CELL_OK)
            out[i].base = (size_t)(base - results->cells);
    }
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if (isfinite(summary_width(c))) {
            struct stopping_cell *cell = &out[c->cell - results->cells];
            cell->width = summary_width(c);
            cell->base = (size_t)(summary_sync_of(summary, c)->cell - results->cells);
        }
}

double origin_taken(const struct summary_cell *cell)
{
    return cell == NULL ? NAN : cell->origin_share + fmax(0, cell->origin_wait_share);
}

bool is_disturbed(const struct summary_cell *cell)
{
    return (double)cell->disturbed_rounds > SUMMARY_DISTURBED_MOST * (double)cell->rounds;
}

bool summary_memory_is_least(const struct summary_cell *cell) { return cell->cell->memory_looks == 0; }

/* Of the CPUs that they can use, those of more than one thread too. */
static double services_taken(const struct summary_cell *cell)
{
    return cell == NULL
               ? NAN
               : (cell->service_share + fmax(0, cell->service_wait_share)) / fmax(1, (double)cell->cell->service_cpus);
}

static bool is_service_bound(const struct summary *summary, const struct summary_cell *cell)
{
    return services_taken(cell) >= SUMMARY_ORIGIN_BOUND ||
           (cell->group->baseline == NULL && services_taken(summary_sync_of(summary, cell)) >= SUMMARY_ORIGIN_BOUND);
}

/* The origin has one thread: where it is busy all through `sync`, no model can gain, however busy it is under that model. */
static bool is_origin_bound(const struct summary *summary, const struct summary_cell *cell)
{
    return origin_taken(cell) >= SUMMARY_ORIGIN_BOUND ||
           (cell->group->baseline == NULL && origin_taken(summary_sync_of(summary, cell)) >= SUMMARY_ORIGIN_BOUND);
}

/* Those about the cell, which are about all its ratios, and those about one ratio alone. */
static void cell_doubt(const struct summary *summary, struct summary_cell *cell)
{
    const struct summary_check *capacity = summary_capacity_of(summary, cell);
    struct ratio *gain = &cell->speedup[RATIO_WORK][RATIO_OWN_SYNC];
    enum doubt all = DOUBT_NONE;
    if (cell->verified && cell->cell->reason != NULL)
        doubt_add(&all, DOUBT_UNCHECKED);
    if (is_origin_bound(summary, cell))
        doubt_add(&all, DOUBT_ORIGIN);
    if (is_service_bound(summary, cell))
        doubt_add(&all, DOUBT_SERVICE);
    if (cell->audit == AUDIT_LOST || cell->audit == AUDIT_UNPROVEN)
        doubt_add(&all, cell->audit == AUDIT_LOST ? DOUBT_LOST : DOUBT_UNGUARDED);
    if (is_disturbed(cell))
        doubt_add(&all, DOUBT_DISTURBED);
    if (is_flagged(summary, cell->group, cell->cell->runtime))
        doubt_add(&all, DOUBT_CONTROL);
    if (strcmp(cell->group->kind, "cpu") == 0 && capacity != NULL && gain->low > capacity->ratio.high)
        doubt_add(&gain->doubt, DOUBT_ABOVE_CAPACITY);
    cell->doubt = all;
    if (cell->open_loop.behind)
        doubt_add(&cell->doubt, DOUBT_RATE);
    for (size_t i = 0; i < RATIO_TIMES * RATIO_BASES; i++) {
        struct ratio *ratio = &cell->speedup[i / RATIO_BASES][i % RATIO_BASES];
        if (!ratio_known(ratio) || ratio->state == RATIO_SELF)
            continue;
        doubt_add(&ratio->doubt, all);
        if (i % RATIO_BASES == RATIO_PY_SYNC && is_flagged(summary, cell->group, summary->results->common))
            doubt_add(&ratio->doubt, DOUBT_CONTROL);
        doubt_add(&cell->doubt, ratio->doubt);
    }
}

/* Copies of what sleeps say nothing of the CPUs. */
static void capacities_check(struct summary *summary)
{
    for (struct summary_check *c = summary->capacities; c < summary->capacities + summary->capacity_count; c++) {
        const struct summary_cell row = {.cell = c->cell, .group = c->group};
        const struct summary_cell *sync = c->cell == NULL ? NULL : summary_sync_of(summary, &row);
        if (!ratio_known(&c->ratio) || strcmp(c->group->kind, "cpu") != 0 || !hardly_computes(sync))
            continue;
        c->ratio = ratio_none(RATIO_NOT_RUN);
        c->note = text_format(
            "no capacity: the task is declared cpu, and yet %s:sync mostly slept or waited, and so did "
            "its copies",
            c->cell->runtime);
    }
}

/* -- the whole ----------------------------------------------------------------------------------------------------------------- */

static void rows_make(struct summary *summary, const struct results *results)
{
    summary->cells = xcalloc(results->cell_count, sizeof *summary->cells);
    summary->controls = xcalloc(results->cell_count, sizeof *summary->controls);
    summary->paths = xcalloc(results->cell_count, sizeof *summary->paths);
    summary->capacities = xcalloc(results->cell_count + results->group_count, sizeof *summary->capacities);
    for (const struct plan_group *g = results->groups; g < results->groups + results->group_count; g++)
        if (g->capacity_reason != NULL)
            summary->capacities[summary->capacity_count++] = (struct summary_check){
                .group = g, .ratio = ratio_none(RATIO_NOT_RUN), .note = xstrdup(g->capacity_reason), CONTROL_NONE};
    for (const struct result_cell *cell = results->cells; cell < results->cells + results->cell_count; cell++) {
        if (cell->role == ROLE_MODEL) {
            summary->cells[summary->cell_count++] = cell_make(results, cell);
            summary->paths[summary->path_count] = path_make(results, cell);
            summary->path_count += summary->paths[summary->path_count].cell != NULL;
        } else if (cell->role == ROLE_CONTROL)
            summary->controls[summary->control_count++] = check_make(results, cell);
        else
            summary->capacities[summary->capacity_count++] = check_make(results, cell);
        if (cell->status > CELL_OK)
            summary->failed += cell->status != CELL_IMPOSSIBLE;
        else if (results_rounds_due(results, cell) < 0 || (int64_t)cell->count < results_rounds_due(results, cell))
            summary->interrupted = true;
    }
}

void summary_make(struct summary *summary, const struct results *results)
{
    *summary = (struct summary){.results = results};
    rows_make(summary, results);
    controls_flag(summary, results->margin);
    capacities_check(summary);
    audits_judge(summary);
    for (size_t g = 0; g < results->group_count; g++)
        columns_decide(summary, &results->groups[g]);
    for (size_t i = 0; i < summary->cell_count; i++) { /* which look at other cells too */
        diagnosis_make(summary, &summary->cells[i]);
        cell_doubt(summary, &summary->cells[i]);
    }
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
    free(summary->paths);
    *summary = (struct summary){0};
}
