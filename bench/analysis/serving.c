/* SPDX-License-Identifier: MIT */
/* Rows from the samples of servers. */
#include "bench/analysis/serving.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/order.h"
#include "bench/util/alloc.h"

/* -- one number of one load, over the rounds ------------------------------------------------------------------------------ */

static double over(int64_t part, int64_t whole) { return part >= 0 && whole > 0 ? (double)part / (double)whole : NAN; }

static double number_of(const struct serving_load *l, enum serving_point_number which)
{
    const double values[] = {
        [SERVING_OFFERED] = l->gap_ns > 0 ? 1e9 / (double)l->gap_ns : NAN,
        [SERVING_RATE] = over(l->answered, l->span_ns) * 1e9,
        [SERVING_P50] = over(l->p50_ns, 1000000000),
        [SERVING_P99] = over(l->p99_ns, 1000000000),
        [SERVING_P999] = over(l->p999_ns, 1000000000),
        [SERVING_TIMED_OUT] = over(l->timed_out, l->requests),
        [SERVING_REFUSED] = over(l->refused, l->requests),
        [SERVING_CPU] = over(l->server_cpu_ns, l->answered) / 1e9,
        [SERVING_CLIENT] = over(l->client_cpu_ns, l->span_ns),
    };
    return values[which];
}

/* Those of the rounds that have it; their count. */
static size_t collect(const struct result_cell *cell, size_t load, enum serving_point_number which, double *out)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->count; i++) {
        const struct serving_sample *s = cell->samples[i].serving;
        const double value = s != NULL && load < s->load_count ? number_of(&s->loads[load], which) : NAN;
        if (isfinite(value))
            out[n++] = value;
    }
    return n;
}

static struct summary_interval interval_of(const double *values, size_t n)
{
    struct stats_interval ci;
    return stats_median_interval(values, n, 0.95, &ci) == 0 ? (struct summary_interval){ci.low, ci.high}
                                                            : (struct summary_interval){NAN, NAN};
}

static void make_point(const struct result_cell *cell, size_t load, struct serving_point *out)
{
    double *values = xcalloc(cell->count, sizeof *values);
    for (enum serving_point_number which = 0; which < SERVING_NUMBERS; which++) {
        const size_t n = collect(cell, load, which, values);
        out->value[which] = NAN;
        (void)stats_median(values, n, &out->value[which]); /* of none it is not known */
        if (which == SERVING_RATE)
            out->rate_ci = interval_of(values, n);
        if (which == SERVING_P99)
            out->p99_ci = interval_of(values, n);
    }
    free(values);
}

/* -- one server -------------------------------------------------------------------------------------------------------- */

static double median_of(const struct result_cell *cell, double (*value)(const struct serving_sample *s))
{
    double *values = xcalloc(cell->count, sizeof *values), median = NAN;
    size_t n = 0;
    for (size_t i = 0; i < cell->count; i++)
        if (cell->samples[i].serving != NULL && isfinite(value(cell->samples[i].serving)))
            values[n++] = value(cell->samples[i].serving);
    (void)stats_median(values, n, &median);
    free(values);
    return median;
}

static double ready_of(const struct serving_sample *s) { return over(s->ready_ns, 1000000000); }

static double wrk_rate_of(const struct serving_sample *s) { return over(s->wrk_answered, s->wrk_span_ns) * 1e9; }

static double fair_of(const struct serving_sample *s)
{
    return s->workers > 1 && s->most > 0 ? (double)s->requests / (double)s->workers / (double)s->most : NAN;
}

/* Where few connections cost less than what the memory of a server moves by itself, nobody knows what one costs. */
static void measure_idle(const struct serving_sample *s, struct serving_row *row)
{
    const struct serving_idle *first = &s->idle[0], *last = &s->idle[s->idle_count - 1];
    row->bytes = first->bytes >= 0 ? (double)first->bytes : NAN;
    if (s->idle_count < 2)
        return;
    row->held = (double)last->connections;
    if (last->connections > 0 && first->bytes >= 0 && last->bytes > first->bytes)
        row->connection_bytes = (double)(last->bytes - first->bytes) / (double)last->connections;
}

static void make_row(const struct summary_cell *cell, struct serving_row *row)
{
    const struct result_cell *c = cell->cell;
    *row = (struct serving_row){.cell = cell,
                                .against = ratio_none(RATIO_NOT_RUN),
                                .ready_s = median_of(c, ready_of),
                                .fair = median_of(c, fair_of),
                                .wrk_rate = median_of(c, wrk_rate_of),
                                .unanswered = NAN,
                                .bytes = NAN,
                                .connection_bytes = NAN,
                                .held = NAN};
    if (c->idle != NULL && c->idle->idle_count > 0)
        measure_idle(c->idle, row);
    if (c->count == 0 || c->samples[0].serving == NULL || !cell->verified)
        return;
    row->count = c->samples[0].serving->load_count;
    for (size_t k = 0; k < row->count; k++) {
        row->points[k].percent = c->samples[0].serving->loads[k].percent;
        make_point(c, k, &row->points[k]);
    }
    row->unanswered = row->points[0].value[SERVING_TIMED_OUT] + row->points[0].value[SERVING_REFUSED];
}

const struct serving_point *serving_at(const struct serving_row *row, int64_t percent)
{
    for (size_t k = 0; k < row->count; k++)
        if (row->points[k].percent == percent)
            return &row->points[k];
    return NULL;
}

