/* SPDX-License-Identifier: MIT */
/* Two runs: match their cells, compare their times and speedups, give each column its verdicts. */
#include "bench/analysis/compare.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/ranks.h"
#include "bench/stats/series.h"
#include "bench/util/alloc.h"

bool compare_both(const struct compare_row *row)
{
    return row->cell[COMPARE_A] != NULL && row->cell[COMPARE_B] != NULL;
}

const struct summary_cell *compare_cell(const struct compare_row *row)
{
    return row->cell[row->cell[COMPARE_B] != NULL ? COMPARE_B : COMPARE_A];
}

/* -- matching ------------------------------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b) { return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0); }

static bool same_cell(const struct summary_cell *x, const struct summary_cell *y)
{
    const struct plan_group *a = x->group, *b = y->group;
    return strcmp(x->cell->runtime, y->cell->runtime) == 0 && strcmp(x->cell->model, y->cell->model) == 0 &&
           a->jobs == b->jobs && a->workers == b->workers && a->rate == b->rate && strcmp(a->task, b->task) == 0 &&
           same_text(a->arrivals, b->arrivals) && json_equal(a->params, b->params);
}

/* The cell of A without a match that means what `cell` of B does; one of the same start method before any other. */
static size_t find_match(const struct summary *a, const struct summary_cell *cell, const bool *matched)
{
    size_t found = a->cell_count;
    for (size_t i = 0; i < a->cell_count; i++) {
        if (matched[i] || !same_cell(&a->cells[i], cell))
            continue;
        if (same_text(a->cells[i].cell->start_method, cell->cell->start_method))
            return i;
        if (found == a->cell_count)
            found = i;
    }
    return found;
}

static bool is_wanted(const struct string_list *only, const struct summary_cell *cell)
{
    char name[256];
    snprintf(name, sizeof name, "%.100s/%.70s:%.70s", cell->group->task, cell->cell->runtime, cell->cell->model);
    for (size_t i = 0; only != NULL && i < only->count; i++)
        if (fnmatch(only->items[i], strchr(only->items[i], '/') != NULL ? name : cell->group->task, 0) == 0)
            return true;
    return only == NULL || only->count == 0;
}

static void add_row(struct compare *c, const struct summary_cell *a, const struct summary_cell *b)
{
    const struct compare_row row = {.cell = {a, b}};
    if (is_wanted(c->options.only, compare_cell(&row)))
        c->rows[c->row_count++] = row;
}

static void match_cells(struct compare *c)
{
    const struct summary *a = &c->summary[COMPARE_A], *b = &c->summary[COMPARE_B];
    bool *matched = xcalloc(a->cell_count, sizeof *matched);
    c->rows = xcalloc(a->cell_count + b->cell_count, sizeof *c->rows);
    for (size_t i = 0; i < b->cell_count; i++) {
        const size_t match = find_match(a, &b->cells[i], matched);
        if (match < a->cell_count)
            matched[match] = true;
        add_row(c, match < a->cell_count ? &a->cells[match] : NULL, &b->cells[i]);
    }
    for (size_t i = 0; i < a->cell_count; i++)
        if (!matched[i])
            add_row(c, &a->cells[i], NULL);
    free(matched);
}

/* -- one change ----------------------------------------------------------------------------------------------------------- */

/* The median of a time or a latency, or a speedup. */
static double number_of(const struct compare *c, const struct summary_cell *cell, enum compare_what what)
{
    const enum ratio_time time = c->options.time;
    if (cell == NULL || cell->cell->status != CELL_OK || (what >= COMPARE_P50 && !(cell->group->rate > 0)))
        return NAN;
    const double numbers[] = {[COMPARE_TIME] = time == RATIO_WORK ? cell->work_s : cell->median_s,
                              [COMPARE_SPEEDUP] = cell->speedup[time][RATIO_OWN_SYNC].ratio,
                              [COMPARE_P50] = cell->latency_s[LATENCY_P50],
                              [COMPARE_P99] = cell->latency_s[LATENCY_P99]};
    return numbers[what];
}

