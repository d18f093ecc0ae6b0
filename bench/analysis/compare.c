/* SPDX-License-Identifier: MIT */
/* Two runs: match their cells, compare their times and speedups, give each column its verdicts. */
#include "bench/analysis/compare.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/signed_rank.h"
#include "bench/stats/series.h"
#include "bench/stats/rank_sum.h"

/* Cells are said to have moved alike where so many of those that have a verdict went the same way, and so many speedups
 * did not change. */
#define ALIKE_SHARE 0.75
#define ALIKE_LEAST 3

/* -- matching ------------------------------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b) { return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0); }

static bool same_group(const struct plan_group *a, const struct plan_group *b)
{
    return a->jobs == b->jobs && a->workers == b->workers && a->rate == b->rate && strcmp(a->task, b->task) == 0 &&
           same_text(a->arrivals, b->arrivals) && json_equal(a->params, b->params);
}

/* The cell of A without a match that means what `cell` of B does; one of the same start method before any other. */
static size_t find_match(const struct results *const *runs, const struct result_cell *cell, const size_t *match)
{
    const struct results *a = runs[COMPARE_A], *b = runs[COMPARE_B];
    size_t found = a->cell_count;
    for (size_t i = 0; i < a->cell_count; i++) {
        const struct result_cell *other = &a->cells[i];
        if (match[i] < b->cell_count || other->role != cell->role || strcmp(other->runtime, cell->runtime) != 0 ||
            strcmp(other->model, cell->model) != 0 || !same_group(&a->groups[other->group], &b->groups[cell->group]))
            continue;
        if (same_text(other->start_method, cell->start_method))
            return i;
        if (found == a->cell_count)
            found = i;
    }
    return found;
}

static bool is_wanted(const struct compare *c, const struct plan_group *group, const struct result_cell *cell)
{
    const struct string_list *only = c->options.only;
    if (only == NULL || only->count == 0)
        return true;
    char name[256];
    snprintf(name, sizeof name, "%.100s/%.70s:%.70s", group->task, cell->runtime, cell->model);
    for (size_t i = 0; i < only->count; i++)
        if (fnmatch(only->items[i], strchr(only->items[i], '/') != NULL ? name : group->task, 0) == 0)
            return true;
    return false;
}

/* What the summary of a run says of a cell. */
struct said {
    const char *note;
    bool missed;
    const struct ratio *speedup[RATIO_TIMES]; /* NULL: none */
};

static struct said find_said(const struct summary *summary, const struct result_cell *cell, enum ratio_base base)
{
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *c = &summary->cells[i];
        if (c->cell == cell)
            return (struct said){c->note, c->open_loop.behind, {&c->speedup[0][base], &c->speedup[1][base]}};
    }
    for (size_t i = 0; i < summary->control_count; i++)
        if (summary->controls[i].cell == cell)
            return (struct said){.note = summary->controls[i].note};
    for (size_t i = 0; i < summary->capacity_count; i++)
        if (summary->capacities[i].cell == cell)
            return (struct said){.note = summary->capacities[i].note,
                                 .speedup = {[RATIO_WORK] = &summary->capacities[i].ratio}};
    return (struct said){.note = NULL};
}

static struct compare_change change_none(enum ratio_state state)
{
    return (struct compare_change){.of = {NAN, NAN}, .ratio = ratio_none(state), .gate_p = NAN, .gate_p_adjusted = NAN};
}

/* `cells`: their places in both runs; one that is not below the run's cell_count is none. */
static void add_row(struct compare *c, const size_t cells[COMPARE_SIDES])
{
    struct compare_row *row = &c->rows[c->row_count + c->lone_count];
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        const struct results *run = c->results[side];
        if (cells[side] >= run->cell_count)
            continue;
        const struct result_cell *cell = row->cell[side] = &run->cells[cells[side]];
        const struct said said = find_said(&c->summary[side], cell, c->options.base);
        row->group[side] = &run->groups[cell->group];
        row->note[side] = cell->status == CELL_OK ? NULL : said.note;
        row->missed[side] = said.missed;
    }
    for (int what = 0; what < COMPARE_CHANGES; what++)
        row->change[what] = change_none(RATIO_NOT_RUN);
    if (row->cell[COMPARE_A] != NULL && row->cell[COMPARE_B] != NULL)
        c->row_count++;
    else
        c->lone_count++;
}

