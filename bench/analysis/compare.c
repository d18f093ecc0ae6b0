/* SPDX-License-Identifier: MIT */
/* Two runs: match their cells, compare their times and speedups, judge the columns. */
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

/* The cell of A that is not taken and means what `cell` of B does; one of the same start method before any other. */
static size_t find_match(const struct results *const *runs, const struct result_cell *cell, const bool *taken)
{
    const struct results *a = runs[COMPARE_A], *b = runs[COMPARE_B];
    size_t found = a->cell_count;
    for (size_t i = 0; i < a->cell_count; i++) {
        const struct result_cell *other = &a->cells[i];
        if (taken[i] || other->role != cell->role || strcmp(other->runtime, cell->runtime) != 0 ||
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

static void add_lone(struct compare *c, enum compare_side side, size_t cell)
{
    const struct results *run = c->results[side];
    c->lone[c->lone_count++] = (struct compare_lone){
        .side = side, .cell = &run->cells[cell], .group = &run->groups[run->cells[cell].group]};
}

static const char *note_of(const struct summary *summary, const struct result_cell *cell)
{
    for (size_t i = 0; i < summary->cell_count; i++)
        if (summary->cells[i].cell == cell)
            return cell->status == CELL_OK ? NULL : summary->cells[i].note;
    for (size_t i = 0; i < summary->control_count; i++)
        if (summary->controls[i].cell == cell)
            return cell->status == CELL_OK ? NULL : summary->controls[i].note;
    for (size_t i = 0; i < summary->capacity_count; i++)
        if (summary->capacities[i].cell == cell)
            return cell->status == CELL_OK ? NULL : summary->capacities[i].note;
    return NULL;
}

static void add_row(struct compare *c, size_t a, size_t b)
{
    struct compare_row *row = &c->rows[c->row_count++];
    const size_t cells[COMPARE_SIDES] = {a, b};
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        const struct results *run = c->results[side];
        row->cell[side] = &run->cells[cells[side]];
        row->group[side] = &run->groups[row->cell[side]->group];
        row->note[side] = note_of(&c->summary[side], row->cell[side]);
    }
}

static int match_cells(struct compare *c, struct error *err)
{
    const struct results *a = c->results[COMPARE_A], *b = c->results[COMPARE_B];
    bool *taken = calloc(a->cell_count + 1, sizeof *taken);
    size_t *match = calloc(b->cell_count + 1, sizeof *match);
    c->rows = calloc(b->cell_count + 1, sizeof *c->rows);
    c->lone = calloc(a->cell_count + b->cell_count + 1, sizeof *c->lone);
    int rc = taken == NULL || match == NULL || c->rows == NULL || c->lone == NULL ? error_set(err, -ENOMEM, "no memory")
                                                                                  : 0;
    for (size_t i = 0; i < b->cell_count && rc == 0; i++) {
        match[i] = find_match(c->results, &b->cells[i], taken);
        if (match[i] < a->cell_count)
            taken[match[i]] = true;
        if (match[i] < a->cell_count && is_wanted(c, &b->groups[b->cells[i].group], &b->cells[i]))
            add_row(c, match[i], i);
    }
    for (size_t i = 0; i < a->cell_count && rc == 0; i++)
        if (!taken[i] && is_wanted(c, &a->groups[a->cells[i].group], &a->cells[i]))
            add_lone(c, COMPARE_A, i);
    for (size_t i = 0; i < b->cell_count && rc == 0; i++)
        if (match[i] == a->cell_count && is_wanted(c, &b->groups[b->cells[i].group], &b->cells[i]))
            add_lone(c, COMPARE_B, i);
    free(match);
    free(taken);
    if (rc == 0 && c->row_count + c->lone_count == 0 && c->options.only != NULL && c->options.only->count > 0)
        rc = error_set(err, -EINVAL, "--only: no cell of the two runs is called so (TASK or TASK/RUNTIME:MODEL)");
    return rc;
}

/* -- one change ----------------------------------------------------------------------------------------------------------- */

/* The logarithms of one run's times or speedups, by round. */
struct series {
    double *logs;
    int32_t *round;
    size_t n;
};

/* Room for whatever a row needs. */
struct work {
    struct compare *compare;
    struct pairs pairs;
    struct series series[COMPARE_SIDES];
};

static void series_of_times(struct series *out, const struct result_cell *cell, sample_value *value)
{
    out->n = 0;
    for (size_t i = 0; i < cell->count; i++)
        if (value(&cell->samples[i]) > 0) {
            out->logs[out->n] = log(value(&cell->samples[i]));
            out->round[out->n++] = cell->samples[i].round;
        }
}

static void series_of_speedups(struct work *work, struct series *out, const struct result_cell *base,
                               const struct result_cell *cell, sample_value *value)
{
    struct pairs *pairs = &work->pairs;
    pairs_collect(pairs, base, cell, value);
    out->n = pairs->n;
    for (size_t i = 0; i < pairs->n; i++) {
        out->logs[i] = log(pairs->base[i]) - log(pairs->variant[i]);
        out->round[i] = pairs->round[i];
    }
}

static int add_doubt(struct compare_change *out, const struct series *series, double margin)
{
    enum doubt doubt = DOUBT_NONE;
    const struct ratio_series of = {series->logs, series->round, series->n, margin};
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
    const struct series *x = &work->series[over], *y = &work->series[over == COMPARE_A ? COMPARE_B : COMPARE_A];
    const struct stats_two two = {x->logs, y->logs, x->n, y->n};
    struct stats_interval interval;
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        out->rounds[side] = work->series[side].n;
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

static struct compare_change change_none(enum ratio_state state)
{
    return (struct compare_change){.ratio = ratio_none(state), .gate_p = NAN, .gate_p_adjusted = NAN};
}

/* -- one row -------------------------------------------------------------------------------------------------------------- */

static sample_value *value_of(enum ratio_time time) { return time == RATIO_WORK ? sample_work : sample_whole; }

static double latency_at(const struct sample *s, enum latency_point point)
{
    return s->latency_ns[point] < 0 ? NAN : (double)s->latency_ns[point] / 1e9;
}

static double latency_p50(const struct sample *s) { return latency_at(s, LATENCY_P50); }
static double latency_p99(const struct sample *s) { return latency_at(s, LATENCY_P99); }

static double median_of(struct work *work, const struct result_cell *cell, sample_value *value)
{
    double median = NAN;
    size_t n = 0;
    for (size_t i = 0; i < cell->count; i++)
        if (value(&cell->samples[i]) > 0)
            work->pairs.base[n++] = value(&cell->samples[i]);
    return stats_median(work->pairs.base, n, &median) == 0 ? median : NAN;
}

/* Makes the series of both sides and their medians (NaN: none). Has each of them some? */
static bool take_series(struct work *work, const struct compare_row *row, sample_value *value,
                        double median[COMPARE_SIDES])
{
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        median[side] = NAN;
        if (row->cell[side]->status != CELL_OK)
            continue;
        series_of_times(&work->series[side], row->cell[side], value);
        median[side] = median_of(work, row->cell[side], value);
    }
    return median[COMPARE_A] > 0 && median[COMPARE_B] > 0;
}

static int row_time(struct work *work, struct compare_row *row, enum ratio_time time)
{
    struct compare_change *out = &row->time[time];
    double *median = row->median_s[time];
    *out = change_none(RATIO_NOT_RUN);
    if (!take_series(work, row, value_of(time), median))
        return 0;
    if (time == RATIO_WORK && fmin(median[COMPARE_A], median[COMPARE_B]) < SUMMARY_SHORT_WORK_S)
        out->ratio.state = RATIO_TOO_SHORT;
    else if (compare_is_open(row))
        out->ratio.state = RATIO_OPEN_LOOP;
    else
        return change_make(work, COMPARE_A, out);
    return 0;
}

static bool is_missed(const struct summary *summary, const struct result_cell *cell)
{
    for (size_t i = 0; i < summary->cell_count; i++)
        if (summary->cells[i].cell == cell)
            return summary->cells[i].open_loop.behind;
    return false;
}

static int row_latency(struct work *work, struct compare_row *row)
{
    static sample_value *const values[COMPARE_LATENCIES] = {[COMPARE_P50] = latency_p50, [COMPARE_P99] = latency_p99};
    int rc = 0;
    for (enum compare_latency k = 0; k < COMPARE_LATENCIES && rc == 0; k++) {
        row->latency[k] = change_none(RATIO_NOT_RUN);
        row->latency_s[k][COMPARE_A] = row->latency_s[k][COMPARE_B] = NAN;
        if (compare_is_open(row) && take_series(work, row, values[k], row->latency_s[k]))
            rc = change_make(work, COMPARE_A, &row->latency[k]);
    }
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        row->missed[side] = is_missed(&work->compare->summary[side], row->cell[side]);
    return rc;
}

static const struct ratio *speedup_of(const struct compare *c, const struct compare_row *row, enum compare_side side,
                                      enum ratio_time time)
{
    const struct summary *summary = &c->summary[side];
    for (size_t i = 0; i < summary->cell_count; i++)
        if (summary->cells[i].cell == row->cell[side])
            return &summary->cells[i].speedup[time][c->options.base];
    for (size_t i = 0; i < summary->capacity_count && time == RATIO_WORK; i++)
        if (summary->capacities[i].cell == row->cell[side])
            return &summary->capacities[i].ratio;
    return NULL;
}

static bool is_measured(const struct ratio *speedup)
{
    return speedup != NULL && (speedup->state == RATIO_FULL || speedup->state == RATIO_NO_INTERVAL);
}

/* Of a capacity too, in work time: copies * sync / copies of sync; the copies are as many in both runs and cancel out. */
static int row_speedup(struct work *work, struct compare_row *row, enum ratio_time time)
{
    const struct compare *c = work->compare;
    struct compare_change *out = &row->speedup[time];
    *out = change_none(RATIO_NOT_RUN);
    bool measured = true;
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        const struct ratio *speedup = speedup_of(c, row, side, time);
        row->speedup_of[time][side] = speedup != NULL && ratio_known(speedup) ? speedup->ratio : NAN;
        if (!is_measured(speedup) && measured)
            out->ratio.state = speedup == NULL ? RATIO_NOT_RUN : speedup->state;
        measured = measured && is_measured(speedup);
    }
    if (!measured)
        return 0;
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        const struct result_cell *cell = row->cell[side];
        const bool own = c->options.base == RATIO_OWN_SYNC || cell->role == ROLE_CAPACITY;
        const struct result_cell *base = results_baseline(c->results[side], cell->group,
                                                          own ? cell->runtime : SUMMARY_BASELINE_RUNTIME);
        series_of_speedups(work, &work->series[side], base, cell, value_of(time));
    }
    return change_make(work, COMPARE_B, out);
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
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        work->series[side].logs = calloc(longest + 1, sizeof *work->series[side].logs);
        work->series[side].round = calloc(longest + 1, sizeof *work->series[side].round);
        if (work->series[side].logs == NULL || work->series[side].round == NULL)
            rc = -ENOMEM;
    }
    return rc;
}