/* Why a cell has nothing to compare; RATIO_FULL where it has. */
static enum ratio_state state_of(const struct compare *c, const struct summary_cell *cell, enum compare_what what)
{
    const enum ratio_time time = c->options.time;
    const struct ratio *speedup = &cell->speedup[time][RATIO_OWN_SYNC];
    if (what == COMPARE_SPEEDUP)
        return speedup->state == RATIO_NO_INTERVAL ? RATIO_FULL : speedup->state;
    if (!(number_of(c, cell, what) > 0))
        return RATIO_NOT_RUN;
    if (what == COMPARE_TIME && cell->group->rate > 0)
        return RATIO_OPEN_LOOP;
    return what == COMPARE_TIME && time == RATIO_WORK && cell->work_s < SUMMARY_SHORT_WORK_S ? RATIO_TOO_SHORT
                                                                                             : RATIO_FULL;
}

/* The logarithms of a cell's speedups over its sync, of its speeds (1 / time) or of its latencies likewise, by round, in
 * out->base; to be closed. */
static void series_make(const struct compare *c, enum compare_side side, const struct result_cell *cell,
                        enum compare_what what, struct pairs *out)
{
    const size_t column = what == COMPARE_P50             ? COLUMN(latency_ns[LATENCY_P50])
                          : what == COMPARE_P99           ? COLUMN(latency_ns[LATENCY_P99])
                          : c->options.time == RATIO_WORK ? COLUMN(work_ns)
                                                          : COLUMN(whole_ns);
    const bool speedup = what == COMPARE_SPEEDUP;
    pairs_open(out, cell->count);
    pairs_collect(out, speedup ? results_baseline(c->results[side], cell->group, cell->runtime) : cell, cell, column);
    for (size_t i = 0; i < out->n; i++)
        out->base[i] = (speedup ? log(out->base[i]) : 0) - log(out->variant[i]);
}

/* Everything but the verdict of B over A. */
static void change_measure(const struct compare *c, const struct pairs series[COMPARE_SIDES],
                           struct compare_change *out)
{
    const struct pairs *a = &series[COMPARE_A], *b = &series[COMPARE_B];
    const struct stats_two two = {b->base, a->base, b->n, a->n};
    struct stats_interval interval;
    struct ratio *r = &out->ratio;
    r->rounds = a->n < b->n ? a->n : b->n;
    if (r->rounds == 0)
        return;
    r->state = stats_shift(&two, 0.95, &interval) == 0 ? RATIO_FULL : RATIO_NO_INTERVAL;
    r->ratio = exp(interval.estimate);
    r->low = exp(interval.low);
    r->high = exp(interval.high);
    if (r->state == RATIO_NO_INTERVAL)
        return;
    r->unresolved = ratio_half_width(r) > RATIO_UNRESOLVED;
    r->p_least = stats_rank_sum_least_p(b->n, a->n);
    stats_shift_outside_p(&two, -log1p(c->margin), log1p(c->margin), &r->p);
    if (c->options.slower > 0)
        stats_shift_outside_p(&two, -log1p(c->options.slower), INFINITY, &out->gate_p);
    doubt_add(&r->doubt, ratio_series_doubt(a, c->margin));
    doubt_add(&r->doubt, ratio_series_doubt(b, c->margin));
}

static void measure(const struct compare *c, struct compare_row *row, enum compare_what what)
{
    struct compare_change *out = &row->change[what];
    struct pairs series[COMPARE_SIDES];
    enum ratio_state state = RATIO_FULL;
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        const struct summary_cell *cell = row->cell[side];
        out->of[side] = number_of(c, cell, what);
        if (state == RATIO_FULL)
            state = cell == NULL ? RATIO_NOT_RUN : state_of(c, cell, what);
    }
    out->ratio = ratio_none(state == RATIO_FULL ? RATIO_NO_PAIRS : state);
    out->gate_p = NAN;
    if (state != RATIO_FULL)
        return;
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        series_make(c, side, row->cell[side]->cell, what, &series[side]);
        doubt_add(&out->ratio.doubt, row->cell[side]->doubt == DOUBT_UNCHECKED ? DOUBT_UNCHECKED : DOUBT_NONE);
    }
    change_measure(c, series, out);
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        pairs_close(&series[side]);
}

/* -- verdicts ------------------------------------------------------------------------------------------------------------- */