/* Rows of the cells of one run that are matched, or of those that are not. `match`: its places in the other run. */
static void add_rows(struct compare *c, enum compare_side side, const size_t *match, bool matched)
{
    const struct results *run = c->results[side], *other = c->results[!side];
    for (size_t i = 0; i < run->cell_count; i++) {
        size_t cells[COMPARE_SIDES];
        cells[side] = i;
        cells[!side] = match[i];
        if ((match[i] < other->cell_count) == matched &&
            is_wanted(c, &run->groups[run->cells[i].group], &run->cells[i]))
            add_row(c, cells);
    }
}

static int match_cells(struct compare *c, struct error *err)
{
    const struct results *a = c->results[COMPARE_A], *b = c->results[COMPARE_B];
    size_t *of_a = calloc(a->cell_count + 1, sizeof *of_a), *of_b = calloc(b->cell_count + 1, sizeof *of_b);
    c->rows = calloc(a->cell_count + b->cell_count + 1, sizeof *c->rows);
    int rc = of_a == NULL || of_b == NULL || c->rows == NULL ? error_set(err, -ENOMEM, "out of memory") : 0;
    for (size_t i = 0; i < a->cell_count && rc == 0; i++)
        of_a[i] = b->cell_count;
    for (size_t i = 0; i < b->cell_count && rc == 0; i++) {
        of_b[i] = find_match(c->results, &b->cells[i], of_a);
        if (of_b[i] < a->cell_count)
            of_a[of_b[i]] = i;
    }
    if (rc == 0) {
        add_rows(c, COMPARE_B, of_b, true);
        add_rows(c, COMPARE_A, of_a, false);
        add_rows(c, COMPARE_B, of_b, false);
    }
    free(of_b);
    free(of_a);
    if (rc == 0 && c->row_count + c->lone_count == 0 && c->options.only != NULL && c->options.only->count > 0)
        rc = error_set(err, -EINVAL, "--only: no cell of the two runs is called so (TASK or TASK/RUNTIME:MODEL)");
    return rc;
}

/* -- one change ----------------------------------------------------------------------------------------------------------- */

/* Room for whatever a row needs. */
struct work {
    struct compare *compare;
    struct pairs pairs;
    struct pairs series[COMPARE_SIDES]; /* the logarithms of one run's times or speedups in `base`, by round */
};

/* The series of a cell's times; returns their median, NaN where there are none. */
static double series_of_times(struct work *work, struct pairs *out, const struct result_cell *cell, sample_value *value)
{
    double median = NAN;
    out->n = 0;
    for (size_t i = 0; i < cell->count && cell->status == CELL_OK; i++)
        if (value(&cell->samples[i]) > 0) {
            work->pairs.base[out->n] = value(&cell->samples[i]);
            out->base[out->n] = log(value(&cell->samples[i]));
            out->round[out->n++] = cell->samples[i].round;
        }
    return stats_median(work->pairs.base, out->n, &median) == 0 ? median : NAN;
}

static void series_of_speedups(struct work *work, struct pairs *out, const struct result_cell *base,
                               const struct result_cell *cell, sample_value *value)
{
    struct pairs *pairs = &work->pairs;
    pairs_collect(pairs, base, cell, value);
    out->n = pairs->n;
    for (size_t i = 0; i < pairs->n; i++) {
        out->base[i] = log(pairs->base[i]) - log(pairs->variant[i]);
        out->round[i] = pairs->round[i];
    }
}

