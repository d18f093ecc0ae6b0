/* SPDX-License-Identifier: MIT */
/*
 * Servers, a picture for each group: "throughput", what is answered each second against the p99 of the latency, a point
 * for each rate of the open loops; and "connections", memory against the idle connections held. A curve for each server.
 *
 * The data, for each curve K from 1: "points_K" (answers a second, seconds), or (connections, MB; of none 1 connection).
 */
#include "bench/analysis/serving.h"

#include <math.h>

#include "bench/report/format.h"
#include "bench/report/plot/picture.h"

struct curves {
    struct picture *p;
    size_t count;
    struct picture_axis x, y;
};

static void put_point(struct curves *c, double x, double y)
{
    if (!(x > 0 && y > 0 && isfinite(x) && isfinite(y))) /* both axes are logarithmic */
        return;
    picture_row(c->p, NULL, NULL, x, y);
    picture_stretch(&c->x, x);
    picture_stretch(&c->y, y);
}

static void begin(struct curves *c, struct pictures *out, const char *kind, const struct serving_row *row)
{
    if (c->p == NULL)
        c->p = picture_add(out, kind, row->cell->group, NULL);
    picture_block(c->p, "points_%zu", ++c->count);
    picture_append(&c->p->words[0], " ", "%s", picture_variant(row->cell->cell).text);
}

static void end(struct curves *c)
{
    picture_set(c->p, "curves=%zu; left=%.6g; right=%.6g; low=%.6g; high=%.6g", c->count, c->x.low / 1.3,
                c->x.high * 1.3, c->y.low / 1.4, c->y.high * 1.4);
}

void picture_throughput(struct pictures *out, const struct plan_group *group)
{
    struct curves c = {.x = {INFINITY, 0}, .y = {INFINITY, 0}};
    struct serving serving;
    struct format rate;
    serving_make(&serving, out->source->summary);
    for (const struct serving_row *r = serving.rows; r < serving.rows + serving.count; r++) {
        if (r->cell->group != group || r->count < 2)
            continue;
        begin(&c, out, "throughput", r);
        for (size_t k = 1; k < r->count; k++)
            put_point(&c, r->points[k].value[SERVING_RATE], r->points[k].value[SERVING_P99]);
    }
    const struct serving_row *best = serving_fastest(&serving, group, NULL);
    if (c.p != NULL && best != NULL) {
        end(&c);
        picture_say(
            &c.p->alt,
            "%s: the p99 of the latency over what is answered each second, %zu servers; the fastest is %s with %s",
            group->name, c.count, picture_variant(best->cell->cell).text,
            format_rate(&rate, best->points[0].value[SERVING_RATE]));
    }
    serving_free(&serving);
}

#define MB 1e6

void picture_connections(struct pictures *out, const struct plan_group *group)
{
    struct curves c = {.x = {INFINITY, 0}, .y = {INFINITY, 0}};
    const struct serving_row *least = NULL;
    struct serving serving;
    struct format bytes;
    serving_make(&serving, out->source->summary);
    for (const struct serving_row *r = serving.rows; r < serving.rows + serving.count; r++) {
        const struct serving_sample *s = r->cell->cell->idle;
        if (r->cell->group != group || !(r->held > 0))
            continue;
        begin(&c, out, "connections", r);
        for (size_t k = 0; k < s->idle_count; k++)
            put_point(&c, fmax(1, (double)s->idle[k].connections), (double)s->idle[k].bytes / MB);
        if (isfinite(r->connection_bytes) && (least == NULL || r->connection_bytes < least->connection_bytes))
            least = r;
    }
    if (c.p != NULL) {
        end(&c);
        picture_say(&c.p->alt, "%s: memory over idle connections, %zu servers", group->name, c.count);
        if (least != NULL)
            picture_append(&c.p->alt, "; ", "the least for each is %s with %s", picture_variant(least->cell->cell).text,
                           format_bytes(&bytes, least->connection_bytes));
    }
    serving_free(&serving);
}