/* A family is a column: the cells of all groups together. */
static void measure_all(struct compare *c)
{
    struct ratio **family = xcalloc(c->row_count, sizeof(struct ratio *));
    for (enum compare_what what = 0; what < COMPARE_CHANGES; what++) {
        for (size_t i = 0; i < c->row_count; i++) {
            measure(c, &c->rows[i], what);
            family[i] = &c->rows[i].change[what].ratio;
        }
        ratios_decide(family, c->row_count, c->margin);
    }
    free(family);
}

/* -- the gate ------------------------------------------------------------------------------------------------------------- */

bool compare_asks(const struct compare_row *row, enum compare_what what)
{
    return compare_both(row) && row->change[what].ratio.state != RATIO_SELF &&
           (what >= COMPARE_P50) == (compare_cell(row)->group->rate > 0);
}

/* Before Holm: what a change is without regard to the others. */
static enum compare_gate gate_alone(const struct compare_row *row, const struct compare_change *change)
{
    const struct summary_cell *a = row->cell[COMPARE_A], *b = row->cell[COMPARE_B];
    if (a->cell->status == CELL_OK && b->cell->status > CELL_OK)
        return GATE_BROKEN;
    if (a->cell->status == CELL_OK && !a->open_loop.behind && b->open_loop.behind)
        return GATE_RATE;
    return change->ratio.state == RATIO_FULL ? GATE_PASSES : GATE_UNKNOWN;
}

/* With the p-value adjusted, of `count` that can be judged. */
static enum compare_gate gate_adjusted(const struct compare *c, const struct compare_change *change, size_t count)
{
    if (change->gate_p < RATIO_FAMILY_ERROR && change->ratio.high < 1 / (1 + c->options.slower))
        return GATE_SLOWER;
    return change->ratio.p_least * (double)count < RATIO_FAMILY_ERROR ? GATE_PASSES : GATE_UNKNOWN;
}

static void decide_gate(struct compare *c)
{
    struct compare_change **judged = xcalloc(2 * c->row_count, sizeof(struct compare_change *));
    double *p = xcalloc(4 * c->row_count, sizeof *p), *adjusted = p + 2 * c->row_count;
    size_t count = 0, passed = 0;
    for (size_t i = 0; i < c->row_count; i++)
        for (enum compare_what what = 0; what < COMPARE_CHANGES; what++) {
            struct compare_change *change = &c->rows[i].change[what];
            if (compare_asks(&c->rows[i], what) && (what == COMPARE_SPEEDUP) == c->options.by_speedup)
                change->gate = gate_alone(&c->rows[i], change);
            if (change->gate == GATE_PASSES) {
                p[count] = change->gate_p;
                judged[count++] = change;
            }
        }
    stats_holm(p, count, adjusted);
    for (size_t i = 0; i < count; i++) {
        judged[i]->gate_p = adjusted[i];
        judged[i]->gate = gate_adjusted(c, judged[i], count);
    }
    for (size_t i = 0; i < c->row_count; i++) {
        struct compare_row *row = &c->rows[i];
        for (enum compare_what what = 0; what < COMPARE_CHANGES; what++)
            row->gate = row->change[what].gate > row->gate ? row->change[what].gate : row->gate;
        passed += row->gate == GATE_PASSES;
        c->gate_fails |= row->gate >= GATE_SLOWER;
    }
    c->gate_fails |= passed == 0;
    free(judged);
    free(p);
}

/* -- the whole ------------------------------------------------------------------------------------------------------------ */

int compare_make(struct compare *out, const struct results *a, const struct results *b,
                 const struct compare_options *options, struct error *err)
{
    *out = (struct compare){.options = *options,
                            .margin = options->margin >= 0 ? options->margin : fmax(a->margin, b->margin),
                            .results = {a, b}};
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        summary_make(&out->summary[side], out->results[side]);
    match_cells(out);
    if (out->row_count == 0 && options->only != NULL && options->only->count > 0) {
        compare_free(out);
        return error_set(err, -EINVAL, "--only: no cell of the two runs is called so (TASK or TASK/RUNTIME:MODEL)");
    }
    measure_all(out);
    if (options->slower > 0)
        decide_gate(out);
    differences_of_machines(a->machine, b->machine, &out->machine);
    differences_of_plans(a->plan, b->plan, &out->plan);
    return 0;
}

void compare_free(struct compare *c)
{
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        summary_free(&c->summary[side]);
    free(c->rows);
    differences_free(&c->machine);
    differences_free(&c->plan);
    *c = (struct compare){.rows = NULL};
}