static int add_doubt(struct compare_change *out, const struct pairs *series, double margin)
{
    enum doubt doubt = DOUBT_NONE;
    const struct ratio_series of = {series->base, series->round, series->n, margin};
    if (series->n < STATS_SERIES_MIN)
        return 0;
    const int rc = ratio_series_doubt(&of, &doubt);
    doubt_add(&out->ratio.doubt, doubt);
    return rc;
}

/* Everything but the verdict of over / under, from the logarithms of both. */
static int change_make(struct work *work, enum compare_side over, struct compare_change *out)
{
    const struct compare *c = work->compare;
    const struct pairs *x = &work->series[over], *y = &work->series[!over];
    const struct stats_two two = {x->base, y->base, x->n, y->n};
    struct stats_interval interval;
    out->ratio.rounds = x->n < y->n ? x->n : y->n;
    if (out->ratio.rounds == 0)
        return 0;
    int rc = stats_shift(&two, 0.95, &interval);
    if (rc == -ERANGE) {
        rc = stats_shift_estimate(&two, &interval.estimate);
        out->ratio.state = RATIO_NO_INTERVAL;
        out->ratio.ratio = exp(interval.estimate);
        return rc;
    }
    if (rc != 0)
        return rc;
    out->ratio.state = RATIO_FULL;
    out->ratio.ratio = exp(interval.estimate);
    out->ratio.low = exp(interval.low);
    out->ratio.high = exp(interval.high);
    out->ratio.unresolved = ratio_half_width(&out->ratio) > RATIO_UNRESOLVED;
    out->ratio.p_least = stats_rank_sum_least_p(x->n, y->n);
    rc = stats_shift_outside_p(&two, -log1p(c->margin), log1p(c->margin), &out->ratio.p);
    if (rc == 0 && c->options.slower > 0)
        rc = stats_shift_outside_p(&two, -log1p(c->options.slower), INFINITY, &out->gate_p);
    for (enum compare_side side = 0; side < COMPARE_SIDES && rc == 0; side++)
        rc = add_doubt(out, &work->series[side], c->margin);
    return rc;
}

/* -- one row -------------------------------------------------------------------------------------------------------------- */

static sample_value *const values[COMPARE_CHANGES] = {[COMPARE_TIME + RATIO_WORK] = sample_work,
                                                      [COMPARE_TIME + RATIO_WHOLE] = sample_whole,
                                                      [COMPARE_SPEEDUP + RATIO_WORK] = sample_work,
                                                      [COMPARE_SPEEDUP + RATIO_WHOLE] = sample_whole,
                                                      [COMPARE_P50] = sample_p50,
                                                      [COMPARE_P99] = sample_p99};

/* A time or a latency. */
static int measure_time(struct work *work, struct compare_row *row, enum compare_what what)
{
    struct compare_change *out = &row->change[what];
    const bool latency = what >= COMPARE_P50;
    if (latency && !compare_is_open(row))
        return 0;
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        out->of[side] = series_of_times(work, &work->series[side], row->cell[side], values[what]);
    if (!(out->of[COMPARE_A] > 0 && out->of[COMPARE_B] > 0))
        return 0;
    if (what == COMPARE_TIME + RATIO_WORK && fmin(out->of[COMPARE_A], out->of[COMPARE_B]) < SUMMARY_SHORT_WORK_S)
        out->ratio.state = RATIO_TOO_SHORT;
    else if (!latency && compare_is_open(row))
        out->ratio.state = RATIO_OPEN_LOOP;
    else
        return change_make(work, COMPARE_A, out);
    return 0;
}

static bool is_measured(const struct ratio *speedup)
{
    return speedup != NULL && (speedup->state == RATIO_FULL || speedup->state == RATIO_NO_INTERVAL);
}