static void work_close(struct work *work)
{
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        free(work->series[side].logs);
        free(work->series[side].round);
    }
    pairs_close(&work->pairs);
}

static int measure_rows(struct compare *c)
{
    struct work work;
    int rc = work_open(&work, c);
    for (size_t i = 0; i < c->row_count && rc == 0; i++) {
        for (enum ratio_time t = 0; t < RATIO_TIMES && rc == 0; t++) {
            rc = row_time(&work, &c->rows[i], t);
            if (rc == 0)
                rc = row_speedup(&work, &c->rows[i], t);
        }
        if (rc == 0)
            rc = row_latency(&work, &c->rows[i]);
    }
    work_close(&work);
    return rc;
}

/* -- verdicts ------------------------------------------------------------------------------------------------------------- */

/* One column of the comparison. */
typedef struct compare_change *column_of(struct compare_row *row, int which);
static struct compare_change *time_of(struct compare_row *row, int time) { return &row->time[time]; }
static struct compare_change *gain_of(struct compare_row *row, int time) { return &row->speedup[time]; }
static struct compare_change *latency_of(struct compare_row *row, int k) { return &row->latency[k]; }

/* A family is a column: all models' cells of both runs together. Controls and capacities are there to be looked at. */
static int judge_column(struct compare *c, column_of *column, int which, struct ratio **family)
{
    size_t count = 0;
    for (size_t i = 0; i < c->row_count; i++)
        if (c->rows[i].cell[COMPARE_B]->role == ROLE_MODEL)
            family[count++] = &column(&c->rows[i], which)->ratio;
    return ratios_judge(family, count, c->margin);
}

