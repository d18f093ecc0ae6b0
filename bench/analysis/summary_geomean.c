/* SPDX-License-Identifier: MIT */
/* Geometric means over groups. Rounds stay pairs here too: what all groups' machines did in a round is averaged within
 * that round, so that the interval knows of it. */
#include "bench/analysis/summary_geomean.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sums of log ratios by round, and of how many groups. */
struct sums {
    double *log;
    size_t *groups;
    size_t rounds; /* room: rounds count from 1 */
};

static bool has_ratio(const struct ratio *ratio)
{
    return ratio->state == RATIO_FULL || ratio->state == RATIO_NO_INTERVAL;
}

static bool is_variant(const struct summary_cell *cell, const struct summary_geomean *row)
{
    return strcmp(cell->cell->runtime, row->runtime) == 0 && strcmp(cell->cell->model, row->model) == 0;
}

static void sums_add(struct sums *sums, const struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        const size_t round = (size_t)pairs->round[i];
        if (round < sums->rounds) {
            sums->log[round] += log(pairs->base[i]) - log(pairs->variant[i]);
            sums->groups[round]++;
        }
    }
}

/* The rounds that all groups have, as pairs again: the mean ratio over 1. */
static void sums_take(const struct sums *sums, size_t groups, struct pairs *pairs)
{
    pairs->n = 0;
    for (size_t round = 0; round < sums->rounds; round++)
        if (sums->groups[round] == groups) {
            pairs->base[pairs->n] = exp(sums->log[round] / (double)groups);
            pairs->variant[pairs->n] = 1;
            pairs->round[pairs->n++] = (int32_t)round;
        }
}

/* One time and baseline of a row. `cells` are the summary's that are of the row's variant, one a group. */
static int mean_make(struct summary *summary, struct summary_geomean *row, enum ratio_time time, enum ratio_base base,
                     struct sums *sums, struct pairs *pairs)
{
    struct geomean_ratio *out = &row->speedup[time][base];
    const char *runtime = base == RATIO_OWN_SYNC ? row->runtime : SUMMARY_BASELINE_RUNTIME;
    out->ratio = ratio_none(RATIO_FEW_GROUPS);
    out->groups = calloc(summary->cell_count, sizeof *out->groups);
    if (out->groups == NULL)
        return -ENOMEM;
    memset(sums->log, 0, sums->rounds * sizeof *sums->log);
    memset(sums->groups, 0, sums->rounds * sizeof *sums->groups);
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (is_variant(cell, row) && cell->speedup[time][base].state == RATIO_SELF)
            out->ratio = cell->speedup[time][base];
        if (!is_variant(cell, row) || !has_ratio(&cell->speedup[time][base]))
            continue;
        pairs_collect(pairs, results_baseline(summary->results, cell->cell->group, runtime), cell->cell,
                      time == RATIO_WORK ? sample_work : sample_whole);
        sums_add(sums, pairs);
        out->groups[out->group_count++] = cell->cell->group;
    }
    if (out->group_count < 2)
        return 0;
    sums_take(sums, out->group_count, pairs);
    out->ratio = ratio_of(pairs);
    return ratio_test(&out->ratio, pairs, summary->results->margin);
}

static void row_free(struct summary_geomean *row)
{
    for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES; b++)
            free(row->speedup[t][b].groups);
}

/* Is it the first cell of its variant? */
static bool comes_first(const struct summary *summary, size_t cell)
{
    const struct summary_geomean row = {.runtime = summary->cells[cell].cell->runtime,
                                        .model = summary->cells[cell].cell->model};
    for (size_t i = 0; i < cell; i++)
        if (is_variant(&summary->cells[i], &row))
            return false;
    return true;
}

/* Makes the row of a variant, and keeps it where it has something to say. */
static int row_make(struct summary *summary, const struct result_cell *cell, struct sums *sums, struct pairs *pairs)
{
    struct summary_geomean *row = &summary->geomeans[summary->geomean_count];
    *row = (struct summary_geomean){.runtime = cell->runtime, .model = cell->model};
    bool any = false;
    int rc = 0;
    for (enum ratio_time t = 0; t < RATIO_TIMES && rc == 0; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES && rc == 0; b++) {
            rc = mean_make(summary, row, (enum ratio_time)t, (enum ratio_base)b, sums, pairs);
            any |= row->speedup[t][b].group_count > 1;
        }
    if (rc == 0 && any)
        summary->geomean_count++;
    else
        row_free(row);
    return rc;
}

static int rows_judge(struct summary *summary)
{
    struct ratio **family = calloc(summary->geomean_count + 1, sizeof *family);
    int rc = family == NULL ? -ENOMEM : 0;
    for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES && rc == 0; b++) {
            for (size_t i = 0; i < summary->geomean_count; i++)
                family[i] = &summary->geomeans[i].speedup[t][b].ratio;
            rc = ratios_judge(family, summary->geomean_count, summary->results->margin);
        }
    free(family);
    return rc;
}

static size_t last_round(const struct results *results)
{
    int32_t last = 0;
    for (size_t i = 0; i < results->cell_count; i++) {
        const struct result_cell *cell = &results->cells[i];
        if (cell->count > 0 && cell->samples[cell->count - 1].round > last)
            last = cell->samples[cell->count - 1].round;
    }
    return (size_t)last;
}

int summary_geomean_all(struct summary *summary, struct pairs *pairs)
{
    struct sums sums = {.rounds = last_round(summary->results) + 1};
    sums.log = calloc(sums.rounds, sizeof *sums.log);
    sums.groups = calloc(sums.rounds, sizeof *sums.groups);
    summary->geomeans = calloc(summary->cell_count + 1, sizeof *summary->geomeans);
    int rc = sums.log == NULL || sums.groups == NULL || summary->geomeans == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++)
        if (comes_first(summary, i))
            rc = row_make(summary, summary->cells[i].cell, &sums, pairs);
    if (rc == 0)
        rc = rows_judge(summary);
    free(sums.log);
    free(sums.groups);
    return rc;
}

void summary_geomean_free(struct summary *summary)
{
    for (size_t i = 0; i < summary->geomean_count; i++)
        row_free(&summary->geomeans[i]);
    free(summary->geomeans);
}