/* Of a capacity too, in work time: copies * sync / copies of sync; the copies are as many in both runs and cancel out. */
static int measure_speedup(struct work *work, struct compare_row *row, enum ratio_time time)
{
    const struct compare *c = work->compare;
    struct compare_change *out = &row->change[COMPARE_SPEEDUP + (int)time];
    bool measured = true;
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        const struct result_cell *cell = row->cell[side];
        const struct ratio *speedup = find_said(&c->summary[side], cell, c->options.base).speedup[time];
        const bool own = c->options.base == RATIO_OWN_SYNC || cell->role == ROLE_CAPACITY;
        if (speedup != NULL && ratio_known(speedup))
            out->of[side] = speedup->ratio;
        if (!is_measured(speedup) && measured)
            out->ratio.state = speedup == NULL ? RATIO_NOT_RUN : speedup->state;
        measured = measured && is_measured(speedup);
        if (measured)
            series_of_speedups(
                work, &work->series[side],
                results_baseline(c->results[side], cell->group, own ? cell->runtime : SUMMARY_BASELINE_RUNTIME), cell,
                values[COMPARE_SPEEDUP + (int)time]);
    }
    return measured ? change_make(work, COMPARE_B, out) : 0;
}

static int work_open(struct work *work, struct compare *c)
{
    size_t longest = 0;
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        for (size_t i = 0; i < c->results[side]->cell_count; i++)
            if (c->results[side]->cells[i].count > longest)
                longest = c->results[side]->cells[i].count;
    *work = (struct work){.compare = c};
    int rc = pairs_open(&work->pairs, longest);
    for (enum compare_side side = 0; side < COMPARE_SIDES && rc == 0; side++)
        rc = pairs_open(&work->series[side], longest);
    return rc;
}

static void work_close(struct work *work)
{
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        pairs_close(&work->series[side]);
    pairs_close(&work->pairs);
}

static int measure_rows(struct compare *c)
{
    struct work work;
    int rc = work_open(&work, c);
    for (size_t i = 0; i < c->row_count && rc == 0; i++)
        for (int what = 0; what < COMPARE_CHANGES && rc == 0; what++)
            rc = what >= COMPARE_SPEEDUP && what < COMPARE_P50
                     ? measure_speedup(&work, &c->rows[i], (enum ratio_time)(what - COMPARE_SPEEDUP))
                     : measure_time(&work, &c->rows[i], (enum compare_what)what);
    work_close(&work);
    return rc;
}

/* -- verdicts ------------------------------------------------------------------------------------------------------------- */

/* A family is a column: all models' cells of both runs together. Controls and capacities are there to be looked at. */
static int give_verdicts(struct compare *c)
{
    struct ratio **family = calloc(c->row_count + 1, sizeof(struct ratio *));
    int rc = family == NULL ? -ENOMEM : 0;
    for (int what = 0; what < COMPARE_CHANGES && rc == 0; what++) {
        size_t count = 0;
        for (size_t i = 0; i < c->row_count; i++)
            if (c->rows[i].cell[COMPARE_B]->role == ROLE_MODEL)
                family[count++] = &c->rows[i].change[what].ratio;
        rc = ratios_judge(family, count, c->margin);
    }
    free(family);
    return rc;
}

enum compare_side compare_side_of(const struct compare_row *row)
{
    return row->cell[COMPARE_B] != NULL ? COMPARE_B : COMPARE_A;
}

bool compare_is_open(const struct compare_row *row) { return row->group[compare_side_of(row)]->rate > 0; }

static struct compare_change *change_of(const struct compare *c, struct compare_row *row, size_t k)
{
    if (compare_is_open(row) && !c->options.by_speedup)
        return COMPARE_P50 + k < COMPARE_CHANGES ? &row->change[COMPARE_P50 + k] : NULL;
    return k == 0 ? &row->change[(c->options.by_speedup ? COMPARE_SPEEDUP : COMPARE_TIME) + (int)c->options.time]
                  : NULL;
}