static int judge_columns(struct compare *c)
{
    static const struct {
        column_of *column;
        int which;
    } columns[] = {{time_of, RATIO_WORK},  {gain_of, RATIO_WORK},     {time_of, RATIO_WHOLE},
                   {gain_of, RATIO_WHOLE}, {latency_of, COMPARE_P50}, {latency_of, COMPARE_P99}};
    struct ratio **family = calloc(c->row_count + 1, sizeof(struct ratio *));
    int rc = family == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < sizeof columns / sizeof *columns && rc == 0; i++)
        rc = judge_column(c, columns[i].column, columns[i].which, family);
    free(family);
    return rc;
}

bool compare_is_open(const struct compare_row *row)
{
    return row->group[COMPARE_B]->rate > 0; /* A's is the same, or they were no match */
}

static struct compare_change *change_of(const struct compare *c, struct compare_row *row, size_t k)
{
    if (compare_is_open(row) && !c->options.by_speedup)
        return k < COMPARE_LATENCIES ? &row->latency[k] : NULL;
    if (k > 0)
        return NULL;
    return c->options.by_speedup ? &row->speedup[c->options.time] : &row->time[c->options.time];
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

static int find_middle(const struct compare *c, bool speedup, struct compare_middle *out)
{
    *out = (struct compare_middle){NAN, NAN, NAN, 0};
    double *ratios = calloc(c->row_count + 1, sizeof *ratios);
    if (ratios == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < c->row_count; i++) {
        const struct compare_row *row = &c->rows[i];
        const struct ratio *ratio = speedup ? &row->speedup[c->options.time].ratio : &row->time[c->options.time].ratio;
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
static size_t count_verdicts(const struct compare *c, bool speedup, enum verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const struct compare_row *row = &c->rows[i];
        const struct compare_change *changes = speedup ? row->speedup : row->time;
        count += row->cell[COMPARE_B]->role == ROLE_MODEL && changes[c->options.time].ratio.verdict == verdict;
    }
    return count;
}

bool compare_moved_alike(const struct compare *c)
{
    const size_t slower = count_verdicts(c, false, VERDICT_SLOWER), faster = count_verdicts(c, false, VERDICT_FASTER);
    const size_t still = count_verdicts(c, false, VERDICT_NO_DIFFERENCE),
                 stayed = count_verdicts(c, true, VERDICT_NO_DIFFERENCE);
    const size_t left = count_verdicts(c, true, VERDICT_SLOWER) + count_verdicts(c, true, VERDICT_FASTER);
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

static int judge_gate(struct compare *c)
{
    const size_t room = COMPARE_LATENCIES * c->row_count;
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
    int rc = judge_columns(c);
    if (rc == 0)
        rc = find_middle(c, false, &c->middle_time);
    if (rc == 0)
        rc = find_middle(c, true, &c->middle_speedup);
    if (rc == 0 && c->options.slower > 0)
        rc = judge_gate(c);
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
        return rc == -ENOMEM ? error_set(err, rc, "no memory for the comparison") : rc;
    }
    return 0;
}

void compare_free(struct compare *c)
{
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        summary_free(&c->summary[side]);
    free(c->rows);
    free(c->lone);
    differences_free(&c->machine);
    differences_free(&c->moving);
    differences_free(&c->plan);
    *c = (struct compare){.rows = NULL};
}

char *compare_name(const struct result_cell *cell)
{
    if (cell->role == ROLE_CAPACITY)
        return text_format("%lld x %s:%s", (long long)cell->copies, cell->runtime, cell->model);
    return text_format("%s:%s%s", cell->runtime, cell->model, cell->role == ROLE_CONTROL ? " (control)" : "");
}