bool serving_is_more(const struct ratio *ratio, double margin)
{
    return ratio_known(ratio) && (isfinite(ratio->low) ? ratio->low > 1 + margin : ratio->ratio > 1 + RATIO_UNRESOLVED);
}

bool serving_is_less(const struct ratio *ratio, double margin)
{
    return ratio_known(ratio) &&
           (isfinite(ratio->high) ? ratio->high < 1 / (1 + margin) : ratio->ratio < 1 / (1 + RATIO_UNRESOLVED));
}

bool serving_client_bound(const struct serving_row *row)
{
    return row->count > 0 && row->points[0].value[SERVING_CLIENT] >= SERVING_CLIENT_BOUND;
}

/* -- compared with each other -------------------------------------------------------------------------------------------- */

/* Seconds for each answer at saturation; NaN: not known. */
static double answer_s(const struct sample *sample)
{
    const struct serving_sample *s = sample->serving;
    return s != NULL && s->load_count > 0 ? 1 / number_of(&s->loads[0], SERVING_RATE) : NAN;
}

/* How many times the throughput of `base` the other has, by the rounds that both have. */
static struct ratio compare(const struct result_cell *base, const struct result_cell *other, double margin)
{
    struct pairs pairs;
    pairs_open(&pairs, base->count);
    for (size_t i = 0, j = 0; i < base->count && j < other->count;) {
        const struct sample *a = &base->samples[i], *b = &other->samples[j];
        if (a->round == b->round && answer_s(a) > 0 && answer_s(b) > 0) {
            pairs.base[pairs.n] = answer_s(a);
            pairs.variant[pairs.n] = answer_s(b);
            pairs.round[pairs.n++] = a->round;
        }
        i += a->round <= b->round;
        j += b->round <= a->round;
    }
    struct ratio ratio = ratio_of(&pairs);
    ratio_test(&ratio, &pairs, margin);
    pairs_close(&pairs);
    return ratio;
}

const struct serving_row *serving_fastest(const struct serving *serving, const struct plan_group *group,
                                          const char *runtime)
{
    const struct serving_row *best = NULL;
    for (const struct serving_row *r = serving->rows; r < serving->rows + serving->count; r++)
        if (r->cell->group == group && r->count > 0 &&
            (runtime == NULL || strcmp(r->cell->cell->runtime, runtime) == 0) &&
            (best == NULL || r->points[0].value[SERVING_RATE] > best->points[0].value[SERVING_RATE]))
            best = r;
    return best;
}

static void compare_group(struct serving *out, const struct plan_group *group, double margin)
{
    const struct serving_row *best = serving_fastest(out, group, NULL);
    struct ratio **family = xcalloc(out->count + 1, sizeof *family);
    size_t n = 0;
    for (struct serving_row *r = out->rows; best != NULL && r < out->rows + out->count; r++) {
        if (r->cell->group != group || r->count == 0)
            continue;
        r->fastest = r == best;
        r->against = r->fastest ? (struct ratio){.ratio = 1, .low = NAN, .high = NAN, .state = RATIO_SELF}
                                : compare(best->cell->cell, r->cell->cell, margin);
        if (!r->fastest)
            family[n++] = &r->against;
    }
    ratios_decide(family, n, margin);
    free(family);
}

/* Who has the same scheduler and Python's work, of a runtime whose work is native. */
static bool are_counterparts(const char *native, const char *python)
{
    static const char *const pairs[][2] = {{"c", "embed"}, {"ext", "py"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (runtime_is(native, pairs[i][0]) && runtime_is(python, pairs[i][1]) &&
            strcmp(native + strlen(pairs[i][0]), python + strlen(pairs[i][1])) == 0)
            return true;
    return false;
}

static void find_natives(struct serving *out, double margin)
{
    for (const struct serving_row *a = out->rows; a < out->rows + out->count; a++)
        for (const struct serving_row *b = out->rows; b < out->rows + out->count; b++) {
            const struct result_cell *native = a->cell->cell, *python = b->cell->cell;
            if (a->cell->group != b->cell->group || a->count == 0 || b->count == 0 ||
                strcmp(native->model, python->model) != 0 || !are_counterparts(native->runtime, python->runtime))
                continue;
            out->natives = array_grow(out->natives, out->native_count, sizeof *out->natives);
            out->natives[out->native_count++] = (struct serving_native){a, b, compare(python, native, margin)};
        }
    struct ratio **family = xcalloc(out->native_count + 1, sizeof *family);
    for (size_t i = 0; i < out->native_count; i++)
        family[i] = &out->natives[i].ratio;
    ratios_decide(family, out->native_count, margin);
    free(family);
}

void serving_make(struct serving *out, const struct summary *summary)
{
    const struct results *results = summary->results;
    *out = (struct serving){.rows = xcalloc(summary->cell_count + 1, sizeof *out->rows), .margin = results->margin};
    for (size_t i = 0; i < summary->cell_count; i++)
        if (plan_serves(summary->cells[i].group))
            make_row(&summary->cells[i], &out->rows[out->count++]);
    for (size_t g = 0; g < results->group_count; g++)
        compare_group(out, &results->groups[g], results->margin);
    find_natives(out, results->margin);
}

void serving_free(struct serving *serving)
{
    free(serving->rows);
    free(serving->natives);
    *serving = (struct serving){.rows = NULL};
}
