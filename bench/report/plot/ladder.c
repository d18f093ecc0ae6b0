/* SPDX-License-Identifier: MIT */
/*
 * The ladder: what handing over a job costs by each variant, the cheapest on top, and beside it the length of job from which
 * it reaches 90% of the capacity (bench/analysis/ladder.h); all of it times, on one logarithmic axis.
 *
 * The data: "rows" (y, low end of the axis, name); "costs_K" for the ladder's column K from 1 (y, place of the runtime,
 * seconds, low, high); "lengths" (y, place of the runtime, seconds, low, high) of those within the lengths that were measured.
 * The ends are the value itself where there is no interval, or where it reaches down to 0.
 */
#include "bench/analysis/ladder.h"

#include <math.h>
#include <stdlib.h>

#include "bench/report/findings.h"
#include "bench/report/format.h"
#include "bench/report/plot/picture.h"

#define AXIS_SPACE 1.5

/* A value with its interval in the row of a rung; nothing where it is not known. */
static void put_time(struct picture *p, struct picture_axis *axis, const struct ladder *ladder, size_t rung,
                     const struct stats_interval *time)
{
    const double low = time->low > 0 ? time->low : time->estimate, high = fmax(time->high, time->estimate);
    if (!(time->estimate > 0 && isfinite(time->estimate)))
        return;
    picture_row(p, NULL, NULL, (double)(ladder->count - 1 - rung),
                (double)picture_runtime_place(ladder->rungs[rung].runtime), time->estimate, low, high);
    picture_stretch(axis, low);
    picture_stretch(axis, high);
}

static void put_costs(struct picture *p, struct picture_axis *axis, const struct ladder *ladder)
{
    for (size_t k = 0; k < ladder->column_count; k++) {
        char *params = format_params(ladder->columns[k]);
        picture_block(p, "costs_%zu", k + 1);
        for (size_t i = 0; i < ladder->count; i++)
            put_time(p, axis, ladder, i, &ladder->rungs[i].costs[k].job_s);
        picture_append(&p->words[0], "|", "one job of %s%s%s", ladder->columns[k]->task, *params != '\0' ? ", " : "",
                       params);
        free(params);
    }
}

static void put_lengths(struct picture *p, struct picture_axis *axis, const struct ladder *ladder)
{
    picture_block(p, "lengths");
    for (size_t i = 0; i < ladder->count; i++)
        if (ladder_beyond(&ladder->rungs[i], ladder->rungs[i].most_s.estimate) == 0)
            put_time(p, axis, ladder, i, &ladder->rungs[i].most_s);
}

static void put_names(struct picture *p, const struct picture_axis *axis, const struct ladder *ladder)
{
    picture_block(p, "rows");
    for (size_t i = 0; i < ladder->count; i++) {
        char *name = ladder_name(&ladder->rungs[i]);
        picture_row(p, name, NULL, (double)(ladder->count - 1 - i), axis->low / AXIS_SPACE);
        free(name);
    }
}

void picture_ladder(struct pictures *out, const struct plan_group *none)
{
    struct picture_axis axis = {INFINITY, 0};
    struct string_list said = {NULL, 0};
    struct ladder ladder;
    (void)none;
    ladder_make(&ladder, out->source->summary);
    ladder_say(&ladder, &said);
    if (said.count > 0) {
        struct picture *p = picture_add(out, "ladder", NULL, NULL);
        put_costs(p, &axis, &ladder);
        put_lengths(p, &axis, &ladder);
        put_names(p, &axis, &ladder);
        picture_set(p, "columns=%zu; low=%.6g; high=%.6g", ladder.column_count, axis.low / AXIS_SPACE,
                    axis.high * AXIS_SPACE);
        picture_say(&p->title, "What handing over a job costs, and from which length of job on it pays");
        picture_say(&p->subtitle, "%lld workers, a logarithmic axis", (long long)ladder.rungs[0].workers);
        char *text = string_list_join(&said, "; ");
        picture_say(&p->alt, "what handing over a job costs, by variant: %s", text);
        free(text);
    }
    string_list_free(&said);
    ladder_free(&ladder);
}