const struct compare_change *compare_judged(const struct compare *c, const struct compare_row *row, size_t k)
{
    struct compare_row *own = &c->rows[row - c->rows];
    return change_of(c, own, k);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static int find_middle(const struct compare *c, enum compare_what what, struct compare_middle *out)
{
    *out = (struct compare_middle){NAN, NAN, NAN, 0};
    double *ratios = calloc(c->row_count + 1, sizeof *ratios);
    if (ratios == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < c->row_count; i++) {
        const struct compare_row *row = &c->rows[i];
        const struct ratio *ratio = &row->change[what].ratio;
        if (row->cell[COMPARE_B]->role == ROLE_MODEL && ratio_known(ratio) && ratio->state != RATIO_SELF)
            ratios[out->cells++] = ratio->ratio;
    }
    qsort(ratios, out->cells, sizeof *ratios, by_value);
    if (out->cells > 0) {
        const size_t n = out->cells;
        out->ratio = sqrt(ratios[(n - 1) / 2] * ratios[n / 2]);
        out->least = ratios[0];
        out->most = ratios[n - 1];
    }
    free(ratios);
    return 0;
}

/* How many models' cells have the verdict in a column. */
static size_t count_verdicts(const struct compare *c, enum compare_what what, enum verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < c->row_count; i++)
        count += c->rows[i].cell[COMPARE_B]->role == ROLE_MODEL && c->rows[i].change[what].ratio.verdict == verdict;
    return count;
}

bool compare_moved_alike(const struct compare *c)
{
    const enum compare_what time = (enum compare_what)(COMPARE_TIME + (int)c->options.time),
                            speedup = (enum compare_what)(COMPARE_SPEEDUP + (int)c->options.time);
    const size_t slower = count_verdicts(c, time, VERDICT_SLOWER), faster = count_verdicts(c, time, VERDICT_FASTER);
    const size_t still = count_verdicts(c, time, VERDICT_NO_DIFFERENCE),
                 stayed = count_verdicts(c, speedup, VERDICT_NO_DIFFERENCE);
    const size_t left = count_verdicts(c, speedup, VERDICT_SLOWER) + count_verdicts(c, speedup, VERDICT_FASTER);
    const size_t moved = slower > faster ? slower : faster;
    return moved >= ALIKE_LEAST && (double)moved >= ALIKE_SHARE * (double)(slower + faster + still) &&
           (double)stayed >= ALIKE_SHARE * (double)(stayed + left) && stayed > 0;
}

/* -- the gate ------------------------------------------------------------------------------------------------------------- */

/* Before Holm: what a row is without regard to the others. */
static enum compare_gate gate_of(const struct compare *c, const struct compare_row *row)
{
    if (row->cell[COMPARE_B]->role != ROLE_MODEL || compare_judged(c, row, 0)->ratio.state == RATIO_SELF)
        return GATE_NONE;
    if (row->cell[COMPARE_A]->status == CELL_OK && row->cell[COMPARE_B]->status > CELL_OK)
        return GATE_BROKEN;
    if (row->missed[COMPARE_B] && !row->missed[COMPARE_A] && row->cell[COMPARE_A]->status == CELL_OK)
        return GATE_RATE;
    for (size_t k = 0; compare_judged(c, row, k) != NULL; k++)
        if (compare_judged(c, row, k)->ratio.state != RATIO_FULL)
            return GATE_UNKNOWN;
    return GATE_PASSES;
}

/* The worst of the row's changes, of `n` that are judged in all, with their p-values adjusted. */
static enum compare_gate gate_adjusted(const struct compare *c, struct compare_row *row, size_t n)
{
    enum compare_gate gate = GATE_PASSES;
    for (size_t k = 0; change_of(c, row, k) != NULL; k++) {
        struct compare_change *change = change_of(c, row, k);
        change->gate_beyond = change->gate_p_adjusted < RATIO_FAMILY_ERROR &&
                              change->ratio.high < 1 / (1 + c->options.slower);
        if (change->gate_beyond)
            gate = GATE_SLOWER;
        else if (gate == GATE_PASSES && change->ratio.p_least * (double)n >= RATIO_FAMILY_ERROR)
            gate = GATE_UNKNOWN;
    }
    return gate;
}

/* The p-values of the gate, in the order of rows and changes, from what is judged to `p` or from there back adjusted. */
static size_t gate_values(struct compare *c, double *p, bool back)
{
    size_t n = 0;
    for (size_t i = 0; i < c->row_count; i++)
        for (size_t k = 0; c->rows[i].gate == GATE_PASSES && compare_judged(c, &c->rows[i], k) != NULL; k++, n++) {
            struct compare_change *change = change_of(c, &c->rows[i], k);
            if (back)
                change->gate_p_adjusted = p[n];
            else
                p[n] = change->gate_p;
        }
    return n;
}

static int decide_gate(struct compare *c)
{
    const size_t room = (COMPARE_CHANGES - COMPARE_P50) * c->row_count;
    double *p = calloc(2 * room + 1, sizeof *p), *adjusted = p == NULL ? NULL : p + room;
    size_t judged = 0;
    if (p == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < c->row_count; i++)
        c->rows[i].gate = gate_of(c, &c->rows[i]);
    const size_t n = gate_values(c, p, false);
    const int rc = stats_holm(p, n, adjusted);
    if (rc == 0)
        gate_values(c, adjusted, true);
    for (size_t i = 0; i < c->row_count && rc == 0; i++) {
        struct compare_row *row = &c->rows[i];
        if (row->gate == GATE_PASSES)
            row->gate = gate_adjusted(c, row, n);
        judged += row->gate == GATE_PASSES;
        c->gate_fails |= row->gate == GATE_SLOWER || row->gate == GATE_BROKEN || row->gate == GATE_RATE;
    }
    c->gate_fails |= judged == 0;
    free(p);
    return rc;
}

/* -- the whole ------------------------------------------------------------------------------------------------------------ */

static int judge(struct compare *c)
{
    int rc = give_verdicts(c);
    if (rc == 0)
        rc = find_middle(c, (enum compare_what)(COMPARE_TIME + (int)c->options.time), &c->middle_time);
    if (rc == 0)
        rc = find_middle(c, (enum compare_what)(COMPARE_SPEEDUP + (int)c->options.time), &c->middle_speedup);
    if (rc == 0 && c->options.slower > 0)
        rc = decide_gate(c);
    return rc;
}

static int find_differences(struct compare *c)
{
    const struct results *a = c->results[COMPARE_A], *b = c->results[COMPARE_B];
    const int rc = differences_of_machines(a->machine, b->machine, &c->machine, &c->moving);
    return rc != 0 ? rc : differences_of_plans(a->plan, b->plan, &c->plan);
}

int compare_make(struct compare *out, const struct results *a, const struct results *b,
                 const struct compare_options *options, struct error *err)
{
    *out = (struct compare){.options = *options,
                            .margin = options->margin >= 0 ? options->margin : fmax(a->margin, b->margin),
                            .results = {a, b}};
    int rc = summary_make(&out->summary[COMPARE_A], a, err);
    if (rc == 0)
        rc = summary_make(&out->summary[COMPARE_B], b, err);
    if (rc == 0)
        rc = match_cells(out, err);
    if (rc == 0 && (rc = measure_rows(out)) == 0 && (rc = judge(out)) == 0)
        rc = find_differences(out);
    if (rc != 0) {
        compare_free(out);
        return rc == -ENOMEM ? error_set(err, rc, "out of memory") : rc;
    }
    return 0;
}

void compare_free(struct compare *c)
{
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        summary_free(&c->summary[side]);
    free(c->rows);
    differences_free(&c->machine);
    differences_free(&c->moving);
    differences_free(&c->plan);
    *c = (struct compare){.rows = NULL};
}
